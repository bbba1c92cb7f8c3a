"""Images of judged parts on the disk, by the sha256 of their bytes. A file appears whole, or not at all."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from eagle_core.errors import DataError
from eagle_core.whole_file import written_whole


class KeptImages:
    """Files below one folder: ``<sha256[:2]>/<sha256>``, without an ending; their bytes tell their format."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, content: bytes) -> str:
        """Write ``content`` to the disk, where it is not there yet; returns its sha256 in hex."""
        digest = hashlib.sha256(content).hexdigest()
        path = self.path(digest)
        if not path.is_file():
            with written_whole(path, durable=True) as aside:
                aside.write_bytes(content)
            _sync_folder(path.parent)
        return digest

    def path(self, digest: str) -> Path:
        """Where an image lies.

        Raises:
            DataError: ``digest`` is no sha256; it would lead out of the folder.
        """
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise DataError(f"{digest[:80]!r} is no sha256 of an image")
        return self._folder / digest[:2] / digest

    def remove(self, digest: str) -> None:
        """Take an image away; nothing where it is gone."""
        self.path(digest).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make the new name last, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
