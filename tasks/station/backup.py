"""One file with everything a station keeps, taken while it runs; and the way back."""

from __future__ import annotations

import contextlib
import sqlite3
import tarfile
import tempfile
from pathlib import Path

from eagle_core.config import EagleConfig
from eagle_core.errors import ConfigurationError, DataError

DATABASE = "station.db"
FOLDERS = ("images", "experts")


def back_up(config: EagleConfig, target: Path) -> None:
    """Write a tar file of database, images and experts.

    The database is copied first: an image that comes later is in the file without its part, never the reverse.

    Raises:
        ConfigurationError: The database is not the default one; it has its own tools for this.
        DataError: There is no station, or ``target`` exists.
    """
    folder = _own_database(config)
    if not (folder / DATABASE).is_file():
        raise DataError(f"{folder}: no station has been opened here; nothing to back up")
    if target.exists():
        raise DataError(f"{target} is there already; name a new file")
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.part")
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        copy = Path(scratch) / DATABASE
        with contextlib.closing(sqlite3.connect(folder / DATABASE)) as source, contextlib.closing(sqlite3.connect(copy)) as made:
            source.backup(made)
        with tarfile.open(aside, "w") as tar:
            tar.add(copy, DATABASE)
            for name in FOLDERS:
                if (folder / name).is_dir():
                    tar.add(folder / name, name)
    aside.replace(target)


def restore(config: EagleConfig, source: Path) -> None:
    """Lay a backup into the station's folder, which must hold no station.

    Raises:
        ConfigurationError: As ``back_up``.
        DataError: A station is there already, or ``source`` is no backup.
    """
    folder = _own_database(config)
    if (folder / DATABASE).exists():
        raise DataError(f"{folder} holds a station already; move it away or name another service.folder")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(source) as tar:
            if DATABASE not in tar.getnames():
                raise DataError(f"{source} is no backup of a station: there is no {DATABASE} in it")
            tar.extractall(folder, filter="data")
    except (OSError, tarfile.TarError) as error:
        raise DataError(f"{source} cannot be read as a backup ({error})") from error


def _own_database(config: EagleConfig) -> Path:
    if config.service.database is not None:
        raise ConfigurationError(
            "service.database names a server: back it up with its own tools (pg_dump), "
            f"and copy the folders {', '.join(FOLDERS)} of service.folder"
        )
    return config.service.folder
