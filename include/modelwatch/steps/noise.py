"""`noise`: what a changed monitor file would have paged, from the stored profiles, with nothing fetched again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import pyarrow as pa
from sqlalchemy.orm import Session

from modelwatch.config import Monitor
from modelwatch.config.alerts import Alerts
from modelwatch.domain import Judgement, Measurement, Reject, Sample, Window
from modelwatch.episodes import JudgedWindow, Policy, Replay, judged_window
from modelwatch.errors import StoreError
from modelwatch.profile import Profile, decode_profile
from modelwatch.profile.window import add_groups
from modelwatch.settings import Settings
from modelwatch.steps.episodes import is_regular, own_windows
from modelwatch.steps.lookback import Lookback
from modelwatch.steps.measure import DECIDING, worsening
from modelwatch.steps.past import against
from modelwatch.steps.policy import policy_of
from modelwatch.steps.reference import Reference, load_reference
from modelwatch.steps.rejects import sample_problem
from modelwatch.steps.widen import measure_check, requests_judged, windows_back
from modelwatch.store import engine, episodes, history, watch
from modelwatch.store.history import Judged
from modelwatch.verdict import judge

COUNTS = ("n_seen", "n_duplicate", "n_rejected", "n_total")  # of a sample, as its evidence has them


@dataclass(frozen=True)
class Noise:
    """What would have paged, and what did.

    Attributes:
        windows: the windows compared, oldest first. before, after: those of them that page by the file that judged
            them last, and by the changed one.
        skipped: windows whose counts cannot be judged by the changed file, with the reason; they count as not measured.
    """

    monitor: str
    windows: tuple[Window, ...]
    before: tuple[Window, ...]
    after: tuple[Window, ...]
    skipped: tuple[tuple[Window, str], ...]

    @property
    def more(self) -> tuple[Window, ...]:
        """New pages."""
        return tuple(window for window in self.after if window not in self.before)

    @property
    def fewer(self) -> tuple[Window, ...]:
        """Pages that go away."""
        return tuple(window for window in self.before if window not in self.after)


def noise(monitor: Monitor, settings: Settings, *, days: int) -> Noise:
    """Judge the stored windows of the last ``days`` (before the newest window's end) by a changed file.

    Raises:
        StoreError: the store has no window of this monitor.
    """
    with engine.session(settings.database_url) as session:
        newest = history.newest_window(session, monitor.monitor)
        if newest is None:
            message = f"the store has no window of '{monitor.monitor}'; noise compares windows that were judged"
            raise StoreError(message)
        first = newest.end - timedelta(days=days)
        since = episodes.replay_from(session, monitor.monitor, Window(first, newest.end), of=_longest(session, monitor))
        before = own_windows(session, monitor, since)
        stored = [one for one in history.judged(session, monitor.monitor, since) if is_regular(one.window, monitor)]
        stored.sort(key=lambda one: (one.window.end, one.window.start))
        reference = load_reference(monitor, settings)
        lookback = Lookback.read(session, monitor, settings, reference, [one.window for one in stored])
    skipped: list[tuple[Window, str]] = []
    after = [_again(monitor, reference, lookback, one, skipped) for one in stored]
    compared = tuple(one.window for one in stored if one.window.start >= first)
    return Noise(
        monitor.monitor,
        compared,
        _pages(before, _stored_policy(settings, monitor), compared),
        _pages(after, policy_of(monitor), compared),
        tuple(skipped),
    )


def _pages(windows: list[JudgedWindow], policy: Policy, compared: tuple[Window, ...]) -> tuple[Window, ...]:
    replay = Replay(policy)
    return tuple(one.window for one in windows if replay.add(one) and one.window in compared)


def _again(
    monitor: Monitor, reference: Reference, lookback: Lookback, one: Judged, skipped: list[tuple[Window, str]]
) -> JudgedWindow:
    """The window as the changed file judges it, and those after it look back at it; one that cannot be judged again is
    not measured.
    """
    judgement = Judgement("not_measured", None, (), ())
    if one.profile is not None and one.cells_digest != reference.cells_digest:
        skipped.append((one.window, "it was counted for another reference or other features"))
    elif one.profile is not None:
        current = decode_profile(one.profile, reference.cells)
        measured = _measured(monitor, reference, lookback, one.window, current)
        if monitor.multivariate.detector != "none":
            measured += one.measured_on_rows
        n_judged = requests_judged(measured, one.n_current)
        judgement = judge(measured, monitor.rules(), n_current=n_judged, unmeasured=_unmeasured(monitor, one))
        lookback.judge_again(one.window, judgement.verdict, current)
    return judged_window(one.window, judgement, n_current=one.n_current)


def _measured(
    monitor: Monitor, reference: Reference, lookback: Lookback, window: Window, current: Profile
) -> list[Measurement]:
    """What the counts give for a decision: nobody reads more of it."""
    longer = replace(current, groups=add_groups(current.groups, lookback.groups(window)[0]))
    past = lookback.past(window)
    compared, back = against(monitor, reference, past, window), windows_back(monitor, past, window)
    measured: list[Measurement] = []
    for check in DECIDING:
        counted = longer if check == "fairness" else current
        measured += measure_check(check, compared, counted, back, monitor, DECIDING)
    if monitor.reference.type == "file" and current.outcomes is not None:
        measured += worsening(lookback.outcomes(window), current.outcomes, monitor)
    return measured


def _unmeasured(monitor: Monitor, one: Judged) -> str | None:
    """By the changed file's limits; a task that failed has failed whatever the file says."""
    problem = sample_problem(_sample(one.sample), monitor.rules())
    failed = one.verdict == "not_measured" and " failed: see " in (one.reason or "")
    return problem or (one.reason if failed else None)


def _sample(evidence: Mapping[str, object] | None) -> Sample:
    kept = dict(evidence or {})
    counts = {name: kept[name] for name in COUNTS if name in kept}
    rejects = tuple(Reject(*entry) for entry in kept.get("rejects", ()))  # type: ignore[attr-defined]  # as stored
    return Sample(pa.table({}), rejects=rejects, **{"n_seen": 0, **counts})  # type: ignore[arg-type]  # as stored


def _stored_policy(settings: Settings, monitor: Monitor) -> Policy:
    """The policy of the file that judged the newest window."""
    with engine.session(settings.database_url) as session:
        content = watch.last_config(session, monitor.monitor) or {}
    alerts = Alerts.model_validate(content.get("alerts") or {})
    return policy_of(monitor.model_copy(update={"alerts": alerts}))


def _longest(session: Session, monitor: Monitor) -> int:
    content = watch.last_config(session, monitor.monitor) or {}
    return max(monitor.alerts.open_after.of, Alerts.model_validate(content.get("alerts") or {}).open_after.of)
