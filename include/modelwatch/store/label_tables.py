"""The tables of labels: what became known when, what it made of windows not yet mature, and what was asked for.

`label_batch` only grows, until what it holds is too old to be asked about.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from modelwatch.store.tables import Base, Moment


class LabelBatchRow(Base):
    """What one look at the label source added to what was known.

    ``known_at`` is the day on which it was known, by the calendar of windows: the end of the window whose run looked,
    and never before what was known already, so that knowledge only grows. ``recorded_at`` is when it was written.
    """

    __tablename__ = "label_batch"
    __table_args__ = (
        sa.UniqueConstraint("monitor", "run_id", "known_at", "digest", name="uq_label_batch_run_content"),
        sa.Index("ix_label_batch_monitor_known_at", "monitor", "known_at"),
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    monitor: Mapped[str] = mapped_column(sa.Text)
    run_id: Mapped[str] = mapped_column(sa.Text)
    digest: Mapped[str] = mapped_column(sa.Text)
    asked_from: Mapped[datetime] = mapped_column(Moment)
    known_at: Mapped[datetime] = mapped_column(Moment)
    recorded_at: Mapped[datetime] = mapped_column(Moment, server_default=sa.func.now())
    n_seen: Mapped[int] = mapped_column(sa.BigInteger)
    n_duplicate: Mapped[int] = mapped_column(sa.BigInteger)
    n_rejected: Mapped[int] = mapped_column(sa.BigInteger)
    n_unmatched: Mapped[int] = mapped_column(sa.BigInteger)
    n_unsampled: Mapped[int] = mapped_column(sa.BigInteger)
    n_new: Mapped[int] = mapped_column(sa.BigInteger)
    n_corrected: Mapped[int] = mapped_column(sa.BigInteger)
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)


class EstimateRow(Base):
    """One metric of a window that is not mature yet, as it was estimated on one day."""

    __tablename__ = "performance_estimate"

    monitor: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    window_start: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    window_end: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    known_at: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    metric: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    value: Mapped[float | None] = mapped_column(sa.Double)
    ci_low: Mapped[float | None] = mapped_column(sa.Double)
    ci_high: Mapped[float | None] = mapped_column(sa.Double)
    naive: Mapped[float | None] = mapped_column(sa.Double)
    reason: Mapped[str | None] = mapped_column(sa.Text)


class RetrainingRow(Base):
    """A new model was asked for; at most one request of a monitor is open."""

    __tablename__ = "retraining_request"
    __table_args__ = (
        sa.Index("uq_retraining_request_open", "monitor", unique=True, postgresql_where=sa.text("ended_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    monitor: Mapped[str] = mapped_column(sa.Text)
    episode_id: Mapped[int] = mapped_column(sa.ForeignKey("episode.id", ondelete="RESTRICT"))
    run_id: Mapped[str] = mapped_column(sa.Text)
    requested_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    evidence: Mapped[dict[str, Any]] = mapped_column(JSONB)
