"""Good archives are unpacked whole; hostile and damaged ones leave nothing behind."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from eagle_core.data.archive import extract
from eagle_core.errors import DataError

FILES = {"tile/train/good/000.png": b"first", "tile/readme.txt": b"", "license.txt": b"free"}


def tar(path: Path, *members: tarfile.TarInfo | tuple[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as file:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                file.addfile(member, io.BytesIO(b"\0" * member.size))
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                file.addfile(info, io.BytesIO(member[1]))
    return path


def zipped(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            file.writestr(name, content)
    return path


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def files_in(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def assert_refused(archive: Path, words: str, **limits: int) -> None:
    """Refused with the archive named, and the file system is as it was."""
    before = sorted(archive.parent.parent.rglob("*"))
    with pytest.raises(DataError, match=words) as caught:
        extract(archive, archive.parent / "out", **limits)
    assert str(archive) in str(caught.value)
    assert sorted(archive.parent.parent.rglob("*")) == before


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with something outside it that an archive could reach for."""
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2"])
def test_a_tar_is_unpacked(here: Path, mode: str) -> None:
    archive = tar(here / "data.any", special("tile", tarfile.DIRTYPE), *FILES.items(), mode=mode)
    told: list[tuple[int, int]] = []
    folder = extract(archive, here / "new" / "out", lambda *now: told.append(now))
    assert files_in(folder) == FILES
    assert told[-1][1] == archive.stat().st_size
    assert [p.name for p in folder.parent.iterdir()] == ["out"]


def test_a_zip_is_unpacked(here: Path) -> None:
    (here / "out").mkdir()
    told: list[tuple[int, int]] = []
    folder = extract(zipped(here / "data.any", *FILES.items()), here / "out", lambda *now: told.append(now))
    assert files_in(folder) == FILES
    assert told[-1] == (9, 9)  # "first" and "free"


@pytest.mark.parametrize("name", ["../secret.txt", "a/../../secret.txt", "/abs/secret.txt", "..\\secret.txt"])
def test_names_that_lead_outside_are_refused(here: Path, name: str) -> None:
    assert_refused(tar(here / "a.tar", ("fine.txt", b"fine"), (name, b"evil")), "would be written outside")
    assert_refused(zipped(here / "a.zip", ("fine.txt", b"fine"), (name, b"evil")), "would be written outside")


@pytest.mark.parametrize(
    "member",
    [
        special("link", tarfile.SYMTYPE, "/etc"),
        special("link", tarfile.SYMTYPE, "fine.txt"),
        special("link", tarfile.LNKTYPE, "../secret.txt"),
        special("null", tarfile.CHRTYPE),
        special("disk", tarfile.BLKTYPE),
        special("pipe", tarfile.FIFOTYPE),
    ],
)
def test_links_and_devices_in_a_tar_are_refused(here: Path, member: tarfile.TarInfo) -> None:
    archive = tar(here / "a.tar", ("fine.txt", b"fine"), member, ("link/file", b"evil"))
    assert_refused(archive, rf"member '{member.name}' is neither a file nor a folder")


def test_a_link_in_a_zip_is_refused(here: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert_refused(zipped(here / "a.zip", (link, b"/etc")), "member 'link' is neither a file nor a folder")


def test_what_unpacks_to_too_much_is_refused(here: Path) -> None:
    zeros = bytes(1_000_000)
    bomb = tar(here / "a.tar", ("a", zeros), ("b", zeros), mode="w:xz")
    assert bomb.stat().st_size < 10_000
    assert_refused(bomb, r"member 'b' brings it to more than 1,500,000 bytes", max_bytes=1_500_000)
    assert_refused(
        zipped(here / "a.zip", ("a", zeros), ("b", zeros)), "brings it to more", max_bytes=1_500_000
    )
    many = [(str(number), b"") for number in range(11)]
    assert_refused(tar(here / "many.tar", *many), "member '10' is one more than 10", max_members=10)


def test_a_zip_that_understates_its_size_is_refused(here: Path) -> None:
    archive = zipped(here / "a.zip", ("a", bytes(1_000_000)))
    true_size = (1_000_000).to_bytes(4, "little")
    lying = archive.read_bytes().replace(true_size, (10).to_bytes(4, "little"))
    archive.write_bytes(lying)
    assert_refused(archive, "damaged")


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_a_truncated_tar_is_refused(here: Path, mode: str) -> None:
    noise = np.random.default_rng(0).bytes(100_000)
    archive = tar(here / "a.tar", ("noise", noise), mode=mode)
    archive.write_bytes(archive.read_bytes()[:60_000])
    assert_refused(archive, "damaged")


def test_a_damaged_zip_is_refused(here: Path) -> None:
    archive = zipped(here / "a.zip", ("noise", np.random.default_rng(0).bytes(10_000)))
    content = bytearray(archive.read_bytes())
    content[5_000] ^= 255
    archive.write_bytes(content)
    assert_refused(archive, "damaged")


def test_a_file_in_the_place_of_a_folder_is_refused(here: Path) -> None:
    assert_refused(
        tar(here / "a.tar", ("a", b"file"), ("a/b", b"below it")), "damaged, or cannot be unpacked"
    )


def test_what_is_no_archive_is_refused(here: Path) -> None:
    (here / "page.tar").write_text("<html>Sign in to download</html>")
    assert_refused(here / "page.tar", "neither a tar nor a zip archive")
    with pytest.raises(DataError, match=r"gone\.tar: no such file"):
        extract(here / "gone.tar", here / "out")


def test_a_folder_in_use_is_left_alone(here: Path) -> None:
    archive = tar(here / "a.tar", *FILES.items())
    (here / "out").mkdir()
    (here / "out" / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match=r"out: already there and not empty"):
        extract(archive, here / "out")
    assert files_in(here / "out") == {"mine.txt": b"mine"}
