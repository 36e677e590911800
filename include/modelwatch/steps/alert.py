"""should_alert and send_slack_alert: sending what is due, each message once, and reading what people answered."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from modelwatch.errors import AlertError
from modelwatch.steps.feedback import read_feedback
from modelwatch.steps.run import Connect, Run
from modelwatch.store import engine, episodes, outbox
from modelwatch.store.episode_tables import EpisodeRow, OutboxRow

if TYPE_CHECKING:
    from modelwatch.report.delivery import Slack

Receivers = Mapping[str, Callable[[str, Mapping[str, Any]], None]]
"""How to reach a type of receiver: a function of its connection's id and the message."""


def should_alert(run: Run) -> bool:
    """Whether there is something to send, or an open episode whose answers are to be read."""
    if run.notify is False:
        return False
    with engine.session(run.settings.database_url) as session:
        if outbox.has_unsent(session, run.monitor.monitor):
            return True
        return run.run_type != "backfill" and bool(episodes.announced_open(session, run.monitor.monitor))


def send_slack_alert(run: Run, connect: Connect, receivers: Receivers | None = None) -> None:
    """Read what people answered, then send everything of the monitor that is due, in order.

    One process sends at a time. A message that may have been sent before, by a process that died before it could note
    it, is looked for first.

    Raises:
        AlertError: something could not be sent; it stays due, and the message says for each what to mend.
    """
    send_due(run, connect, receivers or {})


def send_due(run: Run, connect: Connect, receivers: Receivers, *, only: outbox.Part = "alerts") -> None:
    """The same for a part of what is due: the watchdog and the drill send their own and leave answers to the runs."""
    url, name = run.settings.database_url, run.monitor.monitor
    with engine.session(url) as guard, guard.begin():
        outbox.lock_sending(guard, name)
        with engine.session(url) as session:
            sender = _Sender(session, run, connect, receivers)
            if only == "alerts":
                sender.guarded(lambda: read_feedback(session, run, sender.slack))
            sender.send(outbox.unsent(session, name, only=only))
    if sender.problems:
        raise AlertError("; ".join(dict.fromkeys(sender.problems)))


class _Sender:
    """Sends rows of the outbox, each in transactions of its own."""

    def __init__(self, session: Session, run: Run, connect: Connect, receivers: Receivers) -> None:
        self.session, self.run, self.connect, self.receivers = session, run, connect, receivers
        self.problems: list[str] = []
        self._clients: dict[str, Slack] = {}

    def slack(self, conn_id: str) -> "Slack":
        """The client of a connection."""
        from modelwatch.report.delivery import Slack  # imported here: only this task talks to Slack

        if conn_id not in self._clients:
            self._clients[conn_id] = Slack(self.connect(conn_id))
        return self._clients[conn_id]

    def guarded(self, act: Callable[[], None]) -> bool:
        """Do it; a failure is kept for the end, so that one channel does not hold up another."""
        try:
            act()
        except AlertError as error:
            self.session.rollback()
            self.problems.append(str(error))
            return False
        return True

    def send(self, rows: Sequence[OutboxRow]) -> None:
        """Send the rows in order; one that fails holds up the later ones of its episode and receiver."""
        held: set[tuple[str, int | None]] = set()
        for row in rows:
            lane = (row.receiver, row.episode_id)
            if (row.episode_id is not None and lane in held) or self._is_needless(row):
                continue
            was_attempted = row.attempted_at
            outbox.mark_attempt(row)
            self.session.commit()
            if not self.guarded(lambda row=row, before=was_attempted: self._send(row, before)):  # type: ignore[misc]
                row.last_error = self.problems[-1]
                self.session.commit()
                if row.kind != "chart":
                    held.add(lane)

    def _send(self, row: OutboxRow, attempted: datetime | None) -> None:
        if row.receiver != "slack":
            self._tell_receiver(row)
        else:
            from modelwatch.steps.slack_row import send_row

            outbox.mark_sent(
                self.session, row, *send_row(self.session, self.run, self.slack(row.connection), row, attempted)
            )
        self.session.commit()

    def _tell_receiver(self, row: OutboxRow) -> None:
        tell = self.receivers.get(row.target)
        if tell is None:
            message = (
                f"receiver '{row.receiver}' is reached through Airflow only; its messages wait for the next Dag run"
            )
            raise AlertError(message)
        tell(row.connection, {**row.payload, "key": row.key})
        outbox.mark_sent(self.session, row, None, None)

    def _is_needless(self, row: OutboxRow) -> bool:
        """A reply that an acknowledged episode is spared."""
        if not row.payload.get("unless_acknowledged") or row.episode_id is None:
            return False
        episode = self.session.get_one(EpisodeRow, row.episode_id)
        until = episode.acknowledged_until
        if episode.acknowledged_by is None or (until is not None and until < self.run.moment):
            return False
        outbox.mark_needless(row, "acknowledged")
        self.session.commit()
        return True
