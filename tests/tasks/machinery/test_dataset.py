"""DVC for real: hashes as DVC computes them, tracking, a round trip through a remote; the demo's pin."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from eagle_core.data.demo.manifest import file_md5, load_manifest
from eagle_core.errors import DataError
from tasks.machinery.dataset import dataset_hash, ensure_demo, pinned_hash, pull, push, track

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    for command in (
        ["git", "init", "-q"],
        [sys.executable, "-m", "dvc", "init", "-q"],
        [sys.executable, "-m", "dvc", "remote", "add", "-q", "-d", "local", str(tmp_path / "remote")],
    ):
        subprocess.run(command, cwd=root, check=True, capture_output=True)
    folder = root / "data" / "parts" / "train" / "good"
    folder.mkdir(parents=True)
    for number in range(3):
        (folder / f"{number}.png").write_bytes(bytes([number]) * 10)
    return root


def test_a_linked_folder_hashes_as_its_content(project: Path) -> None:
    """As ``eagle init`` links photographs; a link that leads back to itself is followed once."""
    linked = project / "data/linked"
    (linked / "train").mkdir(parents=True)
    (linked / "train/good").symlink_to(project / "data/parts/train/good", target_is_directory=True)
    (linked / "train/loop").symlink_to(linked, target_is_directory=True)
    assert dataset_hash(linked) == dataset_hash(project / "data/parts")


def test_hash_equals_what_dvc_writes(project: Path) -> None:
    pin = track(project, "parts")
    assert pinned_hash(pin) == dataset_hash(project / "data/parts")
    assert pinned_hash(pin).endswith(".dir")


def test_push_and_pull_bring_the_same_bytes_back(project: Path) -> None:
    pin = track(project, "parts")
    assert push(project) == 4  # three files and the folder's list
    shutil.rmtree(project / "data/parts")
    shutil.rmtree(project / ".dvc/cache")
    pull(project, "parts")
    assert dataset_hash(project / "data/parts") == pinned_hash(pin)
    assert (project / "data/parts/train/good/2.png").read_bytes() == bytes([2]) * 10


def test_tracked_images_are_links_into_the_cache(tmp_path: Path) -> None:
    """One copy on the disk: the file and DVC's are one inode."""
    image = tmp_path / "data/parts/0.png"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"pixels")
    track(tmp_path, "parts")
    assert image.stat().st_nlink == 2
    cached = tmp_path / ".dvc/cache/files/md5" / file_md5(image)[:2] / file_md5(image)[2:]
    assert cached.samefile(image)


@pytest.mark.slow
def test_the_generated_demo_round_trips_through_a_remote(project: Path, demo_root: Path) -> None:
    """``make demo`` leaves nothing to do: status is clean, push sends, and pull brings back what was pinned."""

    def dvc(*words: str) -> str:
        command = [sys.executable, "-m", "dvc", *words]
        return subprocess.run(command, cwd=project, check=True, capture_output=True, text=True).stdout

    root, pin = project / "data/demo", project / "data.dvc"
    shutil.copyfile(PROJECT / "data.dvc", pin)
    shutil.copyfile(PROJECT / ".dvc/config", project / ".dvc/config")
    dvc("remote", "add", "-q", "-d", "local", str(project.parent / "remote"))
    shutil.copytree(demo_root, root)
    before = pin.read_bytes()
    ensure_demo(root, project)
    assert pin.read_bytes() == before
    assert "up to date" in dvc("status")
    assert {path.stat().st_nlink for path in root.rglob("*") if path.is_file()} == {2}
    files = len(load_manifest())
    assert push(project) == files + 1
    shutil.rmtree(root)
    shutil.rmtree(project / ".dvc/cache")
    dvc("pull", "-q")
    assert dataset_hash(root) == pinned_hash(pin)
    ensure_demo(root, project)


def test_a_changed_byte_changes_the_hash(project: Path) -> None:
    before = dataset_hash(project / "data/parts")
    changed = project / "data/parts/train/good/1.png"
    changed.write_bytes(b"other bytes")
    assert dataset_hash(project / "data/parts") != before


def test_a_folder_without_git_and_dvc_can_be_tracked(tmp_path: Path) -> None:
    (tmp_path / "data/parts").mkdir(parents=True)
    (tmp_path / "data/parts/a.txt").write_text("a")
    pin = track(tmp_path, "parts")
    assert pinned_hash(pin) == dataset_hash(tmp_path / "data/parts")


def test_errors_name_the_place(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing to hash"):
        dataset_hash(tmp_path)
    with pytest.raises(DataError, match="does not exist"):
        track(tmp_path, "parts")
    (tmp_path / "x.dvc").write_text("outs: []")
    with pytest.raises(DataError, match="x.dvc"):
        pinned_hash(tmp_path / "x.dvc")


def test_the_pin_the_manifest_and_the_demo_agree(demo_root: Path) -> None:
    assert pinned_hash(PROJECT / "data.dvc") == dataset_hash(demo_root)
    found = {p.relative_to(demo_root).as_posix() for p in demo_root.rglob("*") if p.is_file()}
    assert found == set(load_manifest())
