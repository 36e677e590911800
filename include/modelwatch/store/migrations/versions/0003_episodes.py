"""Episodes, their windows, the trail of their events, and the outbox, which takes over what `alert` remembered.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.TIMESTAMP(timezone=True)
NOW = sa.text("now()")
# A sent message stays known, so that an upgrade between a retry and its first try does not tell twice.
FROM_ALERT = """
INSERT INTO outbox (
    key, monitor, kind, receiver, connection, target, payload, created_at, attempts, sent_at, channel, ts
)
SELECT
    'evaluation:' || e.id, e.monitor, 'window', 'slack', '', a.channel, '{}', a.sent_at, 1, a.sent_at, a.channel, a.ts
FROM alert a JOIN evaluation e ON e.id = a.evaluation_id
"""
TO_ALERT = """
INSERT INTO alert (evaluation_id, channel, ts, sent_at)
SELECT split_part(key, ':', 2)::bigint, channel, ts, sent_at FROM outbox
WHERE key LIKE 'evaluation:%' AND sent_at IS NOT NULL
"""


def upgrade() -> None:
    """Create the tables and move the sent messages."""
    op.create_table(
        "episode",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("monitor", "kind", "fingerprint", "check")),
        sa.Column("members", JSONB(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("peak", sa.Double(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        *(
            sa.Column(f"{name}_window_{edge}", MOMENT, nullable=name == "closed")
            for name in ("first", "opened", "last", "closed")
            for edge in ("start", "end")
        ),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("acknowledged_at", MOMENT, nullable=True),
        sa.Column("acknowledged_until", MOMENT, nullable=True),
        sa.Column("acknowledged_reason", sa.Text(), nullable=True),
        sa.Column("slack_channel", sa.Text(), nullable=True),
        sa.Column("slack_ts", sa.Text(), nullable=True),
        sa.Column("told", JSONB(none_as_null=True), nullable=True),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("updated_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint("kind IN ('model', 'health')", name=op.f("ck_episode_kind")),
        sa.CheckConstraint("status IN ('open', 'closed', 'withdrawn')", name=op.f("ck_episode_status")),
        sa.CheckConstraint("severity IN ('alert', 'critical')", name=op.f("ck_episode_severity")),
        sa.CheckConstraint(
            "(status = 'open') = (closed_window_end IS NULL) OR status = 'withdrawn'", name=op.f("ck_episode_closed")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_episode")),
    )
    op.create_index("ix_episode_monitor_status", "episode", ["monitor", "status"])
    op.create_table(
        "episode_window",
        sa.Column("episode_id", sa.BigInteger(), nullable=False),
        sa.Column("window_start", MOMENT, nullable=False),
        sa.Column("window_end", MOMENT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("excess", sa.Double(), nullable=False),
        sa.CheckConstraint(
            "state IN ('critical', 'alert', 'warning', 'unclear', 'quiet')", name=op.f("ck_episode_window_state")
        ),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episode.id"], name=op.f("fk_episode_window_episode_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("episode_id", "window_start", "window_end", name=op.f("pk_episode_window")),
    )
    _create_events_and_outbox()
    op.execute(FROM_ALERT)
    op.drop_table("alert")


def _create_events_and_outbox() -> None:
    op.create_table(
        "episode_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("monitor", sa.Text(), nullable=False),
        sa.Column("episode_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("until", MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("window_end", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episode.id"], name=op.f("fk_episode_event_episode_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_episode_event")),
        sa.UniqueConstraint("key", name=op.f("uq_episode_event_key")),
    )
    for each, when in (("ROW", "UPDATE OR DELETE"), ("STATEMENT", "TRUNCATE")):
        op.execute(
            f"CREATE TRIGGER immutable_{each.lower()} BEFORE {when} ON episode_event "
            f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
        )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("monitor", sa.Text(), nullable=False),
        sa.Column("episode_id", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "receiver", "connection", "target")),
        sa.Column("payload", JSONB(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("attempted_at", MOMENT, nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("ts", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["episode_id"], ["episode.id"], name=op.f("fk_outbox_episode_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index("ix_outbox_monitor_sent_at", "outbox", ["monitor", "sent_at"])


def downgrade() -> None:
    """Drop the tables; what was sent for single evaluations goes back to `alert`."""
    op.create_table(
        "alert",
        sa.Column("evaluation_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=False),
        sa.Column("sent_at", MOMENT, server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluation.id"], name=op.f("fk_alert_evaluation_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("evaluation_id", name=op.f("pk_alert")),
    )
    op.execute(TO_ALERT)
    for table in ("outbox", "episode_event", "episode_window", "episode"):
        op.drop_table(table)
