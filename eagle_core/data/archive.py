"""Unpacks tar and zip archives that nobody has reason to trust: whole and harmless, or not at all."""

from __future__ import annotations

import lzma
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from eagle_core.errors import DataError

MAX_BYTES = 64 << 30
"""Most that an archive may unpack to. MVTec-AD takes 5 GB, VisA 2 GB."""
MAX_MEMBERS = 1_000_000
Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all): of the packed file for tar, of its content for zip."""

_DAMAGED = (
    tarfile.TarError,
    zipfile.BadZipFile,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
)


def extract(
    archive: Path,
    folder: Path,
    progress: Progress | None = None,
    max_bytes: int = MAX_BYTES,
    max_members: int = MAX_MEMBERS,
) -> Path:
    """Unpack ``archive`` into the new folder ``folder`` and return it. On any error nothing is left behind.

    Only files and folders are taken: data sets have no use for links, devices or absolute paths, so an archive
    that has any is refused as a whole.

    Raises:
        DataError: The archive is missing, damaged, of another kind, encrypted, hostile, or unpacks to more than
            ``max_bytes`` or than fits on the disk; or ``folder`` already holds something. Archive and member
            are named.
    """
    if not archive.is_file():
        raise DataError(f"{archive}: no such file; check the path")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder}: already there and not empty; move it away, or choose another name")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        inside = Path(scratch) / "content"
        inside.mkdir()
        limit = _Limit(archive, min(max_bytes, shutil.disk_usage(folder.parent).free), max_members)
        try:
            if zipfile.is_zipfile(archive):
                _extract_zip(archive, inside, limit, progress)
            elif tarfile.is_tarfile(archive):
                _extract_tar(archive, inside, limit, progress)
            else:
                raise DataError(f"{archive}: neither a tar nor a zip archive; fetch it again")
        except _DAMAGED as error:
            raise DataError(
                f"{archive}: damaged, or cannot be unpacked here ({error}); fetch it again"
            ) from error
        if folder.exists():
            folder.rmdir()
        inside.rename(folder)
    return folder


class _Limit:
    """Counts what the members promise, and refuses the one that goes too far."""

    def __init__(self, archive: Path, max_bytes: int, max_members: int) -> None:
        self._archive = archive
        self._max_bytes = max_bytes
        self._max_members = max_members
        self._bytes = 0
        self._members = 0

    def check(self, name: str, size: int) -> None:
        """Take note of one member; raise DataError where its name or the sum of sizes is not acceptable."""
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
            raise _refusal(self._archive, name, "would be written outside the folder")
        self._bytes += size
        self._members += 1
        if self._bytes > self._max_bytes:
            raise _refusal(self._archive, name, f"brings it to more than {self._max_bytes:,} bytes unpacked")
        if self._members > self._max_members:
            raise _refusal(self._archive, name, f"is one more than {self._max_members:,} members")


def _refusal(archive: Path, name: str, reason: str) -> DataError:
    """The error for a member that is not accepted."""
    return DataError(
        f"{archive}: member {name!r} {reason}; nothing was unpacked. Check where the archive is from"
    )


def _extract_tar(archive: Path, inside: Path, limit: _Limit, progress: Progress | None) -> None:
    total = archive.stat().st_size
    # As a stream ("|"): seeking back inside a compressed archive would unpack it from its start again.
    with archive.open("rb") as packed, tarfile.open(fileobj=packed, mode="r|*") as file:
        for member in file:
            if not (member.isreg() or member.isdir()):
                raise _refusal(archive, member.name, "is neither a file nor a folder (a link or a device)")
            limit.check(member.name, member.size)
            file.extract(member, inside, filter="data")
            if progress is not None:
                progress(packed.tell(), total)


def _extract_zip(archive: Path, inside: Path, limit: _Limit, progress: Progress | None) -> None:
    with zipfile.ZipFile(archive) as file:
        members = file.infolist()
        for member in members:
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _refusal(
                    archive, member.filename, "is neither a file nor a folder (a link or a device)"
                )
            if member.flag_bits & 1:
                raise _refusal(archive, member.filename, "is encrypted")
            limit.check(member.filename, member.file_size)
        done, total = 0, sum(member.file_size for member in members)
        for member in members:
            file.extract(member, inside)
            done += member.file_size
            if progress is not None:
                progress(done, total)
