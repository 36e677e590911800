"""Whole stored windows, with what is needed to judge them again."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from modelwatch.domain import Judgement, Window
from modelwatch.store import repository
from modelwatch.store.tables import Evaluation, ProfileRow


@dataclass(frozen=True)
class Judged:
    """A window's newest evaluation over all versions, with its counts.

    Attributes:
        profile, cells_digest: as `profile.encode_profile` wrote it, and its cells; None when nothing was counted.
        sample: the evidence of how complete the window's sample was.
    """

    window: Window
    judgement: Judgement
    n_current: int
    sample: dict[str, Any] | None
    profile: bytes | None
    cells_digest: str | None


def newest_window(session: Session, monitor: str) -> Window | None:
    """The newest stored window; None when there is none."""
    query = sa.select(Evaluation.window_start, Evaluation.window_end).where(Evaluation.monitor == monitor)
    row = session.execute(query.order_by(Evaluation.window_end.desc()).limit(1)).first()
    return None if row is None else Window(row[0].astimezone(UTC), row[1].astimezone(UTC))


def newest_sample(session: Session, monitor: str) -> tuple[Window, str] | None:
    """The newest window that has a sample of more than no rows, and the sample's URI."""
    uri = Evaluation.sample["uri"].astext
    query = (
        sa.select(Evaluation.window_start, Evaluation.window_end, uri)
        .where(Evaluation.monitor == monitor, uri.is_not(None), Evaluation.n_current > 0)
        .order_by(Evaluation.window_end.desc(), Evaluation.number.desc())
    )
    row = session.execute(query.limit(1)).first()
    return None if row is None else (Window(row[0].astimezone(UTC), row[1].astimezone(UTC)), str(row[2]))


def judged(session: Session, monitor: str, since: datetime) -> list[Judged]:
    """The windows that end after ``since``."""
    table = Evaluation
    query = (
        sa.select(table.id, table.window_start, table.window_end)
        .where(table.monitor == monitor, table.model_version.is_(None), table.window_end > since)
        .order_by(table.window_start, table.window_end, table.number)
    )
    newest: dict[tuple[datetime, datetime], int] = {}
    for number, start, end in session.execute(query):
        newest[start, end] = number
    return [_judged(session, number) for number in newest.values()]


def _judged(session: Session, evaluation_id: int) -> Judged:
    loaded = repository.load_evaluation(session, evaluation_id)
    row = session.get_one(Evaluation, evaluation_id)
    profile = session.get(ProfileRow, evaluation_id)
    return Judged(
        loaded.window,
        loaded.judgement,
        loaded.n_current,
        row.sample,
        profile.content if profile else None,
        profile.cells_digest if profile else None,
    )
