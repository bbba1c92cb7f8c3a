"""The migrations lead to the tables that the code knows, and back; on SQLite (on PostgreSQL: tests/flows/service)."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from tasks.station.database import MIGRATIONS, Database, sqlite_url
from tasks.station.schema import Base


def there_and_back(url: str) -> None:
    """Up to the code's tables, down to none, and up again."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(url)
    for _ in range(2):
        Database(url).close()
        with engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, "base")
        assert inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()


def test_migrations_and_tables_agree(tmp_path: Path) -> None:
    there_and_back(sqlite_url(tmp_path))
