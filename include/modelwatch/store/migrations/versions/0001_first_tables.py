"""Evaluations, their results, profiles and alerts; evaluations and results are immutable.

Revision ID: 0001
Revises: nothing
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

CURRENT_EVALUATION = """
CREATE VIEW current_evaluation AS
SELECT DISTINCT ON (monitor, window_start, window_end) *
FROM evaluation
ORDER BY monitor, window_start, window_end, number DESC
"""
REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a stored % is immutable; judge the window again instead', TG_TABLE_NAME;
END $$
"""
TRIGGER = """
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""
TRIGGER_ALL = """
CREATE TRIGGER immutable_all BEFORE TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    """Create everything."""
    op.create_table(
        "monitor_config",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("monitor", sa.Text(), nullable=False),
        sa.Column("content", JSONB(), nullable=False),
        sa.Column("first_seen_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_monitor_config")),
    )
    op.create_table(
        "evaluation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("monitor", sa.Text(), nullable=False),
        sa.Column("window_start", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("window_end", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("run_type", sa.Text(), nullable=False),
        sa.Column("config_sha256", sa.Text(), nullable=False),
        sa.Column("content_digest", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("page", sa.Boolean(), nullable=False),
        sa.Column("n_reference", sa.BigInteger(), nullable=False),
        sa.Column("n_current", sa.BigInteger(), nullable=False),
        sa.Column("coverage", sa.Double(), nullable=True),
        sa.Column("sample", JSONB(none_as_null=True), nullable=True),
        sa.Column("reference_digest", sa.Text(), nullable=True),
        sa.Column("model_version", sa.Text(), nullable=True),
        sa.Column("run_url", sa.Text(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('ok', 'warning', 'alert', 'insufficient_data', 'not_measured')",
            name=op.f("ck_evaluation_verdict"),
        ),
        sa.CheckConstraint("coverage BETWEEN 0 AND 1", name=op.f("ck_evaluation_coverage")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_evaluation_number")),
        sa.CheckConstraint("window_end > window_start", name=op.f("ck_evaluation_window")),
        sa.ForeignKeyConstraint(["config_sha256"], ["monitor_config.sha256"], name=op.f("fk_evaluation_config_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation")),
        sa.UniqueConstraint(
            "monitor",
            "window_start",
            "window_end",
            "number",
            name=op.f("uq_evaluation_monitor_window_start_window_end_number"),
        ),
        sa.UniqueConstraint(
            "monitor", "window_start", "window_end", "run_id", "content_digest", name=op.f("uq_evaluation_run_content")
        ),
    )
    op.create_table(
        "alert",
        sa.Column("evaluation_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluation.id"], name=op.f("fk_alert_evaluation_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("evaluation_id", name=op.f("pk_alert")),
    )
    op.create_table(
        "profile",
        sa.Column("evaluation_id", sa.BigInteger(), nullable=False),
        sa.Column("cells_digest", sa.Text(), nullable=False),
        sa.Column("n_rows", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluation.id"], name=op.f("fk_profile_evaluation_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("evaluation_id", name=op.f("pk_profile")),
    )
    op.create_table(
        "result",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("evaluation_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("check", sa.Text(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("feature", sa.Text(), nullable=True),
        sa.Column("group", sa.Text(), nullable=True),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("effect", sa.Double(), nullable=True),
        sa.Column("p_value", sa.Double(), nullable=True),
        sa.Column("q_value", sa.Double(), nullable=True),
        sa.Column("ci_low", sa.Double(), nullable=True),
        sa.Column("ci_high", sa.Double(), nullable=True),
        sa.Column("threshold", sa.Double(), nullable=True),
        sa.Column("smallest_detectable", sa.Double(), nullable=True),
        sa.Column("n_reference", sa.BigInteger(), nullable=True),
        sa.Column("n_current", sa.BigInteger(), nullable=False),
        sa.Column("sufficient", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("measured_reason", sa.Text(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.CheckConstraint("ci_high > '-Infinity' AND ci_high < 'Infinity'", name=op.f("ck_result_ci_high_finite")),
        sa.CheckConstraint("ci_low > '-Infinity' AND ci_low < 'Infinity'", name=op.f("ck_result_ci_low_finite")),
        sa.CheckConstraint("effect > '-Infinity' AND effect < 'Infinity'", name=op.f("ck_result_effect_finite")),
        sa.CheckConstraint("p_value > '-Infinity' AND p_value < 'Infinity'", name=op.f("ck_result_p_value_finite")),
        sa.CheckConstraint("q_value > '-Infinity' AND q_value < 'Infinity'", name=op.f("ck_result_q_value_finite")),
        sa.CheckConstraint(
            "smallest_detectable > '-Infinity' AND smallest_detectable < 'Infinity'",
            name=op.f("ck_result_smallest_detectable_finite"),
        ),
        sa.CheckConstraint(
            '"check" IN '
            "('quality', 'feature_drift', 'prediction_drift', 'multivariate_drift', 'fairness', 'performance')",
            name=op.f("ck_result_check"),
        ),
        sa.CheckConstraint(
            "status IN ('ok', 'warning', 'alert', 'insufficient_data', 'not_computable')", name=op.f("ck_result_status")
        ),
        sa.CheckConstraint(
            "threshold > '-Infinity' AND threshold < 'Infinity'", name=op.f("ck_result_threshold_finite")
        ),
        sa.CheckConstraint("value > '-Infinity' AND value < 'Infinity'", name=op.f("ck_result_value_finite")),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluation.id"], name=op.f("fk_result_evaluation_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result")),
        sa.UniqueConstraint(
            "evaluation_id",
            "check",
            "metric",
            "feature",
            "group",
            name=op.f("uq_result_evaluation_id_check_metric_feature_group"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.execute(CURRENT_EVALUATION)
    op.execute(REFUSE)
    for table in ("monitor_config", "evaluation", "result"):
        op.execute(TRIGGER.format(table=table))
        op.execute(TRIGGER_ALL.format(table=table))


def downgrade() -> None:
    """Drop everything."""
    op.execute("DROP VIEW current_evaluation")
    op.drop_table("result")
    op.drop_table("profile")
    op.drop_table("alert")
    op.drop_table("evaluation")
    op.drop_table("monitor_config")
    op.execute("DROP FUNCTION refuse_change")
