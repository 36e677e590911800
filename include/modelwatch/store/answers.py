"""Episodes as the pages show them, and what people answer to them there; the trail keeps every answer."""

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from modelwatch.domain import Window, iso
from modelwatch.history import Act, Answer, Episode
from modelwatch.store.episode_tables import EpisodeEventRow, EpisodeRow
from modelwatch.store.episodes import add_event, lock_monitor
from modelwatch.store.tables import Evaluation

BY_HAND = ("manual", "cli")


def episodes(session: Session, monitor: str, *, since: datetime) -> list[Episode]:
    """The monitor's open episodes and those that closed since, newest first."""
    query = (
        sa.select(EpisodeRow)
        .where(EpisodeRow.monitor == monitor, EpisodeRow.kind == "model", EpisodeRow.status != "withdrawn")
        .where(sa.or_(EpisodeRow.closed_window_end.is_(None), EpisodeRow.closed_window_end >= since))
        .order_by(EpisodeRow.opened_window_end.desc(), EpisodeRow.id.desc())
    )
    return [_episode(row) for row in session.scalars(query)]


def open_episodes(session: Session, monitors: Sequence[str]) -> dict[str, tuple[int, int]]:
    """How many open episodes each monitor has, and of how many somebody knows; monitors without any are left out."""
    query = (
        sa.select(EpisodeRow.monitor, sa.func.count(), sa.func.count(EpisodeRow.acknowledged_by))
        .where(EpisodeRow.monitor.in_(monitors), EpisodeRow.kind == "model", EpisodeRow.status == "open")
        .group_by(EpisodeRow.monitor)
    )
    return {monitor: (n, n_seen) for monitor, n, n_seen in session.execute(query)}


def answer(session: Session, monitor: str, episode_id: int, said: Answer) -> bool:
    """Note who has seen an open episode, or how long it is to be quiet; False when there is no such open episode."""
    lock_monitor(session, monitor)
    row = session.get(EpisodeRow, episode_id)
    if row is None or row.monitor != monitor or row.status != "open":
        return False
    row.acknowledged_by, row.acknowledged_at = said.by, said.at
    row.acknowledged_until, row.acknowledged_reason = said.until, said.reason
    kind = "acknowledged" if said.until is None else "snoozed"
    more = {"at": said.at, "by": said.by, "until": said.until, "reason": said.reason}
    add_event(session, row, kind, f"page:{iso(said.at)}", **more)
    return True


def acts(session: Session, monitor: str, *, since: datetime) -> list[Act]:
    """What people did since: their answers to episodes, and the windows they ran by hand, in no order."""
    event, run = EpisodeEventRow, Evaluation
    answers = sa.select(event.at, event.by, event.kind, event.episode_id, event.reason, event.until).where(
        event.monitor == monitor, event.at >= since, event.by.is_not(None), event.episode_id.is_not(None)
    )
    runs = sa.select(run.created_at, run.run_id, run.window_start, run.window_end).where(
        run.monitor == monitor, run.created_at >= since, run.run_type.in_(BY_HAND)
    )
    return [
        *(
            Act(at.astimezone(UTC), by, kind, str(episode), reason, until=until and until.astimezone(UTC))
            for at, by, kind, episode, reason, until in session.execute(answers)
        ),
        *(
            Act(at.astimezone(UTC), None, "run", run_id, window=_window(start, end))
            for at, run_id, start, end in session.execute(runs)
        ),
    ]


def _episode(row: EpisodeRow) -> Episode:
    return Episode(
        id=row.id,
        check=row.check,
        members=tuple(row.members),
        cause=row.cause,
        severity=row.severity,
        opened=_window(row.opened_window_start, row.opened_window_end),
        last=_window(row.last_window_start, row.last_window_end),
        closed=_closed(row),
        acknowledged_by=row.acknowledged_by,
        acknowledged_until=row.acknowledged_until and row.acknowledged_until.astimezone(UTC),
        acknowledged_reason=row.acknowledged_reason,
        model_version=row.model_version,
    )


def _closed(row: EpisodeRow) -> Window | None:
    if row.closed_window_start is None or row.closed_window_end is None:
        return None
    return _window(row.closed_window_start, row.closed_window_end)


def _window(start: datetime, end: datetime) -> Window:
    return Window(start.astimezone(UTC), end.astimezone(UTC))
