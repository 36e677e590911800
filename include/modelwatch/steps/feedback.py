"""What people answered on Slack since the last run: eyes, `snooze 7d because …`, `wake`. No public endpoint needed."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from modelwatch.steps.queueing import address_of
from modelwatch.steps.run import Run
from modelwatch.steps.telling import tell_change
from modelwatch.store import episodes as store
from modelwatch.store.episode_tables import EpisodeRow

if TYPE_CHECKING:
    from modelwatch.report.delivery import Slack

EYES = "eyes"
WHY = r"\b[\s,:]*(?:because\b)?[\s:]*(?P<why>.*)$"
SNOOZE = re.compile(r"^\s*snooze\s+(?P<count>\d{1,4})\s*(?P<unit>[hdw])\w*" + WHY, re.IGNORECASE | re.DOTALL)
ACK = re.compile(r"^\s*(ack|acknowledged?|on it)" + WHY, re.IGNORECASE | re.DOTALL)
WAKE = re.compile(r"^\s*(wake|unsnooze|unack)\b", re.IGNORECASE)
UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
LONGEST = timedelta(days=90)


def read_feedback(session: Session, run: Run, slack: Callable[[str], "Slack"]) -> None:
    """Note the answers to the monitor's open episodes, and queue the change of each root message they make.

    Raises:
        AlertError: Slack could not be read.
    """
    for row in store.announced_open(session, run.monitor.monitor):
        address = address_of(run, row)
        if address is None or row.slack_channel is None or row.slack_ts is None:
            continue
        thread = slack(address.connection).thread(row.slack_channel, row.slack_ts)
        if not thread:
            continue
        # Slack was asked outside of it: a verdict must not wait for Slack.
        store.lock_monitor(session, run.monitor.monitor)
        session.refresh(row)
        before = (row.acknowledged_by, row.acknowledged_until, row.acknowledged_reason)
        for answer in answers(thread):
            _take(session, row, answer)
        if (row.acknowledged_by, row.acknowledged_until, row.acknowledged_reason) != before:
            tell_change(session, run, row)
        session.commit()


def answers(thread: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The events in a thread (its root first), oldest first; their keys are the columns of `episode_event`."""
    root, replies = thread[0], thread[1:]
    for reaction in root.get("reactions", ()):
        if reaction["name"] == EYES and reaction["users"]:
            yield {"kind": "acknowledged", "key": f"eyes:{reaction['users'][0]}", "by": reaction["users"][0]}
    for reply in replies:
        if "bot_id" in reply or "metadata" in reply or not reply.get("user"):
            continue
        found = _said(str(reply.get("text") or ""), datetime.fromtimestamp(float(reply["ts"]), UTC))
        if found is not None:
            yield {**found, "key": f"reply:{reply['ts']}", "by": str(reply["user"])}


def _said(text: str, at: datetime) -> dict[str, Any] | None:
    if snooze := SNOOZE.match(text):
        length = min(LONGEST, int(snooze["count"]) * UNITS[snooze["unit"].lower()])
        return {"kind": "snoozed", "at": at, "until": at + length, "reason": snooze["why"].strip() or None}
    if WAKE.match(text):
        return {"kind": "acknowledgement_removed", "at": at}
    if ack := ACK.match(text):
        return {"kind": "acknowledged", "at": at, "reason": ack["why"].strip() or None}
    return None


def _take(session: Session, row: EpisodeRow, answer: dict[str, Any]) -> None:
    """Apply an answer the first time it is seen; the trail remembers that it was."""
    key, kind = answer.pop("key"), answer.pop("kind")
    if not store.add_event(session, row, kind, key, **answer):
        return
    is_removal = kind == "acknowledgement_removed"
    row.acknowledged_by = None if is_removal else answer["by"]
    row.acknowledged_at = None if is_removal else answer.get("at") or datetime.now(UTC)
    row.acknowledged_until = answer.get("until")
    row.acknowledged_reason = answer.get("reason")
