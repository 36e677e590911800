"""One window in the store: its evaluations, what they rest on, and the windows beside it."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from modelwatch.domain import Window
from modelwatch.history import Evidence, Judged, Mark
from modelwatch.store import reading
from modelwatch.store.repository import CURRENT
from modelwatch.store.tables import MEASURED_ID, Evaluation, ProfileRow

HEAD = (
    "id", "monitor", "window_start", "window_end", "number", "verdict", "reason", "page", "n_reference",
    "n_current", "coverage", "model_version", "run_id", "run_type", "run_url", "created_at", "config_sha256",
)  # fmt: skip


def judged(session: Session, monitor: str, window: Window, number: int | None = None) -> Judged | None:
    """One evaluation of the window: the numbered one, else the current one."""
    query = sa.select(*(getattr(Evaluation, name) for name in HEAD)).where(
        Evaluation.monitor == monitor,
        Evaluation.window_start == window.start,
        Evaluation.window_end == window.end,
    )
    if number is not None:
        query = query.where(Evaluation.number == number)
    row = session.execute(query.order_by(Evaluation.number.desc()).limit(1)).first()
    return None if row is None else _judged(row)


def versions(session: Session, monitor: str, window: Window) -> list[Judged]:
    """Every evaluation of the window, newest first."""
    query = (
        sa.select(*(getattr(Evaluation, name) for name in HEAD))
        .where(
            Evaluation.monitor == monitor,
            Evaluation.window_start == window.start,
            Evaluation.window_end == window.end,
        )
        .order_by(Evaluation.number.desc())
    )
    return [_judged(row) for row in session.execute(query)]


def of_run(session: Session, monitor: str, run_id: str) -> Judged | None:
    """The newest evaluation that a Dag run made."""
    query = (
        sa.select(*(getattr(Evaluation, name) for name in HEAD))
        .where(Evaluation.monitor == monitor, Evaluation.run_id == run_id)
        .order_by(Evaluation.id.desc())
        .limit(1)
    )
    row = session.execute(query).first()
    return None if row is None else _judged(row)


def neighbours(session: Session, monitor: str, window: Window) -> tuple[Window | None, Window | None]:
    """The windows that were judged next before and next after this one."""
    edges = sa.select(Evaluation.window_start, Evaluation.window_end).where(Evaluation.monitor == monitor)
    before = edges.where(Evaluation.window_start < window.start).order_by(
        Evaluation.window_start.desc(), Evaluation.window_end.desc()
    )
    after = edges.where(Evaluation.window_start > window.start).order_by(
        Evaluation.window_start, Evaluation.window_end.desc()
    )
    found = [session.execute(query.limit(1)).first() for query in (before, after)]
    first, last = (None if row is None else _window(row[0], row[1]) for row in found)
    return first, last


def windows_before(session: Session, monitor: str, window: Window, *, most: int) -> list[Mark]:
    """The newest judged windows of the same length that end by the start of this one, newest first."""
    query = (
        sa.select(*(CURRENT.c[name] for name in reading.MARK))
        .where(CURRENT.c.monitor == monitor, CURRENT.c.window_end <= window.start)
        .where(CURRENT.c.window_end - CURRENT.c.window_start == window.end - window.start)
        .order_by(CURRENT.c.window_start.desc())
        .limit(most)
    )
    return [Mark(row[0], _window(row[1], row[2]), *row[3:]) for row in session.execute(query)]


def evidence(session: Session, evaluation_id: int, *, with_profile: bool) -> Evidence:
    """What one evaluation rests on; its counts only when they are to be shown."""
    query = (
        sa.select(
            Evaluation.sample,
            Evaluation.reference_digest,
            ProfileRow.cells_digest,
            ProfileRow.content if with_profile else sa.null(),
        )
        .outerjoin(ProfileRow, ProfileRow.evaluation_id == MEASURED_ID)
        .where(Evaluation.id == evaluation_id)
    )
    row = session.execute(query).one()
    return Evidence(row[0], row[1], row[2], row[3])


def _judged(row: Any) -> Judged:  # noqa: ANN401  # a row of the columns in HEAD
    values = dict(zip(HEAD, row, strict=True))
    start, end = values.pop("window_start"), values.pop("window_end")
    values["created_at"] = values["created_at"].astimezone(UTC)
    return Judged(window=_window(start, end), **values)


def _window(start: datetime, end: datetime) -> Window:
    return Window(start.astimezone(UTC), end.astimezone(UTC))
