"""The tables of comparisons of two versions: what each came to, who decided what, and the ledger of what was asked."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from modelwatch.store.tables import Base, Moment

REDEPLOY_VERDICTS = "'same', 'changed', 'worse', 'unfair', 'insufficient'"
DECISIONS = "'accepted', 'rejected'"


class RedeployRow(Base):
    """One comparison of a new version with the one before it; ``reference_uri`` is where an accepted one's rows lie."""

    __tablename__ = "redeploy"
    __table_args__ = (
        sa.UniqueConstraint("monitor", "run_id"),
        sa.CheckConstraint(f"verdict IN ({REDEPLOY_VERDICTS})", name="verdict"),
        sa.CheckConstraint(f"decision IN ({DECISIONS})", name="decision"),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided"),
        sa.CheckConstraint("budget >= 0", name="budget"),
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    monitor: Mapped[str] = mapped_column(sa.Text)
    run_id: Mapped[str] = mapped_column(sa.Text)
    run_url: Mapped[str | None] = mapped_column(sa.Text)
    old_version: Mapped[str] = mapped_column(sa.Text)
    new_version: Mapped[str] = mapped_column(sa.Text)
    window_start: Mapped[datetime] = mapped_column(Moment)
    window_end: Mapped[datetime] = mapped_column(Moment)
    budget: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=sa.func.now())
    verdict: Mapped[str | None] = mapped_column(sa.Text)
    document: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    judged_at: Mapped[datetime | None] = mapped_column(Moment)
    decision: Mapped[str | None] = mapped_column(sa.Text)
    decided_by: Mapped[str | None] = mapped_column(sa.Text)
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    decision_reason: Mapped[str | None] = mapped_column(sa.Text)
    reference_uri: Mapped[str | None] = mapped_column(sa.Text)


class RedeployAnswerRow(Base):
    """One ask: written before it is sent, completed by its answer. ``sent`` counts the requests it took (429 repeats).

    One that was sent and never completed was cut off by a kill: it is not asked again.
    """

    __tablename__ = "redeploy_answer"

    redeploy_id: Mapped[int] = mapped_column(sa.ForeignKey("redeploy.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    sent: Mapped[int] = mapped_column(server_default="1")
    asked_at: Mapped[datetime] = mapped_column(Moment, server_default=sa.func.now())
    status: Mapped[int | None]
    score: Mapped[float | None] = mapped_column(sa.Double)
    decision: Mapped[bool | None]
    seconds: Mapped[float | None] = mapped_column(sa.Double)
