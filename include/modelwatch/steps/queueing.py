"""Where the messages of an episode go, and how they get into the outbox: for Slack, and for the other receivers."""

from typing import Any

from sqlalchemy.orm import Session

from modelwatch.config.alerts import Health, Receiver, Slack
from modelwatch.domain import iso
from modelwatch.report import messages, runbook
from modelwatch.report.messages import Facts
from modelwatch.steps.run import Run
from modelwatch.store import outbox
from modelwatch.store.episode_tables import EpisodeRow
from modelwatch.store.outbox import Due


def address_of(run: Run, row: EpisodeRow) -> Slack | Health | None:
    """Where an episode's messages go: what is about watching goes to `health`, when there is one."""
    alerts = run.monitor.alerts
    return (alerts.health or alerts.slack) if row.kind == "health" else alerts.slack


def receivers_of(run: Run, row: EpisodeRow) -> list[Receiver]:
    """Who hears of an episode besides: of one about watching only when nobody on Slack does."""
    return run.monitor.alerts.receivers if row.kind == "model" or address_of(run, row) is None else []


def root_key(row: EpisodeRow) -> str:
    """The key of an episode's root message."""
    return f"episode:{row.id}:root"


class Queue:
    """Adds an episode's messages to the outbox, their keys numbered by the version of what has been told."""

    def __init__(self, session: Session, row: EpisodeRow, address: Slack | Health | None, version: int) -> None:
        self.session, self.row, self.address, self.version = session, row, address, version

    def add(self, kind: str, payload: dict[str, Any], *, key: str = "", suffix: str = "", **more: object) -> None:
        """Make a message to Slack due, when the monitor file names a channel for it."""
        if self.address is None:
            return
        name = key or f"episode:{self.row.id}:{suffix or kind}:{self.version}"
        due = Due(
            key=name,
            monitor=self.row.monitor,
            kind=kind,
            connection=self.address.connection,
            target=self.address.channel,
            payload={**payload, **more},
            episode_id=self.row.id,
        )
        outbox.add_due(self.session, due)


def tell_receivers(queue: Queue, run: Run, row: EpisodeRow, event: str, facts: Facts) -> None:
    """The same page for the other receivers of the monitor file, as plain facts."""
    for receiver in receivers_of(run, row):
        payload = {
            "event": event,
            "title": f"{row.monitor}: {messages.title_of(facts)}",
            "monitor": row.monitor,
            "episode": row.id,
            "severity": row.severity,
            "since": iso(facts.opened.start),
            "url": run.run_url,
            "runbook": runbook.link(facts.runbook_base, facts.fingerprint),
            "to": receiver.to,
        }
        due = Due(
            key=f"episode:{row.id}:{event}:{queue.version}:{receiver.name}",
            monitor=row.monitor,
            kind=event,
            connection=receiver.connection,
            target=receiver.type,
            payload=payload,
            episode_id=row.id,
            receiver=receiver.name,
        )
        outbox.add_due(queue.session, due)
