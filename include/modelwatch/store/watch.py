"""What the watchdog asks of the store, and the episodes it alone opens and closes. Functions never commit."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from modelwatch.domain import Window
from modelwatch.store.episode_tables import EpisodeEventRow, EpisodeRow, EpisodeWindowRow
from modelwatch.store.episodes import add_event, add_monitor_event
from modelwatch.store.tables import Evaluation, MonitorConfig


@dataclass(frozen=True)
class Watched:
    """How far a monitor has been watched.

    Attributes:
        since: when the watchdog first saw its file. until: the end of the newest judged window, None without any.
        has_newest: the window that should be judged by now is.
    """

    since: datetime
    until: datetime | None
    has_newest: bool


def watched(session: Session, monitor: str, due: Window, now: datetime) -> Watched:
    """How far the monitor has been watched, given the window that is due."""
    add_monitor_event(session, key=f"watched:{monitor}", monitor=monitor, kind="watched", at=now)
    since = session.scalar(sa.select(EpisodeEventRow.at).where(EpisodeEventRow.key == f"watched:{monitor}"))
    until = session.scalar(sa.select(sa.func.max(Evaluation.window_end)).where(Evaluation.monitor == monitor))
    newest = until.astimezone(UTC) if until else None
    return Watched((since or now).astimezone(UTC), newest, newest is not None and newest >= due.end)


def last_config(session: Session, monitor: str) -> dict[str, Any] | None:
    """The monitor's file as it was when its newest evaluation was judged by it."""
    query = (
        sa.select(MonitorConfig.content)
        .join(Evaluation, Evaluation.config_sha256 == MonitorConfig.sha256)
        .where(Evaluation.monitor == monitor)
        .order_by(Evaluation.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def open_outage(
    session: Session, monitor: str, fingerprint: str, window: Window, reason: str, now: datetime
) -> EpisodeRow:
    """The open outage of this kind, begun with this window when there is none; the window is added to it."""
    row = open_one(session, monitor, fingerprint)
    if row is None:
        edges = {
            f"{name}_window_{edge}": getattr(window, edge)
            for name in ("first", "opened", "last")
            for edge in ("start", "end")
        }
        row = EpisodeRow(
            monitor=monitor,
            kind="health",
            fingerprint=fingerprint,
            check="health",
            members=[fingerprint],
            severity="alert",
            peak=0.0,
            status="open",
            **edges,
        )
        session.add(row)
        session.flush()
        add_event(session, row, "opened", "opened", at=now, reason=reason)
    row.cause = reason
    if window.end > row.last_window_end or session.get(EpisodeWindowRow, (row.id, window.start, window.end)) is None:
        row.last_window_start, row.last_window_end = window.start, window.end
        _trace(session, row, window, "alert")
    return row


def close_outage(session: Session, monitor: str, fingerprint: str, window: Window, now: datetime) -> EpisodeRow | None:
    """Close the open outage of this kind with the window that shows it is over; None when there is none."""
    row = open_one(session, monitor, fingerprint)
    if row is None:
        return None
    row.status, row.closed_window_start, row.closed_window_end = "closed", window.start, window.end
    _trace(session, row, window, "quiet")
    add_event(session, row, "closed", f"closed:{window.end.isoformat()}", at=now)
    return row


def open_one(session: Session, monitor: str, fingerprint: str) -> EpisodeRow | None:
    """The open episode of this fingerprint."""
    query = sa.select(EpisodeRow).where(
        EpisodeRow.monitor == monitor, EpisodeRow.fingerprint == fingerprint, EpisodeRow.status == "open"
    )
    return session.scalar(query.order_by(EpisodeRow.id.desc()).limit(1))


def _trace(session: Session, row: EpisodeRow, window: Window, state: str) -> None:
    row.updated_at = datetime.now(UTC)
    session.merge(
        EpisodeWindowRow(episode_id=row.id, window_start=window.start, window_end=window.end, state=state, excess=0.0)
    )
    session.flush()
