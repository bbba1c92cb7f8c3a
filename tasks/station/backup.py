"""One file with everything a station keeps, taken while it runs; and the way back, also into another kind of database."""

from __future__ import annotations

import contextlib
import sqlite3
import tarfile
import tempfile
from pathlib import Path

from eagle_core.config import EagleConfig
from eagle_core.errors import DataError
from eagle_core.whole_file import written_whole
from tasks.station.copying import copy_tables
from tasks.station.database import Database, sqlite_url

DATABASE = "station.db"
FOLDERS = ("images", "experts")


def back_up(config: EagleConfig, target: Path) -> None:
    """Write a tar file of database, images and experts.

    The database is copied first: an image that comes later is in the file without its part, never the reverse. It is
    SQLite in the file, whatever it is here.

    Raises:
        ConfigurationError: ``service.database`` cannot be reached.
        DataError: There is no station, or ``target`` exists.
    """
    folder = config.service.folder
    if config.service.database is None and not (folder / DATABASE).is_file():
        raise DataError(f"{folder}: no station has been opened here; nothing to back up")
    if target.exists():
        raise DataError(f"{target} is there already; name a new file")
    folder.mkdir(parents=True, exist_ok=True)
    with written_whole(target) as aside, tempfile.TemporaryDirectory(dir=folder) as scratch:
        copy = Path(scratch) / DATABASE
        if config.service.database is None:
            _copy_file(folder / DATABASE, copy)
        else:
            _copy_server(config.service.database, copy)
        with tarfile.open(aside, "w") as tar:
            tar.add(copy, DATABASE)
            for name in FOLDERS:
                if (folder / name).is_dir():
                    tar.add(folder / name, name)


def restore(config: EagleConfig, source: Path) -> None:
    """Lay a backup into the station's folder and database, which must hold no station.

    Raises:
        ConfigurationError: ``service.database`` cannot be reached.
        DataError: A station is there already, or ``source`` is no backup.
    """
    folder = config.service.folder
    if config.service.database is None and (folder / DATABASE).exists():
        raise DataError(f"{folder} holds a station already; move it away or name another service.folder")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        try:
            with tarfile.open(source) as tar:
                if DATABASE not in tar.getnames():
                    raise DataError(f"{source} is no backup of a station: there is no {DATABASE} in it")
                tar.extract(DATABASE, scratch, filter="data")
                # Files first: a part whose image is missing is worse than an image without its part.
                tar.extractall(folder, [each for each in tar if each.name != DATABASE], filter="data")
        except (OSError, tarfile.TarError) as error:
            raise DataError(f"{source} cannot be read as a backup ({error})") from error
        if config.service.database is None:
            (Path(scratch) / DATABASE).replace(folder / DATABASE)
        else:
            with _opened(sqlite_url(Path(scratch))) as kept, _opened(config.service.database) as target:
                copy_tables(kept, target)


def _copy_file(source: Path, target: Path) -> None:
    with contextlib.closing(sqlite3.connect(source)) as read, contextlib.closing(sqlite3.connect(target)) as made:
        read.backup(made)


def _copy_server(url: str, target: Path) -> None:
    with _opened(url) as source, _opened(sqlite_url(target.parent)) as made:
        copy_tables(source, made)
    with contextlib.closing(sqlite3.connect(target)) as whole:
        whole.execute("PRAGMA journal_mode=DELETE")  # all of it in the one file


def _opened(url: str) -> contextlib.closing[Database]:
    return contextlib.closing(Database(url))
