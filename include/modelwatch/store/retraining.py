"""Requests for a new model. Functions take a session and never commit: the caller owns the transaction."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from modelwatch.store.episode_tables import EpisodeRow
from modelwatch.store.label_tables import RetrainingRow


def end_requests(session: Session, monitor: str, at: datetime) -> None:
    """Close the monitor's request when what it was made for is over."""
    over = sa.select(EpisodeRow.id).where(EpisodeRow.status != "open")
    session.execute(
        sa.update(RetrainingRow)
        .where(RetrainingRow.monitor == monitor, RetrainingRow.ended_at.is_(None), RetrainingRow.episode_id.in_(over))
        .values(ended_at=at)
    )


def request_of_run(session: Session, monitor: str, run_id: str) -> RetrainingRow | None:
    """The request that a run has made already."""
    query = sa.select(RetrainingRow).where(RetrainingRow.monitor == monitor, RetrainingRow.run_id == run_id)
    return session.scalar(query.order_by(RetrainingRow.id.desc()).limit(1))


def last_request(session: Session, monitor: str) -> RetrainingRow | None:
    """The newest request, open or not."""
    query = sa.select(RetrainingRow).where(RetrainingRow.monitor == monitor)
    return session.scalar(query.order_by(RetrainingRow.id.desc()).limit(1))


def open_performance_episodes(session: Session, monitor: str) -> Sequence[EpisodeRow]:
    """The open episodes that performance leads, the gravest first."""
    query = sa.select(EpisodeRow).where(
        EpisodeRow.monitor == monitor, EpisodeRow.status == "open", EpisodeRow.check == "performance"
    )
    return session.scalars(query.order_by(EpisodeRow.peak.desc(), EpisodeRow.id)).all()
