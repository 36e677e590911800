"""The tables. An evaluation of a window and its results are immutable; what changes is which evaluation is newest."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
Moment = sa.TIMESTAMP(timezone=True)
VERDICTS = "'ok', 'warning', 'alert', 'insufficient_data', 'not_measured'"
CHECKS = "'quality', 'feature_drift', 'prediction_drift', 'multivariate_drift', 'fairness', 'performance'"
STATUSES = "'ok', 'warning', 'alert', 'insufficient_data', 'not_computable'"
NUMBERS = ("value", "effect", "p_value", "q_value", "ci_low", "ci_high", "threshold", "smallest_detectable")


class Base(DeclarativeBase):
    """Names every constraint, so that a migration can name it again."""

    metadata = sa.MetaData(naming_convention=NAMING)


class MonitorConfig(Base):
    """A monitor file as it was when something was judged by it, kept once per content."""

    __tablename__ = "monitor_config"

    sha256: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    monitor: Mapped[str] = mapped_column(sa.Text)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    first_seen_at: Mapped[datetime] = mapped_column(Moment, server_default=sa.func.now())


class Evaluation(Base):
    """One judgement of one window; a re-run adds the next number, and so do labels that have come.

    ``restates`` is the evaluation that measured the requests, when this one only adds what labels say of them;
    ``labels_known_at`` is the day whose knowledge it has of them. One that ``awaits_labels`` has none yet.
    """

    __tablename__ = "evaluation"
    __table_args__ = (
        sa.UniqueConstraint("monitor", "window_start", "window_end", "number"),
        sa.UniqueConstraint(
            "monitor", "window_start", "window_end", "run_id", "content_digest", name="uq_evaluation_run_content"
        ),
        sa.CheckConstraint(f"verdict IN ({VERDICTS})", name="verdict"),
        sa.CheckConstraint("window_end > window_start", name="window"),
        sa.CheckConstraint("number >= 1", name="number"),
        sa.CheckConstraint("coverage BETWEEN 0 AND 1", name="coverage"),
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    monitor: Mapped[str] = mapped_column(sa.Text)
    window_start: Mapped[datetime] = mapped_column(Moment)
    window_end: Mapped[datetime] = mapped_column(Moment)
    number: Mapped[int]
    run_id: Mapped[str] = mapped_column(sa.Text)
    run_type: Mapped[str] = mapped_column(sa.Text)
    config_sha256: Mapped[str] = mapped_column(sa.ForeignKey("monitor_config.sha256"))
    content_digest: Mapped[str] = mapped_column(sa.Text)
    verdict: Mapped[str] = mapped_column(sa.Text)
    reason: Mapped[str | None] = mapped_column(sa.Text)
    page: Mapped[bool]
    n_reference: Mapped[int] = mapped_column(sa.BigInteger)
    n_current: Mapped[int] = mapped_column(sa.BigInteger)
    coverage: Mapped[float | None] = mapped_column(sa.Double)
    sample: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    reference_digest: Mapped[str | None] = mapped_column(sa.Text)
    model_version: Mapped[str | None] = mapped_column(sa.Text)
    run_url: Mapped[str | None] = mapped_column(sa.Text)
    restates: Mapped[int | None] = mapped_column(sa.ForeignKey("evaluation.id", ondelete="RESTRICT"))
    awaits_labels: Mapped[bool] = mapped_column(server_default=sa.false())
    labels_known_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=sa.func.now())


MEASURED_ID = sa.func.coalesce(Evaluation.restates, Evaluation.id)
"""The evaluation whose counts an evaluation rests on: itself, or the one it restates."""


class ResultRow(Base):
    """One result of an evaluation; ``rank`` orders the findings, worst first, and is null for the rest."""

    __tablename__ = "result"
    __table_args__ = (
        sa.UniqueConstraint("evaluation_id", "check", "metric", "feature", "group", postgresql_nulls_not_distinct=True),
        sa.CheckConstraint(f'"check" IN ({CHECKS})', name="check"),
        sa.CheckConstraint(f"status IN ({STATUSES})", name="status"),
        *(
            sa.CheckConstraint(f"{name} > '-Infinity' AND {name} < 'Infinity'", name=f"{name}_finite")
            for name in NUMBERS
        ),
        # What the pages read of many windows at once is a small part of their results.
        sa.Index("ix_result_findings", "evaluation_id", "rank", postgresql_where=sa.text("rank IS NOT NULL")),
        sa.Index("ix_result_judged", "evaluation_id", postgresql_where=sa.text("threshold IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    evaluation_id: Mapped[int] = mapped_column(sa.ForeignKey("evaluation.id", ondelete="RESTRICT"))
    position: Mapped[int]
    rank: Mapped[int | None]
    check: Mapped[str] = mapped_column(sa.Text)
    metric: Mapped[str] = mapped_column(sa.Text)
    feature: Mapped[str | None] = mapped_column(sa.Text)
    group: Mapped[str | None] = mapped_column(sa.Text)
    value: Mapped[float | None] = mapped_column(sa.Double)
    effect: Mapped[float | None] = mapped_column(sa.Double)
    p_value: Mapped[float | None] = mapped_column(sa.Double)
    q_value: Mapped[float | None] = mapped_column(sa.Double)
    ci_low: Mapped[float | None] = mapped_column(sa.Double)
    ci_high: Mapped[float | None] = mapped_column(sa.Double)
    threshold: Mapped[float | None] = mapped_column(sa.Double)
    smallest_detectable: Mapped[float | None] = mapped_column(sa.Double)
    n_reference: Mapped[int | None] = mapped_column(sa.BigInteger)
    n_current: Mapped[int] = mapped_column(sa.BigInteger)
    sufficient: Mapped[bool]
    status: Mapped[str] = mapped_column(sa.Text)
    reason: Mapped[str | None] = mapped_column(sa.Text)
    measured_reason: Mapped[str | None] = mapped_column(sa.Text)
    evidence: Mapped[str | None] = mapped_column(sa.Text)
    cause: Mapped[str | None] = mapped_column(sa.Text)
    shared_reason: Mapped[str | None] = mapped_column(sa.Text)


class ProfileRow(Base):
    """The counts an evaluation rests on, deflated; longer windows are sums of these."""

    __tablename__ = "profile"

    evaluation_id: Mapped[int] = mapped_column(sa.ForeignKey("evaluation.id", ondelete="RESTRICT"), primary_key=True)
    cells_digest: Mapped[str] = mapped_column(sa.Text)
    n_rows: Mapped[int] = mapped_column(sa.BigInteger)
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)
