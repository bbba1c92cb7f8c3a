"""The md5 of every file of the demo, so that the first wrong one can be named without DVC and without a network.

``data.dvc`` pins the same files as a whole: DVC's hash of this list.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from eagle_core.errors import DataError

MANIFEST_FILE = Path(__file__).with_name("manifest.json")
_REMEDY = "run `eagle data fetch demo` to generate it again"


def load_manifest() -> dict[str, str]:
    """md5 by path below the demo's root."""
    manifest: dict[str, str] = json.loads(MANIFEST_FILE.read_text(encoding="utf-8"))
    return manifest


def list_files(root: Path) -> list[str]:
    """Every file below ``root``, by path with forward slashes, sorted."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def file_md5(path: Path) -> str:
    """Hex digest of a file's bytes, as DVC computes it; read once in a process, until its size or time changes."""
    facts = path.stat()
    return _md5(path, facts.st_size, facts.st_mtime_ns)


@functools.lru_cache(maxsize=100_000)
def _md5(path: Path, _size: int, _modified_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def wrong_files(root: Path, manifest: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each file of the manifest that is missing or has other bytes, and what is wrong with it."""
    for name, expected in sorted(manifest.items()):
        path = root / name
        if not path.is_file():
            yield name, "is missing"
        elif file_md5(path) != expected:
            yield name, "has other bytes than the manifest says"


def is_complete(root: Path) -> bool:
    """Whether each file of the manifest is there, whatever its bytes."""
    return all((root / name).is_file() for name in load_manifest())


def verify_demo(root: Path) -> None:
    """Compare every file below ``root`` with the manifest.

    Raises:
        DataError: The first file that is missing, changed, or does not belong to the demo.
    """
    manifest = load_manifest()
    for name, fault in wrong_files(root, manifest):
        raise DataError(f"{root / name}: {fault}; {_REMEDY}")
    for name in list_files(root):
        if name not in manifest:
            raise DataError(f"{root / name}: does not belong to the demo; delete it, or move it to another dataset")
