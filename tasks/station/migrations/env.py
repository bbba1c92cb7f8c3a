"""Alembic's entry: migrates through the connection that ``tasks.station.database`` hands over."""

from __future__ import annotations

from alembic import context

from tasks.station.schema import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
