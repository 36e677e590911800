"""Which messages an episode makes due, queued in the transaction that changed it."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from modelwatch.domain import Result, iso
from modelwatch.episodes import JudgedWindow, is_judged, problem_key
from modelwatch.report import messages
from modelwatch.report.links import window_page
from modelwatch.report.meaning import meaning
from modelwatch.report.messages import Facts
from modelwatch.report.page.words import SLACK_USER
from modelwatch.report.policy import may_notify
from modelwatch.report.privacy import shown_result
from modelwatch.report.slack import escape
from modelwatch.steps.policy import policy_of
from modelwatch.steps.queueing import Queue, address_of, receivers_of, root_key, tell_receivers
from modelwatch.steps.run import Run
from modelwatch.store import episodes as store
from modelwatch.store import repository
from modelwatch.store.episode_tables import EpisodeRow
from modelwatch.store.episodes import Change
from modelwatch.store.repository import LoadedEvaluation

SEEN = ("alert", "critical")
EVENTS = {"escalated": "escalate", "reopened": "open", "recovered": "close", "withdrawn": "close"}
"""What the other receivers hear when the thread gets a reply of this kind."""


def tell(session: Session, run: Run, changes: list[Change], windows: list[JudgedWindow]) -> None:
    """Queue what a run that may speak has to say of the episodes."""
    if not may_notify(run.run_type, notify=run.notify):
        return
    for change in changes:
        _end_snooze(session, run, change.row)
        if change.row.told is not None:
            tell_change(session, run, change.row)
        elif may_open(run, change, windows):
            _open(session, run, change.row)


def may_open(run: Run, change: Change, windows: list[JudgedWindow]) -> bool:
    """Whether an episode that nobody has heard of is news: of today, seen live, and not silenced.

    What a backfill or a late window finds in the past is history; ``notify: true`` makes it news all the same.
    """
    episode = change.episode
    if episode is None or (change.row.kind == "model" and not episode.pages):
        return False
    seen = [trace for trace in episode.traces if trace.state in SEEN]
    if run.notify and any(trace.window == run.window for trace in seen):
        return True
    policy = policy_of(run.monitor)
    reach = max(policy.of, policy.close_after) if change.row.kind == "model" else 1
    where = {trace.window for trace in seen}
    recent = [
        judged.window
        for judged in windows
        if change.row.kind == "health" or judged.window in where or is_judged(judged, episode.fingerprint)
    ][-reach:]
    is_live = any(trace.is_live for trace in seen)
    return change.row.status == "open" and is_live and episode.last in recent


def tell_change(session: Session, run: Run, row: EpisodeRow) -> None:
    """Queue the update of the root message and the replies that a change of the episode asks for."""
    address = address_of(run, row)
    facts, _ = facts_of(session, run, row)
    told, before = _told(facts), row.told or {}
    if {**told, "version": before.get("version")} == before:
        return
    version = int(before["version"]) + 1
    queue = Queue(session, row, address, version)
    queue.add("update", messages.root(facts), update_of=root_key(row))
    for kind, payload, more in _replies(facts, before, address.mention if address else None):
        queue.add("thread", payload, suffix=kind, thread_of=root_key(row), **more)
        if kind in EVENTS:
            tell_receivers(queue, run, row, EVENTS[kind], facts)
    row.told = {**told, "version": version}


def tell_outage(session: Session, run: Run, row: EpisodeRow) -> None:
    """Queue what the watchdog has to say of an outage it opened, prolonged or closed."""
    if row.told is not None:
        tell_change(session, run, row)
    elif row.status == "open":
        _open(session, run, row)


def facts_of(session: Session, run: Run, row: EpisodeRow) -> tuple[Facts, LoadedEvaluation | None]:
    """What an episode's messages say, and the evaluation of the window that showed it last."""
    windows = store.windows_of(session, row)
    seen = [window for window, state in windows if state in SEEN]
    opened, newest = windows[0][0], windows[-1][0]
    last = seen[-1] if seen else opened
    shown = repository.evaluation_of(session, row.monitor, last)
    facts = Facts(
        number=row.id,
        monitor=row.monitor,
        fingerprint=row.fingerprint,
        members=tuple(row.members),
        severity=row.severity,
        status=row.status,
        state=windows[-1][1],
        n_seen=len(seen),
        n_windows=len(windows),
        peak=row.peak,
        opened=opened,
        last=last,
        newest=newest,
        findings=_findings(shown, row),
        note=_note(run, row, newest.start),
        reason=shown.reason if shown and shown.reason else row.cause,
        owner=run.monitor.owner,
        runbook_base=run.monitor.alerts.runbook or run.settings.runbook_url,
        page_url=window_page(run.settings.base_url, row.monitor, last, shown.number) if shown else None,
        run_url=run.run_url,
        model_version=row.model_version,
        meaning=meaning(shown.judgement) if shown and shown.findings else "",
    )
    return facts, shown


def _open(session: Session, run: Run, row: EpisodeRow) -> None:
    address = address_of(run, row)
    facts, shown = facts_of(session, run, row)
    told = {**_told(facts), "version": 1}
    if address is None and not receivers_of(run, row):
        return
    row.told = told
    queue = Queue(session, row, address, 1)
    queue.add("open", messages.root(facts, address.mention if address else None), key=root_key(row))
    if facts.findings:
        queue.add("thread", messages.details(facts), suffix="details", thread_of=root_key(row))
        chart = {"evaluation": shown.id if shown else None, "members": list(row.members)}
        queue.add("chart", {"text": messages.title_of(facts), "chart": chart}, thread_of=root_key(row))
    tell_receivers(queue, run, row, "open", facts)
    store.add_event(session, row, "announced", "announced", at=run.moment, window_end=run.window.end)


def _replies(
    facts: Facts, before: dict[str, Any], mention: str | None
) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """What changed and is worth a reply: kind, message, and how it is delivered."""
    replies: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
    if facts.severity == "critical" != before["severity"]:
        replies.append(("escalated", messages.escalated(facts, mention), {"broadcast": True}))
    new = sorted(set(facts.members) - set(before["members"]))
    if new:
        names = [member.partition(":")[2] for member in new]
        replies.append(("joined", messages.joined(names), {"unless_acknowledged": True}))
    if facts.status != before["status"]:
        said = {
            "open": ("reopened", messages.reopened(facts, mention), {"broadcast": True}),
            "closed": ("recovered", messages.recovered(facts), {}),
            "withdrawn": ("withdrawn", messages.withdrawn(), {}),
        }
        replies.append(said[facts.status])
    return replies


def _end_snooze(session: Session, run: Run, row: EpisodeRow) -> None:
    until = row.acknowledged_until
    if row.status != "open" or until is None or run.moment < until:
        return
    address = address_of(run, row)
    row.acknowledged_by = row.acknowledged_at = row.acknowledged_until = row.acknowledged_reason = None
    is_new = store.add_event(session, row, "snooze_ended", f"snooze_ended:{iso(until)}", at=run.moment)
    if is_new and address is not None and row.told is not None:
        facts, _ = facts_of(session, run, row)
        queue = Queue(session, row, address, int(row.told["version"]))
        queue.add("thread", messages.snooze_over(facts, address.mention), suffix="snooze", thread_of=root_key(row))


def _told(facts: Facts) -> dict[str, Any]:
    """What the root message says, as far as a change of it is worth an update."""
    return {
        "status": facts.status,
        "severity": facts.severity,
        "members": list(facts.members),
        "state": facts.state,
        "opened": iso(facts.opened.end),
        "last": iso(facts.last.end),
        "newest": iso(facts.newest.end),
        "n_seen": facts.n_seen,
        "note": facts.note,
    }


def _note(run: Run, row: EpisodeRow, moment: datetime) -> str | None:
    if row.acknowledged_by is not None:
        why = f": {escape(row.acknowledged_reason)}" if row.acknowledged_reason else ""
        # Who answered on the page is a user of Airflow, whom Slack does not know.
        who = f"<@{row.acknowledged_by}>" if SLACK_USER.fullmatch(row.acknowledged_by) else escape(row.acknowledged_by)
        if row.acknowledged_until is None:
            return f":eyes: acknowledged by {who}{why}"
        return f":zzz: snoozed by {who} until {row.acknowledged_until:%Y-%m-%d %H:%M} UTC{why}"
    policy = policy_of(run.monitor)
    if row.kind == "model" and all(policy.is_silenced(key, moment) for key in row.members):
        return ":no_bell: silenced by the monitor file"
    return None


def _findings(shown: LoadedEvaluation | None, row: EpisodeRow) -> tuple[Result, ...]:
    if shown is None or row.kind == "health":
        return ()
    return tuple(shown_result(result) for result in shown.findings if problem_key(result) in row.members)
