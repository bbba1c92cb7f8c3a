"""The only importer of DVC: the hashes of datasets, the demo's pin, tracking, push and pull.

DVC is imported where it is used: hashing a folder takes only its tree, and not a second of imports.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import yaml
from tqdm import tqdm

from eagle_core.data.dataset import files_below
from eagle_core.data.demo import generate_demo, verify_demo
from eagle_core.data.demo.manifest import file_md5
from eagle_core.errors import DataError

if TYPE_CHECKING:
    from dvc.repo import Repo

LOG = logging.getLogger("eagle.dataset")
PIN = "data.dvc"
DEMO = "data/demo"
WORKERS = 2
LINKS = "hardlink,copy"
"""How DVC puts files into its cache: no second copy, and read-only (``dvc unprotect`` before one is edited in place)."""
T = TypeVar("T")


def ensure_demo(root: Path, project_root: Path) -> None:
    """Generate what is missing of the demo, verify every file, and compare the whole with the pin.

    Raises:
        DataError: A file has other bytes than pinned; the first one is named.
    """
    with tqdm(desc="demo data", unit="image", leave=False, disable=None) as bar:

        def report(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        generate_demo(root, WORKERS, report)
    verify_demo(root)
    pin = project_root / PIN
    if pin.is_file() and dataset_hash(root) != pinned_hash(pin):
        raise DataError(f"{root} is not what {pin} pins ({pinned_hash(pin)}); check out the {PIN} of this version")
    if pin.is_file() and (project_root / ".dvc").is_dir():
        _keep(root, pin)


def _keep(root: Path, pin: Path) -> None:
    """Put the demo into DVC's cache where it is not there yet, so that ``dvc push`` can send it."""
    pinned = pinned_hash(pin)
    # DVC's own place for it, looked at before DVC is imported.
    if (pin.parent / ".dvc/cache/files/md5" / pinned[:2] / pinned[2:]).exists():
        return
    try:
        _with_repo(pin.parent, lambda repo: repo.commit(str(pin), force=True))
    except DataError as error:
        LOG.warning("%s is there and right, but DVC does not keep it: %s", root, error)


def pinned_hash(pin: Path) -> str:
    """The ``….dir`` hash of the only output of a .dvc file.

    Raises:
        DataError: It is no .dvc file of one folder.
    """
    try:
        [output] = yaml.safe_load(pin.read_text(encoding="utf-8"))["outs"]
        return str(output["md5"])
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{pin} is no .dvc file of one folder: {error}") from error


def dataset_hash(root: Path) -> str:
    """DVC's hash of a folder (``….dir``): what its .dvc file holds when it is tracked as it is.

    Raises:
        DataError: The folder is missing or empty.
    """
    names = sorted(path.relative_to(root).as_posix() for path in files_below(root, hidden=True) if path.is_file())
    if not names:
        raise DataError(f"{root}: there is nothing to hash; fetch or import the dataset first")
    from dvc_data.hashfile.hash_info import HashInfo
    from dvc_data.hashfile.tree import Tree

    tree = Tree()
    for name in names:
        facts = (root / name).stat()
        tree.add(tuple(name.split("/")), None, HashInfo("md5", _md5(root / name, facts.st_size, facts.st_mtime_ns)))
    tree.digest()
    return str(tree.hash_info.value)


@functools.lru_cache(maxsize=200_000)
def _md5(path: Path, size: int, modified_ns: int) -> str:
    return file_md5(path)


def track(project_root: Path, name: str) -> Path:
    """Put ``data/<name>`` under DVC as ``data/<name>.dvc``; returns that file.

    A project that is no DVC repository yet becomes one; outside git, one without source control.

    Raises:
        DataError: DVC refuses, as when the folder is missing.
    """
    from dvc.repo import Repo

    if not (project_root / ".dvc").is_dir():
        made = Repo.init(str(project_root), no_scm=not (project_root / ".git").exists())
        with made as repo, repo.config.edit() as settings:
            settings["core"]["analytics"] = False
            settings["cache"]["type"] = LINKS
    return _with_repo(project_root, lambda repo: _add(repo, project_root, name))


def push(project_root: Path, remote: str | None = None) -> int:
    """Send tracked datasets to a DVC remote; returns how many files were sent."""
    return int(_with_repo(project_root, lambda repo: repo.push(remote=remote)))


def pull(project_root: Path, name: str, remote: str | None = None) -> None:
    """Bring ``data/<name>`` from a DVC remote, as its .dvc file pins it."""
    pin = str(project_root / "data" / f"{name}.dvc")
    _with_repo(project_root, lambda repo: repo.pull(targets=[pin], remote=remote))


def _add(repo: Repo, project_root: Path, name: str) -> Path:
    repo.add([str(project_root / "data" / name)])
    LOG.info("tracked data/%s with DVC", name)
    return project_root / "data" / f"{name}.dvc"


def _with_repo(project_root: Path, action: Callable[[Repo], T]) -> T:
    from dvc.exceptions import DvcException
    from dvc.repo import Repo
    from scmrepo.exceptions import SCMError

    try:
        with Repo(str(project_root)) as repo:
            return action(repo)
    except (DvcException, SCMError) as error:
        raise DataError(f"DVC in {project_root}: {error}") from error
