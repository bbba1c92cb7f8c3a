"""A full disk, or a path that cannot be read or written, in plain words: no bug, and nobody needs its traceback."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator

from eagle_core.errors import DataError, DiskError, EagleError

FULL = re.compile(r"No space left on device|disk is full|Disk quota exceeded|File too large|\b\d+ requested and \d+ written")
"""As SQLite, NumPy and libraries that are not written in Python say it."""
UNUSABLE = {
    errno.ENOTDIR: "a file is where a folder should be",
    errno.EISDIR: "a folder, not a file",
    errno.EEXIST: "is there already, as something else",
    errno.ENAMETOOLONG: "the name is too long for this disk",
    errno.ELOOP: "a link that leads back to itself",
    errno.EIO: "the disk reports a fault",
    errno.ENODEV: "the disk is gone",
    errno.ESTALE: "the network disk is gone",
}
"""What a path can be that a program cannot know before."""


def disk_trouble(error: BaseException) -> EagleError | None:
    """One line that names the file and the remedy; None where ``error`` and what caused it are something else.

    A ``DiskError`` where no room is left, else a ``DataError``; None too for a file that is missing, which may be a bug of ours.
    """
    for cause in _chain(error):
        name = f": {cause.filename}" if isinstance(cause, OSError) and cause.filename else ""
        if FULL.search(str(cause)) or (isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)):
            return DiskError(
                f"the disk is full{name}; make room (`eagle cache --prune-to 2GiB` empties the store), or set run.cache_dir and "
                "run.output_dir to a folder on another disk, and give the command again: what was computed is kept"
            )
        if isinstance(cause, OSError) and cause.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return DataError(f"may not be read or written{name}; allow it (chmod u+rwX), or work in another folder")
        if isinstance(cause, OSError) and cause.errno in UNUSABLE and cause.filename:
            return DataError(f"{cause.filename}: {UNUSABLE[cause.errno]}; name another path")
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
