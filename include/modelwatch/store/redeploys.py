"""Comparisons of two versions, and the ledger of what was asked. Functions take a session and never commit."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from modelwatch.domain import Window
from modelwatch.errors import StoreError
from modelwatch.history import Redeployed
from modelwatch.redeploy.asking import Answer
from modelwatch.store.redeploy_tables import RedeployAnswerRow, RedeployRow
from modelwatch.store.rows import storable
from modelwatch.store.tables import Evaluation

Decision = Literal["accepted", "rejected"]
WINDOWS_BACK = 60


@dataclass(frozen=True)
class NewRedeploy:
    """A comparison before it has an id; the fields are the columns of `redeploy`."""

    monitor: str
    run_id: str
    run_url: str | None
    old_version: str
    new_version: str
    window: Window
    budget: int


def open_redeploy(session: Session, new: NewRedeploy) -> int:
    """The comparison of this run, made when it is first asked for; returns its id."""
    values = {name: storable(getattr(new, name)) for name in new.__dataclass_fields__ if name != "window"}
    values |= {"window_start": new.window.start, "window_end": new.window.end}
    session.execute(insert(RedeployRow).values(**values).on_conflict_do_nothing())
    return by_run(session, new.monitor, new.run_id).id


def by_run(session: Session, monitor: str, run_id: str) -> RedeployRow:
    """The comparison of a run.

    Raises:
        StoreError: it has none yet.
    """
    query = sa.select(RedeployRow).where(RedeployRow.monitor == monitor, RedeployRow.run_id == run_id)
    row = session.scalar(query)
    if row is None:
        message = f"the store has no comparison of run '{run_id}' of '{monitor}'; clear its first task"
        raise StoreError(message)
    return row


def reserve(session: Session, redeploy_id: int, key: str) -> None:
    """Write down that a request is about to be sent; the caller commits before it sends it."""
    again = {"sent": RedeployAnswerRow.sent + 1}
    row = insert(RedeployAnswerRow).values(redeploy_id=redeploy_id, key=key)
    session.execute(row.on_conflict_do_update(index_elements=["redeploy_id", "key"], set_=again))


def complete(session: Session, redeploy_id: int, key: str, answer: Answer) -> None:
    """Write down what came back."""
    values = {name: getattr(answer, name) for name in answer.__dataclass_fields__}
    where = RedeployAnswerRow.redeploy_id == redeploy_id, RedeployAnswerRow.key == key
    session.execute(sa.update(RedeployAnswerRow).where(*where).values(**values))


def asked(session: Session, redeploy_id: int) -> dict[str, Answer | None]:
    """Everything that was sent, by key; None where a kill came before the answer."""
    query = sa.select(RedeployAnswerRow).where(RedeployAnswerRow.redeploy_id == redeploy_id)
    return {
        row.key: None if row.seconds is None else Answer(row.status, row.score, row.decision, row.seconds)
        for row in session.scalars(query)
    }


def n_sent(session: Session, redeploy_id: int) -> int:
    """How many requests have been sent."""
    query = sa.select(sa.func.coalesce(sa.func.sum(RedeployAnswerRow.sent), 0))
    return int(session.scalar(query.where(RedeployAnswerRow.redeploy_id == redeploy_id)) or 0)


def lock(session: Session, redeploy_id: int) -> bool:
    """Be the only one that asks, until this transaction ends or its process dies; False when another one is."""
    query = sa.text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 0))")
    return bool(session.scalar(query, {"key": f"redeploy {redeploy_id}"}))


def store_verdict(row: RedeployRow, verdict: str, document: dict[str, Any]) -> None:
    """Keep what it came to; judging again replaces it, unless somebody has decided on it."""
    if row.decision is None:
        row.verdict, row.document, row.judged_at = verdict, storable(document), datetime.now(UTC)


def decide(row: RedeployRow, decision: Decision, *, by: str, reason: str | None) -> None:
    """Record who decided what; the first decision stands."""
    if row.decision is None:
        row.decision, row.decided_by, row.decided_at = decision, storable(by), datetime.now(UTC)
        row.decision_reason = storable(reason)


def compared(session: Session, monitor: str, *, since: datetime) -> list[Redeployed]:
    """The comparisons that were begun since, newest first."""
    row = RedeployRow
    columns = (
        row.created_at, row.run_id, row.old_version, row.new_version, row.verdict, row.document["reason"].astext,
        row.decision, row.decided_by, row.decision_reason,
    )  # fmt: skip
    query = sa.select(*columns).where(row.monitor == monitor, row.created_at >= since).order_by(row.created_at.desc())
    return [Redeployed(at.astimezone(UTC), *rest) for at, *rest in session.execute(query)]


def versions_before(session: Session, monitor: str, moment: datetime) -> tuple[set[str], str | None]:
    """The versions that windows ending by then have seen or that were compared, and the commonest in the newest one."""
    seen = (
        sa.select(Evaluation.sample["versions"])
        .where(Evaluation.monitor == monitor, Evaluation.window_end <= moment)
        .order_by(Evaluation.window_end.desc(), Evaluation.number.desc())
        .limit(WINDOWS_BACK)
    )
    counts = [versions for versions in session.scalars(seen) if versions]
    compared = sa.select(RedeployRow.new_version).where(RedeployRow.monitor == monitor)
    known = {version for versions in counts for version in versions}
    newest = max(counts[0], key=lambda version: (counts[0][version], version)) if counts else None
    return known.union(session.scalars(compared)), newest
