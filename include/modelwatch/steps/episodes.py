"""From a judged window to episodes: whether it pages, and the tables after it, in the transaction that stores it."""

from datetime import datetime

from sqlalchemy.orm import Session

from modelwatch.config import Monitor
from modelwatch.domain import Judgement, Window
from modelwatch.episodes import JudgedWindow, Replay, episodes_of, judged_window
from modelwatch.errors import SettingsError
from modelwatch.schedule import windows_between
from modelwatch.steps.policy import policy_of
from modelwatch.steps.run import Run
from modelwatch.store import episodes as store
from modelwatch.store.episodes import Change
from modelwatch.store.repository import NewEvaluation


def counts(run: Run) -> bool:
    """Whether a run's window is one of the monitor's own, over all versions of the model.

    A look at one afternoon or one version is stored and judged, but neither opens nor closes anything.
    """
    return run.model_version is None and is_regular(run.window, run.monitor)


def is_regular(window: Window, monitor: Monitor) -> bool:
    """Whether the monitor's calendar has this window."""
    try:
        cut = windows_between(window.start, window.end, length=monitor.window, timezone=monitor.tzinfo)
    except SettingsError:
        return False
    return cut == [window]


def would_page(session: Session, run: Run, judgement: Judgement, new: NewEvaluation) -> bool:
    """Whether the window opens or worsens an episode, given the stored windows before it."""
    policy, name = policy_of(run.monitor), run.monitor.monitor
    since = store.replay_from(session, name, run.window, of=policy.of)
    replay = Replay(policy)
    for judged in _before(own_windows(session, run.monitor, since), run.window):
        replay.add(judged)
    this = judged_window(run.window, judgement, n_current=new.n_current, awaits_labels=new.awaits_labels)
    return replay.add(this)


def record(session: Session, run: Run) -> tuple[list[Change], list[JudgedWindow]]:
    """Bring the episodes up to date with the stored windows; returns what they are now, and the windows replayed."""
    policy, name = policy_of(run.monitor), run.monitor.monitor
    since = store.replay_from(session, name, run.window, of=policy.of)
    windows = own_windows(session, run.monitor, since)
    changes = store.write_episodes(session, name, episodes_of(windows, policy), since)
    for change in changes:
        _note(session, change, run)
    return changes, windows


def own_windows(session: Session, monitor: Monitor, since: datetime) -> list[JudgedWindow]:
    """The stored windows of the monitor's own calendar that end after ``since``, in order."""
    windows = store.history(session, monitor.monitor, since)
    own = [judged for judged in windows if is_regular(judged.window, monitor)]
    return sorted(own, key=lambda judged: (judged.window.end, judged.window.start))


def _before(windows: list[JudgedWindow], window: Window) -> list[JudgedWindow]:
    return [one for one in windows if (one.window.end, one.window.start) < (window.end, window.start)]


def _note(session: Session, change: Change, run: Run) -> None:
    """Add what has happened to the episode's trail."""
    row, status = change.row, change.row.status
    about = {"at": run.moment, "window_end": run.window.end}
    if change.before is None:
        store.add_event(session, row, "opened", "opened", **about)
    elif status == "open" != change.before:
        store.add_event(session, row, "reopened", f"reopened:{run.run_id}", **about)
    if status not in ("open", change.before):
        store.add_event(session, row, status, f"{status}:{run.run_id}", **about)
    if row.severity == "critical":
        store.add_event(session, row, "escalated", "escalated", **about)
