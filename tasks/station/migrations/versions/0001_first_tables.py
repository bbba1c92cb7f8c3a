"""First tables"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tasks.station.schema import UtcTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("who", sa.String(length=255), nullable=False),
        sa.Column("what", sa.String(length=64), nullable=False),
        sa.Column("category", sa.String(length=255), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "expert_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=255), nullable=False),
        sa.Column("entry_key", sa.String(length=64), nullable=False),
        sa.Column("images", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_expert_version_category", "expert_version", ["category"])

    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("phase", sa.String(length=64), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("expert_version_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("asked_by", sa.String(length=255), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["expert_version_id"],
            ["expert_version.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_job_state", "job", ["state"])

    op.create_table(
        "threshold_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("expert_version_id", sa.Integer(), nullable=False),
        sa.Column("tau", sa.Double(), nullable=False),
        sa.Column("warn_tau", sa.Double(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["expert_version_id"],
            ["expert_version.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_threshold_version_expert_version_id", "threshold_version", ["expert_version_id"])

    op.create_table(
        "active",
        sa.Column("category", sa.String(length=255), nullable=False),
        sa.Column("expert_version_id", sa.Integer(), nullable=False),
        sa.Column("threshold_version_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["expert_version_id"],
            ["expert_version.id"],
        ),
        sa.ForeignKeyConstraint(
            ["threshold_version_id"],
            ["threshold_version.id"],
        ),
        sa.PrimaryKeyConstraint("category"),
    )
    op.create_table(
        "part",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=255), nullable=False),
        sa.Column("category", sa.String(length=255), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("image_sha256", sa.String(length=64), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("likeness", sa.Double(), nullable=True),
        sa.Column("nearest_image_id", sa.Text(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("boxes", sa.JSON(), nullable=False),
        sa.Column("patch_scores", sa.LargeBinary(), nullable=True),
        sa.Column("patch_rows", sa.Integer(), nullable=True),
        sa.Column("expert_version_id", sa.Integer(), nullable=False),
        sa.Column("threshold_version_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["expert_version_id"],
            ["expert_version.id"],
        ),
        sa.ForeignKeyConstraint(
            ["threshold_version_id"],
            ["threshold_version.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("idempotency_key"),
    )
    op.create_index("ix_part_image_sha256", "part", ["image_sha256"])
    op.create_index("ix_part_received_at", "part", ["received_at"])
    op.create_index("ix_part_verdict", "part", ["verdict"])
    op.create_index("part_by_category_and_time", "part", ["category", "received_at"])

    op.create_table(
        "review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("part_id", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.String(length=255), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["part_id"],
            ["part.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_review_part_id", "review", ["part_id"])


def downgrade() -> None:
    for table in ("review", "part", "active", "threshold_version", "job", "expert_version", "audit"):
        op.drop_table(table)
