"""One check of one window: against its reference, over as many windows before it as there must be to tell."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate
from operator import add

from modelwatch.calibration.variation import over
from modelwatch.config import Monitor
from modelwatch.domain import Check, Measurement, Rules, Window
from modelwatch.profile import Profile
from modelwatch.schedule import shifted
from modelwatch.steps.measure import MEASURES, Measure
from modelwatch.steps.past import Against, Past
from modelwatch.verdict import could_tell, has_crossed

NEED_NO_REFERENCE = ("fairness",)


def windows_back(monitor: Monitor, past: Sequence[Past], window: Window) -> list[Past]:
    """The measured windows that the lookback may add to this one, newest first; alerts too, for they are evidence."""
    length = monitor.lookback
    if length is None:
        return []
    start = shifted(window.end, -length, monitor.tzinfo)
    within = [one for one in past if start <= one.window.start and one.window.end <= window.start]
    return [one for one in reversed(within) if one.verdict != "not_measured"]


def measure_check(
    check: Check,
    against: Against,
    current: Profile,
    back: Sequence[Past],
    monitor: Monitor,
    measures: Mapping[Check, Measure] = MEASURES,
) -> list[Measurement]:
    """The check's measurements; each column by the fewest windows that can show an effect at its threshold.

    Args:
        check: which check.
        against: what the window is compared with.
        current: the window's own counts.
        back: the windows before it that the lookback may add, newest first.
        monitor: its thresholds say what must be seen.
        measures: how each check is measured.
    """
    measure = measures[check]
    if against.shortfall is not None:
        if check not in NEED_NO_REFERENCE:
            return [_unjudged(m, against.shortfall) for m in measure(against.profile, current, monitor, {})]
        against = replace(against, profile=replace(against.profile, groups={}))
    if check == "fairness" and monitor.fairness and monitor.fairness.window:
        back = []  # the groups of that longer window are in the profile already
        against = replace(against, variation=over(against.variation, monitor.fairness.window / monitor.window))
    if not back or not current.n_rows:  # a window of no requests is not made good by those before it
        return measure(against.profile, current, monitor, against.variation)
    sums = list(accumulate([current, *(one.profile for one in back)], add))
    return _Widening(check, measure, against, sums, monitor).measurements()


def settled(measured: Sequence[Measurement], rules: Rules, *, alpha: float) -> bool:
    """Something crossed, which more windows would only dilute, or everything would have shown a crossing."""
    return any(has_crossed(m, rules, alpha=alpha) for m in measured) or _could_all_tell(measured, rules)


def fewest(measure: Callable[[int], list[Measurement]], low: int, high: int, rules: Rules) -> list[Measurement]:
    """The measurements by the fewest windows that can tell, more than ``low`` of them; by all when none can.

    How much they tell grows with their number, so that few looks find it; what they show is no matter here, for a
    look at every sum until one crosses would find chance itself.

    Args:
        measure: measures with that many windows added.
        low, high: ``low`` windows cannot tell; ``high`` are all there are, at least ``low``.
        rules: the thresholds.
    """
    measured = measure(high)
    if not _could_all_tell(measured, rules):
        return measured
    while high - low > 1:
        middle = (low + high) // 2
        tried = measure(middle)
        if _could_all_tell(tried, rules):
            high, measured = middle, tried
        else:
            low = middle
    return measured


def _could_all_tell(measured: Sequence[Measurement], rules: Rules) -> bool:
    return all(could_tell(m, rules) for m in measured)


def requests_judged(measured: Sequence[Measurement], n_rows: int) -> int:
    """The requests a verdict rests on: the window's own and those that the lookback added to all of it."""
    return max([n_rows, *(m.n_current for m in measured if m.metric == "row_count")])


class _Widening:
    """The sums of a window and of ever more windows before it."""

    def __init__(self, check: Check, measure: Measure, against: Against, sums: list[Profile], monitor: Monitor) -> None:
        self.check, self.measure, self.against, self.sums, self.monitor = check, measure, against, sums, monitor
        self.rules = monitor.rules()

    def measurements(self) -> list[Measurement]:
        """As many windows as the minimum takes; then more of them for each column that still cannot tell."""
        enough = (i for i, one in enumerate(self.sums) if one.n_rows >= self.rules.minimum)
        first = next(enough, len(self.sums) - 1)
        measured = self._measure(self.sums[first], first)
        columns: dict[str, list[Measurement]] = {}
        owners = self._owners()
        for m in measured:
            columns.setdefault(_owner(m, owners), []).append(m)
        alpha = self.rules.false_discovery_rate / max(1, len(self.against.profile.columns))
        widened: list[Measurement] = []
        for name, own in columns.items():
            if settled(own, self.rules, alpha=alpha):
                widened += own
            else:
                widened += fewest(partial(self._column, name), first, len(self.sums) - 1, self.rules)
        return widened

    def _column(self, name: str, added: int) -> list[Measurement]:
        return [m for m in self._measure(_only(self.sums[added], name), added) if m.metric != "row_count"]

    def _measure(self, current: Profile, added: int) -> list[Measurement]:
        variation = over(self.against.variation, added + 1)
        measured = self.measure(self.against.profile, current, self.monitor, variation)
        if not added:
            return measured
        own = self.sums[0].n_rows
        return [
            replace(with_note(m, added), value=float(own) if m.metric == "row_count" else m.value) for m in measured
        ]

    def _owners(self) -> Mapping[str, str]:
        """The attribute of each group; for other checks none."""
        tables = self.sums[-1].groups.values() if self.check == "fairness" else ()
        return {table.group(levels): table.attribute for table in tables for levels in table.counts}


def with_note(m: Measurement, added: int) -> Measurement:
    """The measurement, saying that it rests on windows before its own too."""
    note = f"with the {added} stored windows before it" if added > 1 else "with the stored window before it"
    return replace(m, evidence=f"{m.evidence}; {note}" if m.evidence else note)


def _owner(m: Measurement, owners: Mapping[str, str]) -> str:
    return m.feature or owners.get(m.group or "", m.group or "")


def _only(profile: Profile, name: str) -> Profile:
    """One column, or the groups of one attribute."""
    columns = {key: one for key, one in profile.columns.items() if key == name}
    return replace(profile, columns=columns, groups={key: one for key, one in profile.groups.items() if key == name})


def _unjudged(m: Measurement, reason: str) -> Measurement:
    """The measurement without what there was nothing to compare with for; the row count needs no reference."""
    if m.metric == "row_count":
        return m
    return Measurement(
        m.check, m.metric, None, m.n_reference, m.n_current, m.feature, m.group, sufficient=False, reason=reason
    )
