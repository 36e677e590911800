"""The tables of episodes: what is wrong and since when, who knows of it, and what is still to be said.

`episode` and `episode_window` follow from the stored evaluations and are rewritten with them; `episode_event` is the
trail of what happened and only grows; `outbox` holds every message from the moment it is due.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from modelwatch.store.tables import Base, Moment

STATUSES = "'open', 'closed', 'withdrawn'"
SEVERITIES = "'alert', 'critical'"
STATES = "'critical', 'alert', 'warning', 'unclear', 'quiet'"


class EpisodeRow(Base):
    """One problem of one monitor, from the window that opened it to the one that closed it.

    ``kind`` is "model", or "health" when the monitor itself was not watching; ``members`` are the keys ``check:name``
    of its features or groups. A withdrawn episode was taken back by a later evaluation of its windows.
    ``slack_channel`` and ``slack_ts`` are its root message, null while there is none.
    """

    __tablename__ = "episode"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('model', 'health')", name="kind"),
        sa.CheckConstraint(f"status IN ({STATUSES})", name="status"),
        sa.CheckConstraint(f"severity IN ({SEVERITIES})", name="severity"),
        sa.CheckConstraint("(status = 'open') = (closed_window_end IS NULL) OR status = 'withdrawn'", name="closed"),
        sa.Index("ix_episode_monitor_status", "monitor", "status"),
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    monitor: Mapped[str] = mapped_column(sa.Text)
    kind: Mapped[str] = mapped_column(sa.Text)
    fingerprint: Mapped[str] = mapped_column(sa.Text)
    check: Mapped[str] = mapped_column(sa.Text)
    members: Mapped[list[str]] = mapped_column(JSONB)
    cause: Mapped[str | None] = mapped_column(sa.Text)
    severity: Mapped[str] = mapped_column(sa.Text)
    peak: Mapped[float] = mapped_column(sa.Double)
    status: Mapped[str] = mapped_column(sa.Text)
    first_window_start: Mapped[datetime] = mapped_column(Moment)
    first_window_end: Mapped[datetime] = mapped_column(Moment)
    opened_window_start: Mapped[datetime] = mapped_column(Moment)
    opened_window_end: Mapped[datetime] = mapped_column(Moment)
    last_window_start: Mapped[datetime] = mapped_column(Moment)
    last_window_end: Mapped[datetime] = mapped_column(Moment)
    closed_window_start: Mapped[datetime | None] = mapped_column(Moment)
    closed_window_end: Mapped[datetime | None] = mapped_column(Moment)
    model_version: Mapped[str | None] = mapped_column(sa.Text)
    acknowledged_by: Mapped[str | None] = mapped_column(sa.Text)
    acknowledged_at: Mapped[datetime | None] = mapped_column(Moment)
    acknowledged_until: Mapped[datetime | None] = mapped_column(Moment)
    acknowledged_reason: Mapped[str | None] = mapped_column(sa.Text)
    slack_channel: Mapped[str | None] = mapped_column(sa.Text)
    slack_ts: Mapped[str | None] = mapped_column(sa.Text)
    told: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=sa.func.now())
    updated_at: Mapped[datetime] = mapped_column(Moment, server_default=sa.func.now())


class EpisodeWindowRow(Base):
    """What one window said of an episode: its state, and its worst effect in multiples of the crossed threshold."""

    __tablename__ = "episode_window"
    __table_args__ = (sa.CheckConstraint(f"state IN ({STATES})", name="state"),)

    episode_id: Mapped[int] = mapped_column(sa.ForeignKey("episode.id", ondelete="CASCADE"), primary_key=True)
    window_start: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    window_end: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    state: Mapped[str] = mapped_column(sa.Text)
    excess: Mapped[float] = mapped_column(sa.Double)


class EpisodeEventRow(Base):
    """Something that happened to an episode or to a silence; never changed, never deleted.

    ``kind``: opened, escalated, joined, closed, reopened, withdrawn, acknowledged, acknowledgement_removed, snoozed,
    snooze_ended, announced, silence_expired. ``key`` keeps the same event from being written twice.
    """

    __tablename__ = "episode_event"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(sa.Text, unique=True)
    monitor: Mapped[str] = mapped_column(sa.Text)
    episode_id: Mapped[int | None] = mapped_column(sa.ForeignKey("episode.id", ondelete="RESTRICT"))
    kind: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str | None] = mapped_column(sa.Text)
    until: Mapped[datetime | None] = mapped_column(Moment)
    reason: Mapped[str | None] = mapped_column(sa.Text)
    window_end: Mapped[datetime | None] = mapped_column(Moment)


class OutboxRow(Base):
    """A message that is due, from the transaction that made it due until Slack has taken it.

    ``key`` says what the message is about, so that nothing is due twice; Slack keeps it as the message's metadata.
    ``kind`` is open, update, thread, chart, window, digest, summary, health or drill, and for another receiver open,
    escalate or close. ``receiver`` is "slack" or the name of another receiver of the monitor file. ``attempted_at`` is
    set before it is sent: a message that was attempted and not recorded as sent is looked for in Slack before it is
    sent again.
    """

    __tablename__ = "outbox"
    __table_args__ = (sa.Index("ix_outbox_monitor_sent_at", "monitor", "sent_at"),)

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(sa.Text, unique=True)
    monitor: Mapped[str] = mapped_column(sa.Text)
    episode_id: Mapped[int | None] = mapped_column(sa.ForeignKey("episode.id", ondelete="RESTRICT"))
    kind: Mapped[str] = mapped_column(sa.Text)
    receiver: Mapped[str] = mapped_column(sa.Text)
    connection: Mapped[str] = mapped_column(sa.Text)
    target: Mapped[str] = mapped_column(sa.Text)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=sa.func.now())
    attempted_at: Mapped[datetime | None] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(server_default="0")
    last_error: Mapped[str | None] = mapped_column(sa.Text)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    channel: Mapped[str | None] = mapped_column(sa.Text)
    ts: Mapped[str | None] = mapped_column(sa.Text)
