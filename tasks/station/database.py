"""Opens the station's database: migrated to this version's tables, durable when a transaction returns."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm import Session

from eagle_core.errors import ConfigurationError, EagleError

LOG = logging.getLogger("eagle.station")
MIGRATIONS = Path(__file__).parent / "migrations"
AGAIN_SECONDS = 1.0
ORDER = 0xEA61E
"""Number of the lock that transactions with ``in_order`` hold, among the advisory locks of a PostgreSQL database."""


class Unreachable(EagleError):
    """The database does not answer now: it is being restarted, is full, or is locked. What was asked may be asked again."""


class Database:
    """One engine; every change is one transaction."""

    def __init__(self, url: str) -> None:
        """Connect and migrate.

        Raises:
            ConfigurationError: The database cannot be reached or migrated; a password in ``url`` is not shown.
        """
        try:
            self._engine = _engine(url)
            _migrate(self._engine)
        except (SQLAlchemyError, ImportError) as error:
            shown = url.rsplit("@", 1)[-1]
            raise ConfigurationError(f"service.database {shown}: {_first_line(error)}; check the address and its rights") from None

    @contextmanager
    def transaction(self, *, in_order: bool = False) -> Iterator[Session]:
        """A session whose changes are all there afterwards, or none.

        Args:
            in_order: Transactions with this end in the order of the ids that they give, so that who reads on from the last id
                misses none. PostgreSQL needs to be told; SQLite has one writer.

        Raises:
            Unreachable: The database does not answer; nothing was changed.
        """
        try:
            with Session(self._engine, expire_on_commit=False) as session, session.begin():
                if in_order and self._engine.dialect.name == "postgresql":
                    session.execute(select(func.pg_advisory_xact_lock(ORDER)))
                yield session
        except (OperationalError, InterfaceError, NoConnectionFree) as error:
            told = f"the station's database does not answer ({_first_line(error)}); send it again, or look at the database"
            raise Unreachable(told) from error

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Everything as it is at one moment, to be read while others write."""
        with self._engine.connect() as connection:
            if self._engine.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield connection

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()


def insist(work: Callable[[], None], stopping: threading.Event) -> None:
    """Do ``work``, and again as long as the database does not answer; given up when the station stops."""
    while not stopping.is_set():
        try:
            work()
            return
        except Unreachable as error:
            LOG.warning("%s; tried again in %.0f s", error, AGAIN_SECONDS)
            stopping.wait(AGAIN_SECONDS)


def sqlite_url(folder: Path) -> str:
    """The default database, in the station's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / 'station.db'}"


def _engine(url: str) -> Engine:
    engine = create_engine(url, pool_pre_ping=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _durable)
    return engine


def _durable(connection: Any, record: Any) -> None:
    """Readers beside one writer, and every commit synced to the disk."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
