"""Episodes as the pages show them, and what people answer to them there; the trail keeps every answer."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from modelwatch.domain import Window, iso
from modelwatch.history import Answer, Episode

EPISODE = sa.table(
    "episode",
    *(
        sa.column(name)
        for name in (
            "id", "monitor", "kind", "check", "members", "cause", "severity", "status",
            "opened_window_start", "opened_window_end", "last_window_start", "last_window_end",
            "closed_window_start", "closed_window_end",
            "acknowledged_by", "acknowledged_at", "acknowledged_until", "acknowledged_reason",
        )
    ),
)  # fmt: skip
EVENT = sa.table(
    "episode_event",
    *(sa.column(name) for name in ("key", "monitor", "episode_id", "kind", "at", "by", "until", "reason")),
)


def episodes(session: Session, monitor: str, *, since: datetime) -> list[Episode]:
    """The monitor's open episodes and those that closed since, newest first; none from a store without the tables."""
    if session.scalar(sa.select(sa.func.to_regclass("episode"))) is None:
        return []
    query = (
        sa.select(EPISODE)
        .where(EPISODE.c.monitor == monitor, EPISODE.c.kind == "model", EPISODE.c.status != "withdrawn")
        .where(sa.or_(EPISODE.c.closed_window_end.is_(None), EPISODE.c.closed_window_end >= since))
        .order_by(EPISODE.c.opened_window_end.desc(), EPISODE.c.id.desc())
    )
    return [_episode(row) for row in session.execute(query)]


def answer(session: Session, monitor: str, episode_id: int, said: Answer) -> bool:
    """Note who has seen an open episode, or how long it is to be quiet; False when there is no such open episode."""
    key = {"key": f"episodes {monitor}"}
    session.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), key)
    changed = session.execute(
        sa.update(EPISODE)
        .where(EPISODE.c.id == episode_id, EPISODE.c.monitor == monitor, EPISODE.c.status == "open")
        .values(
            acknowledged_by=said.by,
            acknowledged_at=said.at,
            acknowledged_until=said.until,
            acknowledged_reason=said.reason,
        )
        .returning(EPISODE.c.id)
    ).first()
    if changed is None:
        return False
    values = {
        "key": f"episode:{episode_id}:page:{iso(said.at)}",
        "monitor": monitor,
        "episode_id": episode_id,
        "kind": "acknowledged" if said.until is None else "snoozed",
        "at": said.at,
        "by": said.by,
        "until": said.until,
        "reason": said.reason,
    }
    session.execute(insert(EVENT).values(**values).on_conflict_do_nothing())
    return True


def _episode(row: Any) -> Episode:  # noqa: ANN401  # a row of the columns of EPISODE
    return Episode(
        id=row.id,
        check=row.check,
        members=_members(row.members),
        cause=row.cause,
        severity=row.severity,
        opened=_window(row.opened_window_start, row.opened_window_end),
        last=_window(row.last_window_start, row.last_window_end),
        closed=_window(row.closed_window_start, row.closed_window_end) if row.closed_window_end else None,
        acknowledged_by=row.acknowledged_by,
        acknowledged_until=row.acknowledged_until and row.acknowledged_until.astimezone(UTC),
        acknowledged_reason=row.acknowledged_reason,
    )


def _members(found: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(member) for member in found)


def _window(start: datetime, end: datetime) -> Window:
    return Window(start.astimezone(UTC), end.astimezone(UTC))
