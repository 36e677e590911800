"""The windows before the one being judged, and the reference that they make when it is a moving one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import reduce
from math import pi, sqrt
from operator import add

import pyarrow as pa

from modelwatch.calibration.natural import natural_variation, variation_of_steps
from modelwatch.calibration.variation import NONE, Variations, over
from modelwatch.config import Monitor
from modelwatch.domain import Levels, VerdictName, Window
from modelwatch.profile import Profile
from modelwatch.schedule import shifted
from modelwatch.steps.reference import Reference

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
CLOCK_CHANGE = timedelta(hours=1)
AUC_PER_SD, ONE_IN_100 = 1 / (2 * sqrt(pi)), 2.58
HISTORY = 28  # windows whose variation stands for a reference's without timestamps; and the rolling past of performance


@dataclass(frozen=True, eq=False)
class Past:
    """An earlier window, counted in the reference's cells, and how it was judged.

    Attributes:
        rows: gives its bounded rows (`modelwatch.steps.rows.comparable`); None when they are not kept any more.
    """

    window: Window
    profile: Profile
    verdict: VerdictName
    rows: Callable[[], pa.Table | None] = lambda: None

    @property
    def is_quiet(self) -> bool:
        """Measured, and no alert: fit to be compared with."""
        return self.verdict not in ("alert", "not_measured")


@dataclass(frozen=True, eq=False)
class Against:
    """What a window is compared with.

    Attributes:
        variation: natural variation by column, of the windows the profile is made of.
        windows: those that a moving reference is the sum of; none when it is a file.
        shortfall: why a moving reference cannot be used yet; nothing is then judged against it.
    """

    profile: Profile
    variation: Variations = field(default_factory=dict)
    windows: tuple[Past, ...] = ()
    shortfall: str | None = None


def needed(monitor: Monitor, reference: Reference, window: Window) -> timedelta:
    """How far before the window's start its judgement looks; nothing when the reference file says all."""
    length, spec = _length(window), monitor.reference
    moving = {
        "file": timedelta(0) if reference.variation else HISTORY * length,
        "rolling": (spec.n_windows + spec.n_skipped) * length,
        "same_weekday": spec.n_windows * WEEK,
    }
    span = max(moving[spec.type], (monitor.lookback or length) - length)
    return span + CLOCK_CHANGE if span else span


def rolling_past(window: Window, monitor: Monitor) -> Window:
    """The span of the windows before this one that its performance is compared with."""
    return Window(shifted(window.start, -HISTORY * _length(window), monitor.tzinfo), window.start)


def against(monitor: Monitor, reference: Reference, past: Sequence[Past], window: Window | None) -> Against:
    """The profile and the natural variation that the window is compared with.

    Args:
        monitor: its ``reference`` says which kind.
        reference: the fitted file, whose cells everything is counted in.
        past: earlier windows, oldest first; those that overlap the window are never used.
        window: the window to be judged; None for a file without timestamps, which has no windows before it.
    """
    ended = [one for one in past if window and one.window.end <= window.start and _alike(one.window, window)]
    if monitor.reference.type == "file":
        longer = _length(window) / monitor.window if window else 1.0
        own = over(
            reference.variation, longer
        )  # of windows as the monitor cuts them; a run by hand may ask for another
        return Against(reference.profile, own or _of_history(ended, reference.profile))
    choose = _rolling if monitor.reference.type == "rolling" else _same_weekdays
    chosen = choose(monitor, ended, window) if window else []
    quiet = [one for one in chosen if one.is_quiet and one.profile.n_rows]
    minimum = monitor.reference.n_needed
    if len(quiet) < minimum:
        kind = monitor.reference.type.replace("_", "-")
        shortfall = f"the {kind} reference has {len(quiet)} of the {minimum} windows it needs"
        return Against(reference.profile, shortfall=shortfall)
    natural = [one.profile for one in quiet if one.verdict != "warning"]  # a change must not excuse itself
    return Against(reduce(add, [one.profile for one in quiet]), natural_variation(natural), tuple(quiet))


def unsteady_features(monitor: Monitor, variation: Variations) -> frozenset[str]:
    """The features whose natural variation alone makes the multivariate check warn in a quiet window of a hundred.

    Moved by d standard deviations, a column tells two samples apart with an AUC of Phi(d / sqrt 2), about 0.5 + 0.28 d;
    d^2 is its chi-square distance, of which ``bound_of_one`` is the natural one.
    """
    levels = monitor.rules().levels.get("auc_domain", Levels(0.6))
    room = (levels.warning or levels.alert or 0.6) - 0.5
    return frozenset(
        name
        for name in monitor.features
        if AUC_PER_SD * ONE_IN_100 * sqrt(variation.get(name, NONE).distribution.bound_of_one) >= room
    )


def _rolling(monitor: Monitor, ended: Sequence[Past], window: Window) -> list[Past]:
    """The windows between ``offset + windows`` and ``offset`` window lengths before this one."""
    length, spec = _length(window), monitor.reference
    last = shifted(window.start, -spec.n_skipped * length, monitor.tzinfo)
    first = shifted(window.start, -(spec.n_skipped + spec.n_windows) * length, monitor.tzinfo)
    return [one for one in ended if first <= one.window.start and one.window.end <= last]


def _same_weekdays(monitor: Monitor, ended: Sequence[Past], window: Window) -> list[Past]:
    """The windows that began on the same weekday at the same local time, up to ``windows`` weeks before."""
    weeks = range(1, monitor.reference.n_windows + 1)
    starts = {shifted(window.start, -n * WEEK, monitor.tzinfo) for n in weeks}
    return [one for one in ended if one.window.start in starts]


def _of_history(ended: Sequence[Past], reference: Profile) -> Variations:
    """What the last quiet windows show, for a reference that is as many windows as its rows would fill."""
    windows = [one.profile for one in ended if one.verdict == "ok" and one.profile.n_rows][-HISTORY:]
    return variation_of_steps(windows, reference)


def _alike(one: Window, other: Window) -> bool:
    """Of one length; days differ by an hour when the clocks change."""
    return _length(one) == _length(other)


def _length(window: Window) -> timedelta:
    """The window's length by the calendar: whole days, whatever the clocks did in them."""
    length = window.end - window.start
    days = round(length / DAY)
    return days * DAY if days and abs(length - days * DAY) <= CLOCK_CHANGE else length
