"""Opens the station's database: migrated to this version's tables, durable when a transaction returns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from eagle_core.errors import ConfigurationError

MIGRATIONS = Path(__file__).parent / "migrations"


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
    def transaction(self) -> Iterator[Session]:
        """A session whose changes are all there afterwards, or none."""
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()


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
