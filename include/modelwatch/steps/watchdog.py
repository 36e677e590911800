"""The check of the schedule against the store: a run that did not happen is told, and so is a file that cannot run.

It knows nothing of Airflow, so that it also notices when Airflow does nothing: a paused Dag, a scheduler that is down
(once another one runs this), a monitor file that no longer parses and has lost its Dag.
"""

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from modelwatch.config import Monitor, find_monitors, load_monitor
from modelwatch.config.alerts import Alerts, Health
from modelwatch.domain import Window, iso
from modelwatch.errors import AlertError, MonitorConfigError, SettingsError
from modelwatch.schedule import resolve_window
from modelwatch.settings import Settings
from modelwatch.steps.alert import Receivers, send_due
from modelwatch.steps.run import Connect, Run
from modelwatch.steps.telling import tell_outage
from modelwatch.store import engine, episodes, watch

GRACE = timedelta(hours=2)
SECOND = timedelta(seconds=1)


def check_schedules(
    settings: Settings, connect: Connect, now: datetime, receivers: Receivers | None = None
) -> list[str]:
    """Check every monitor file; returns a line per monitor that is not watched.

    Args:
        receivers: how those are reached that a monitor without Slack names.

    Raises:
        AlertError: somebody could not be told; what is wrong is in the message all the same.
        SettingsError: there is nobody to tell.
    """
    lines: list[str] = []
    problems: list[str] = []
    for name, path in find_monitors(settings.monitors_dir).items():
        line = None
        try:
            monitor, mistake = _read(path)
            run, line = _check(settings, name, monitor, mistake, now)
            send_due(run, connect, receivers or {}, only="health")
        except (AlertError, SettingsError) as error:
            problems.append(f"{name}: {error}")
        lines += [line] if line else []
    if problems:
        raise AlertError("; ".join([*lines, *problems]))
    return lines


def due_window(monitor: Monitor, now: datetime) -> Window:
    """The newest window that should be judged by now: its run was due, and its grace is over."""
    from croniter import croniter

    grace = monitor.alerts.health.grace if monitor.alerts.health else GRACE
    moment = (now - grace).astimezone(monitor.tzinfo) + SECOND
    fired: datetime = croniter(monitor.schedule, moment).get_prev(datetime)
    return resolve_window(length=monitor.window, timezone=monitor.tzinfo, data_interval_end=fired)


def _read(path: Path) -> tuple[Monitor | None, str | None]:
    try:
        return load_monitor(path), None
    except MonitorConfigError as error:
        return None, str(error)


def _check(
    settings: Settings, name: str, monitor: Monitor | None, mistake: str | None, now: datetime
) -> tuple[Run, str | None]:
    """Bring the monitor's outages up to date; returns the run that tells of them, and what is wrong."""
    with engine.session(settings.database_url) as session, session.begin():
        episodes.lock_monitor(session, name)
        run = _run(session, settings, name, monitor, now)
        line = _config(session, run, mistake, now)
        if monitor is not None:
            line = _schedule(session, run, now)
    return run, line


def _config(session: Session, run: Run, mistake: str | None, now: datetime) -> str | None:
    """Open or close the outage of a file that does not parse."""
    name, window = run.monitor.monitor, Window(now - SECOND, now)
    row = watch.open_one(session, name, "health:config")
    if mistake is None:
        closed = watch.close_outage(session, name, "health:config", window, now)
        if closed is not None:
            tell_outage(session, run, closed)
        return None
    if row is None or row.cause != mistake:
        tell_outage(session, run, watch.open_outage(session, name, "health:config", window, mistake, now))
    return f"{name} has no Dag: {mistake}"


def _schedule(session: Session, run: Run, now: datetime) -> str | None:
    """Open or close the outage of runs that did not happen."""
    monitor, name = run.monitor, run.monitor.monitor
    due = due_window(monitor, now)
    seen = watch.watched(session, name, due, now)
    if seen.has_newest:
        closed = watch.close_outage(session, name, "health:missed", due, now)
        if closed is not None:
            tell_outage(session, run, closed)
        return None
    if seen.until is None and seen.since > due.end:
        return None  # the file is newer than the window: its first run is still to come
    since = seen.until or due.start
    is_first = watch.open_one(session, name, "health:missed") is None
    missing = Window(since, due.end) if is_first else due
    reason = f"the window {due} should have been judged by {iso(now)}: is the Dag paused, or the scheduler down?"
    row = watch.open_outage(session, name, "health:missed", missing, reason, now)
    tell_outage(session, run, row)
    return f"{name} is not watched since {iso(since)}"


def _run(session: Session, settings: Settings, name: str, monitor: Monitor | None, now: datetime) -> Run:
    """What the messages need to know of the monitor; of one whose file does not parse, what it last said."""
    if monitor is None:
        content = watch.last_config(session, name) or {}
        alerts = Alerts.model_validate(content.get("alerts") or {})
        monitor = Monitor.model_construct(monitor=name, owner=str(content.get("owner") or ""), alerts=alerts)
    alerts = monitor.alerts
    if alerts.health is None and alerts.slack is None and not alerts.receivers:
        monitor = monitor.model_copy(update={"alerts": alerts.model_copy(update={"health": _anybody(settings)})})
    return Run(monitor, Window(now - SECOND, now), f"watchdog__{iso(now)}", "scheduled", settings, now=now)


def _anybody(settings: Settings) -> Health:
    if settings.health_connection and settings.health_channel:
        return Health(connection=settings.health_connection, channel=settings.health_channel)
    message = (
        "nobody can be told whether it is watched: give the monitor file alerts.health, alerts.slack or "
        "alerts.receivers, or set MODELWATCH_HEALTH_CONN_ID and MODELWATCH_HEALTH_CHANNEL"
    )
    raise SettingsError(message)
