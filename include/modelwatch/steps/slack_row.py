"""One row of the outbox to Slack: posted, changed or put into a thread, after looking whether it is there already."""

from datetime import datetime

from sqlalchemy.orm import Session

from modelwatch.errors import AlertError
from modelwatch.report.delivery import GONE, Slack, SlackRefused
from modelwatch.report.pings import pinging
from modelwatch.steps.run import Run
from modelwatch.store import outbox
from modelwatch.store.episode_tables import OutboxRow

Where = tuple[str | None, str | None]
Place = tuple[str, str]


def send_row(session: Session, run: Run, slack: Slack, row: OutboxRow, attempted: datetime | None) -> Where:
    """Send a message that is due and return its channel and ``ts``.

    Args:
        attempted: when sending it was first tried; None when it never was, and then it is not looked for.

    Raises:
        AlertError: Slack refused or could not be reached, or what the message belongs to has not been sent.
    """
    if "update_of" in row.payload:
        return _update(slack, row, _place(session, row, "update_of"), attempted)
    if "thread_of" in row.payload:
        return _reply(session, run, slack, row, _place(session, row, "thread_of"), attempted)
    return _post(session, run, slack, row, attempted)


def _place(session: Session, row: OutboxRow, name: str) -> Place:
    root = outbox.by_key(session, row.payload[name])
    if root is None or root.channel is None or root.ts is None:
        message = f"the message it belongs to ({row.payload[name]}) has not been sent"
        raise AlertError(message)
    return root.channel, root.ts


def _post(session: Session, run: Run, slack: Slack, row: OutboxRow, attempted: datetime | None) -> Where:
    if attempted is not None:
        channel = outbox.channel_id(session, row.connection, row.target) or slack.channel_id(row.target)
        found = slack.find(channel, row.key, attempted)
        if found is not None:
            return channel, found
    return slack.post(row.target, pinging(row.payload, run.monitor.alerts.names(), slack.ping), row.key)


def _update(slack: Slack, row: OutboxRow, place: Place, attempted: datetime | None) -> Where:
    """Change a message; one that somebody deleted is left so."""
    try:
        if attempted is None or not slack.has_key(*place, row.key):
            slack.update(*place, row.payload, row.key)
    except SlackRefused as refusal:
        if refusal.code not in GONE:
            raise
    return place


def _reply(session: Session, run: Run, slack: Slack, row: OutboxRow, place: Place, attempted: datetime | None) -> Where:
    """Put it into its thread; where somebody deleted that, what must be heard stands in the channel by itself."""
    try:
        return _in_thread(session, run, slack, row, place, attempted)
    except SlackRefused as refusal:
        if refusal.code not in GONE:
            raise
    return _post(session, run, slack, row, attempted) if row.payload.get("broadcast") else (place[0], None)


def _in_thread(
    session: Session, run: Run, slack: Slack, row: OutboxRow, place: Place, attempted: datetime | None
) -> Where:
    channel, thread = place
    name = f"{row.key.replace(':', '-')}.png" if row.kind == "chart" else row.key
    if attempted is not None:
        found = slack.find_reply(channel, thread, name)
        if found is not None:
            return channel, found
    if row.kind != "chart":
        broadcast = bool(row.payload.get("broadcast"))
        said = pinging(row.payload, run.monitor.alerts.names(), slack.ping)
        return slack.post(channel, said, row.key, thread_ts=thread, broadcast=broadcast)
    from modelwatch.steps.chart import chart_of  # imported here: drawing is for the few runs that open an episode

    image = chart_of(session, run, row.payload["chart"]["evaluation"], row.payload["chart"]["members"])
    if image is not None:
        slack.upload(channel, thread, name, image, title=row.payload["text"], alt=row.payload["text"])
    return channel, None
