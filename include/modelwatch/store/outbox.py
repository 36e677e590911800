"""Messages from the moment they are due until they are known to have arrived. Functions never commit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from modelwatch.store.episode_tables import EpisodeRow, OutboxRow
from modelwatch.store.rows import storable

Part = Literal["alerts", "health", "drill", "redeploy"]


@dataclass(frozen=True)
class Due:
    """A message to be sent.

    Attributes:
        key: what it is about; a second message of the same key is never due.
        target: channel, address or whatever the receiver calls it.
        payload: what the receiver needs: for Slack ``text`` and ``blocks``, and ``thread_of`` or ``update_of``, the key
            of the message it belongs to.
    """

    key: str
    monitor: str
    kind: str
    connection: str
    target: str
    payload: dict[str, Any]
    episode_id: int | None = None
    receiver: str = "slack"


def add_due(session: Session, due: Due) -> bool:
    """Make a message due; False when one with its key was before."""
    values = {name: storable(getattr(due, name)) for name in due.__dataclass_fields__}
    added = insert(OutboxRow).values(**values).on_conflict_do_nothing().returning(OutboxRow.id)
    return session.scalar(added) is not None


def lock_sending(session: Session, monitor: str) -> None:
    """Make this transaction the only one that sends the monitor's messages, until it ends or its process dies."""
    key = {"key": f"outbox {monitor}"}
    session.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), key)


def unsent(session: Session, monitor: str, *, only: Part = "alerts") -> Sequence[OutboxRow]:
    """What is due, in the order it became due.

    Args:
        only: everything but drills, only what is about watching itself, only drills, or only new versions' verdicts.
    """
    query = sa.select(OutboxRow).where(OutboxRow.monitor == monitor, OutboxRow.sent_at.is_(None)).order_by(OutboxRow.id)
    if only == "health":
        query = query.join(EpisodeRow, EpisodeRow.id == OutboxRow.episode_id).where(EpisodeRow.kind == "health")
    kind = OutboxRow.kind
    return session.scalars(query.where(kind == only if only in ("drill", "redeploy") else kind != "drill")).all()


def has_unsent(session: Session, monitor: str) -> bool:
    """Whether anything but a drill is due."""
    query = sa.select(OutboxRow.id).where(
        OutboxRow.monitor == monitor, OutboxRow.sent_at.is_(None), OutboxRow.kind != "drill"
    )
    return session.scalar(query.limit(1)) is not None


def by_key(session: Session, key: str) -> OutboxRow | None:
    """The message of this key."""
    return session.scalar(sa.select(OutboxRow).where(OutboxRow.key == key))


def mark_attempt(row: OutboxRow) -> None:
    """Remember, before it is sent, that it may be sent: whoever finds it so must look for it first."""
    row.attempted_at = row.attempted_at or datetime.now(UTC)
    row.attempts += 1


def mark_sent(session: Session, row: OutboxRow, channel: str | None, ts: str | None) -> None:
    """Record that it has arrived, and where; the root message of an episode is noted with the episode."""
    row.sent_at, row.channel, row.ts, row.last_error = datetime.now(UTC), channel, ts, None
    if row.kind == "open" and row.receiver == "slack" and row.episode_id is not None:
        episode = session.get_one(EpisodeRow, row.episode_id)
        episode.slack_channel, episode.slack_ts = channel, ts


def mark_needless(row: OutboxRow, why: str) -> None:
    """Take it out of what is due without sending it."""
    row.sent_at, row.last_error = datetime.now(UTC), why


def channel_id(session: Session, connection: str, target: str) -> str | None:
    """Slack's id of a channel by its configured name, as an earlier answer told it."""
    query = (
        sa.select(OutboxRow.channel)
        .where(OutboxRow.connection == connection, OutboxRow.target == target, OutboxRow.channel.is_not(None))
        .order_by(OutboxRow.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def newest_summary(session: Session, monitor: str) -> str | None:
    """The key of the summary that a backfill of the last twelve hours has posted or will post."""
    recent = sa.func.now() - sa.text("interval '12 hours'")
    query = sa.select(OutboxRow.key).where(
        OutboxRow.monitor == monitor, OutboxRow.kind == "summary", OutboxRow.created_at > recent
    )
    return session.scalar(query.order_by(OutboxRow.id.desc()).limit(1))
