"""Labels as they became known, evaluations restated with them, early estimates, and requests for retraining.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.TIMESTAMP(timezone=True)
NOW = sa.text("now()")
CURRENT_EVALUATION = """
CREATE VIEW current_evaluation AS
SELECT DISTINCT ON (monitor, window_start, window_end) *
FROM evaluation
ORDER BY monitor, window_start, window_end, number DESC
"""
IMMUTABLE = """
CREATE TRIGGER immutable BEFORE UPDATE ON label_batch FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """Create the tables and the columns; the view has the columns that there were when it was made."""
    op.execute("DROP VIEW current_evaluation")
    op.add_column("evaluation", sa.Column("restates", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_evaluation_restates"), "evaluation", "evaluation", ["restates"], ["id"], ondelete="RESTRICT"
    )
    op.add_column("evaluation", sa.Column("awaits_labels", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("evaluation", sa.Column("labels_known_at", MOMENT, nullable=True))
    op.execute(CURRENT_EVALUATION)
    _create_labels()
    op.create_table(
        "performance_estimate",
        sa.Column("monitor", sa.Text(), nullable=False),
        *(sa.Column(name, MOMENT, nullable=False) for name in ("window_start", "window_end", "known_at")),
        sa.Column("metric", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=True) for name in ("value", "ci_low", "ci_high", "naive")),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint(
            "monitor", "window_start", "window_end", "known_at", "metric", name=op.f("pk_performance_estimate")
        ),
    )
    op.create_table(
        "retraining_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("monitor", sa.Text(), nullable=False),
        sa.Column("episode_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("evidence", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episode.id"], name=op.f("fk_retraining_request_episode_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retraining_request")),
    )
    op.create_index(
        "uq_retraining_request_open",
        "retraining_request",
        ["monitor"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _create_labels() -> None:
    op.create_table(
        "label_batch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("monitor", "run_id", "digest")),
        *(sa.Column(name, MOMENT, nullable=False) for name in ("asked_from", "known_at")),
        sa.Column("recorded_at", MOMENT, server_default=NOW, nullable=False),
        *(
            sa.Column(f"n_{name}", sa.BigInteger(), nullable=False)
            for name in ("seen", "duplicate", "rejected", "unmatched", "unsampled", "new", "corrected")
        ),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_batch")),
        sa.UniqueConstraint("monitor", "run_id", "known_at", "digest", name=op.f("uq_label_batch_run_content")),
    )
    op.create_index("ix_label_batch_monitor_known_at", "label_batch", ["monitor", "known_at"])
    op.execute(IMMUTABLE)


def downgrade() -> None:
    """Drop them; evaluations that only restated others stay, without what they restated."""
    for table in ("retraining_request", "performance_estimate", "label_batch"):
        op.drop_table(table)
    op.execute("DROP VIEW current_evaluation")
    for column in ("labels_known_at", "awaits_labels", "restates"):
        op.drop_column("evaluation", column)
    op.execute(CURRENT_EVALUATION)
