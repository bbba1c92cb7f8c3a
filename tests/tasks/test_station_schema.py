"""The migrations lead to the tables that the code knows, on SQLite."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from tasks.station.database import Database, sqlite_url
from tasks.station.schema import Base


def test_migrations_and_tables_agree(tmp_path: Path) -> None:
    Database(sqlite_url(tmp_path)).close()
    with create_engine(sqlite_url(tmp_path)).connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
