"""Comparisons of two versions of a model, the ledger of what was asked for them, and the version of an episode.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.TIMESTAMP(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "redeploy",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("monitor", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("run_url", sa.Text(), nullable=True),
        sa.Column("old_version", sa.Text(), nullable=False),
        sa.Column("new_version", sa.Text(), nullable=False),
        sa.Column("window_start", MOMENT, nullable=False),
        sa.Column("window_end", MOMENT, nullable=False),
        sa.Column("budget", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("document", JSONB(none_as_null=True), nullable=True),
        sa.Column("judged_at", MOMENT, nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("reference_uri", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "verdict IN ('same', 'changed', 'worse', 'unfair', 'insufficient')", name=op.f("ck_redeploy_verdict")
        ),
        sa.CheckConstraint("decision IN ('accepted', 'rejected')", name=op.f("ck_redeploy_decision")),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name=op.f("ck_redeploy_decided")),
        sa.CheckConstraint("budget >= 0", name=op.f("ck_redeploy_budget")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redeploy")),
        sa.UniqueConstraint("monitor", "run_id", name=op.f("uq_redeploy_monitor_run_id")),
    )
    op.create_table(
        "redeploy_answer",
        sa.Column("redeploy_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sent", sa.Integer(), server_default="1", nullable=False),
        sa.Column("asked_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("decision", sa.Boolean(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["redeploy_id"], ["redeploy.id"], name=op.f("fk_redeploy_answer_redeploy_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("redeploy_id", "key", name=op.f("pk_redeploy_answer")),
    )

    op.add_column("episode", sa.Column("model_version", sa.Text(), nullable=True))


def downgrade() -> None:
    """Drop the tables, and the version of episodes."""
    op.drop_column("episode", "model_version")
    op.drop_table("redeploy_answer")
    op.drop_table("redeploy")
