"""What an MLLM says of a part, alerts, and the features that drift is told by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tasks.station.schema import UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("part", sa.Column("embedding", sa.LargeBinary(), nullable=True))
    op.create_table(
        "opinion",
        sa.Column("part_id", sa.Integer(), nullable=False),
        sa.Column("mllm", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("stand_in", sa.Boolean(), nullable=False),
        sa.Column("defective", sa.Boolean(), nullable=True),
        sa.Column("p_defect", sa.Double(), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.Column("contradictions", sa.JSON(), nullable=False),
        sa.Column("against", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("answered_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"]),
        sa.PrimaryKeyConstraint("part_id"),
    )
    op.create_index("ix_opinion_state", "opinion", ["state"])
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("category", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_alert_at", "alert", ["at"])


def downgrade() -> None:
    op.drop_table("alert")
    op.drop_table("opinion")
    op.drop_column("part", "embedding")
