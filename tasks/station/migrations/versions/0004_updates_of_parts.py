"""What is said of a part after its verdict."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tasks.station.schema import UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "part_update",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("part_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_part_update_part_id", "part_update", ["part_id"])


def downgrade() -> None:
    op.drop_table("part_update")
