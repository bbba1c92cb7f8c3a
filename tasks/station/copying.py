"""Copies every table of one station's database into another's, SQLite or PostgreSQL."""

from __future__ import annotations

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.orm import Session

from eagle_core.errors import DataError
from tasks.station.database import Database
from tasks.station.schema import Base

ROWS_AT_ONCE = 200


def copy_tables(source: Database, target: Database) -> None:
    """All or nothing; what comes later gets the numbers that follow.

    Raises:
        DataError: ``target`` holds a station already.
    """
    with source.snapshot() as read, target.transaction() as write:
        for table in Base.metadata.sorted_tables:
            if write.execute(select(table).limit(1)).first() is not None:
                raise DataError(f"service.database holds a station already (table {table.name}); name an empty database")
        for table in Base.metadata.sorted_tables:
            for rows in read.execution_options(yield_per=ROWS_AT_ONCE).execute(select(table)).mappings().partitions():
                write.execute(insert(table), [dict(row) for row in rows])
            _go_on_counting(write, table)


def _go_on_counting(session: Session, table: Table) -> None:
    """PostgreSQL numbers rows by a sequence of its own, which knows nothing of rows that came with their number."""
    if session.get_bind().dialect.name != "postgresql" or table.autoincrement_column is None:
        return
    column = table.autoincrement_column
    highest = session.scalar(select(func.max(column)))
    sequence = session.scalar(select(func.pg_get_serial_sequence(table.name, column.name)))
    if highest is not None and sequence is not None:
        session.execute(text("select setval(:sequence, :highest)"), {"sequence": sequence, "highest": highest})
