"""What follows from a stored verdict, in its transaction: episodes, and every message that has become due."""

import hashlib
from datetime import date, timedelta

from sqlalchemy.orm import Session

from modelwatch.config.alerts import Health, Silence, Slack
from modelwatch.domain import Result
from modelwatch.episodes import JudgedWindow, problem_key
from modelwatch.report import messages, runbook
from modelwatch.report.links import window_page
from modelwatch.report.policy import may_notify
from modelwatch.report.privacy import shown_judgement
from modelwatch.report.slack import Alert, alert_blocks, alert_text, span
from modelwatch.steps.episodes import counts, record
from modelwatch.steps.run import Run
from modelwatch.steps.telling import tell
from modelwatch.store import episodes as store
from modelwatch.store import outbox, repository
from modelwatch.store.episodes import Change
from modelwatch.store.outbox import Due
from modelwatch.store.repository import LoadedEvaluation

MICROSECOND = timedelta(microseconds=1)


def follow(session: Session, run: Run, evaluation_id: int) -> None:
    """Bring episodes and outbox up to date with an evaluation that was just stored."""
    speaks = may_notify(run.run_type, notify=run.notify)
    if not counts(run):
        if speaks:
            _tell_window(session, run, evaluation_id)
        return
    changes, windows = record(session, run)
    tell(session, run, changes, windows)
    if speaks:
        _digest(session, run, changes, windows)
        report_silences(session, run)
    elif run.run_type == "backfill" and run.notify is None:
        _summarise(session, run, evaluation_id)


def report_silences(session: Session, run: Run) -> None:
    """Tell once of every silence of the monitor file that has expired."""
    alerts = run.monitor.alerts
    address = alerts.health or alerts.slack
    for silence in alerts.silences:
        ends = silence.ends(run.monitor.tzinfo)
        key = f"silence:{run.monitor.monitor}:{hashlib.sha256(repr(silence).encode()).hexdigest()[:16]}"
        if address is None or ends > run.moment or outbox.by_key(session, key) is not None:
            continue
        base = alerts.runbook or run.settings.runbook_url
        said = messages.silence_over(run.monitor.monitor, _what(silence), silence.reason, f"{ends:%Y-%m-%d}", base)
        outbox.add_due(session, _due(run, key, "health", address, said))
        event = {"monitor": run.monitor.monitor, "kind": "silence_expired", "key": key, "reason": silence.reason}
        store.add_monitor_event(session, **event, until=ends, at=run.moment)


def _tell_window(session: Session, run: Run, evaluation_id: int) -> None:
    """A look at an afternoon or at one version belongs to no episode; it is a message of its own when it would page."""
    stored = repository.load_evaluation(session, evaluation_id)
    address = run.monitor.alerts.slack
    if address is None or not stored.page:
        return
    alert = _window_alert(run, stored)
    said = messages.payload(alert_text(alert), alert_blocks(alert))
    outbox.add_due(session, _due(run, f"evaluation:{evaluation_id}", "window", address, said))


def _window_alert(run: Run, stored: LoadedEvaluation) -> Alert:
    """All that the message about a single window says."""
    slack = run.monitor.alerts.slack
    page = window_page(run.settings.base_url, stored.monitor, stored.window, stored.number)
    findings = stored.judgement.findings
    about = findings[0].measurement.check if findings else "window"
    guide = runbook.link(run.monitor.alerts.runbook or run.settings.runbook_url, about)
    links = [("Open the window", page), ("Open the run", run.run_url), ("Runbook", guide)]
    return Alert(
        monitor=stored.monitor,
        window=stored.window,
        judgement=shown_judgement(stored.judgement),
        n_reference=stored.n_reference,
        n_current=stored.n_current,
        coverage=stored.coverage,
        owner=run.monitor.owner,
        mention=slack.mention if slack else None,
        model_version=stored.model_version,
        number=stored.number,
        links=tuple((text, url) for text, url in links if url),
    )


def _digest(session: Session, run: Run, changes: list[Change], windows: list[JudgedWindow]) -> None:
    """The warnings of the newest whole day, once, without those that an open episode tells of already."""
    slack, digest = run.monitor.alerts.slack, run.monitor.alerts.digest
    day = _whole_day(run)
    key = f"digest:{run.monitor.monitor}:{day}"
    is_newest = windows[-1].window == run.window
    if slack is None or not digest.enabled or not is_newest or outbox.by_key(session, key) is not None:
        return
    told = {key for change in changes if change.row.status == "open" for key in change.row.members}
    lines: list[str] = []
    for judged in windows:
        if (judged.window.end - MICROSECOND).astimezone(run.monitor.tzinfo).date() == day:
            keys = {one.key for one in judged.problems if one.level == "warning"} - told
            lines += _warnings(session, run, judged, keys)
    if lines:
        address = slack.model_copy(update={"channel": digest.channel or slack.channel})
        base = run.monitor.alerts.runbook or run.settings.runbook_url
        said = messages.digest(run.monitor.monitor, f"{day}", lines, base)
        outbox.add_due(session, _due(run, key, "digest", address, said))


def _warnings(session: Session, run: Run, judged: JudgedWindow, keys: set[str]) -> list[str]:
    stored = repository.evaluation_of(session, run.monitor.monitor, judged.window) if keys else None
    findings = stored.findings if stored else ()
    return [_line(one) for one in findings if one.status == "warning" and problem_key(one) in keys]


def _line(result: Result) -> str:
    m = result.measurement
    evidence = f": {m.evidence}" if m.evidence else ""
    return f"{m.feature or m.group or ''} {m.metric} {m.value:.3g} ({result.status} at {result.threshold:g}){evidence}"


def _whole_day(run: Run) -> date:
    """The newest day of the monitor's calendar that is over when the window is."""
    end = run.window.end.astimezone(run.monitor.tzinfo)
    return (end - MICROSECOND).date() if end.time().isoformat() == "00:00:00" else end.date() - timedelta(days=1)


def _summarise(session: Session, run: Run, evaluation_id: int) -> None:
    """One message for a whole backfill: posted at its first alert, and changed as it goes on."""
    address, name = run.monitor.alerts.slack, run.monitor.monitor
    judged = repository.restated(session, name)
    alerts = [(window, worst) for window, verdict, worst in judged if verdict == "alert" and worst is not None]
    if address is None or not alerts:
        return
    lines = [f"{span(window)}: {_line(worst)}" for window, worst in alerts]
    first, last = judged[0][0], judged[-1][0]
    base = run.monitor.alerts.runbook or run.settings.runbook_url
    said = messages.summary(name, len(judged), first, last, lines, base)
    root = outbox.newest_summary(session, name)
    key = f"summary:{name}:{evaluation_id}"
    if root is None:
        outbox.add_due(session, _due(run, key, "summary", address, said))
    elif root != key:
        outbox.add_due(session, _due(run, key, "update", address, {**said, "update_of": root}))


def _due(run: Run, key: str, kind: str, address: Slack | Health, said: dict[str, object]) -> Due:
    return Due(key, run.monitor.monitor, kind, address.connection, address.channel, said)


def _what(silence: Silence) -> str:
    parts = [silence.check, silence.feature, silence.group]
    return " ".join(part for part in parts if part) or "the whole monitor"
