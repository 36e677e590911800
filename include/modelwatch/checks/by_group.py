"""A line for each group: its rates, and how it fares against the rest, the reference group or the most selected one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from modelwatch.calibration.gaps import MIN_EVENTS, each_against, needed
from modelwatch.calibration.group_counts import GroupCounts
from modelwatch.calibration.intervals import difference_interval, rate_interval, ratio_interval
from modelwatch.calibration.shrinkage import shrunken_rates
from modelwatch.checks.groups import OTHER, Groups
from modelwatch.domain import Measurement
from modelwatch.metrics.fairness import RATES, TRIALS, Rate, counts_of, shares

Floats = NDArray[np.float64]

_COMPLEMENT: Rate = "false_negative_rate"


def group_measurements(attributes: Sequence[Groups]) -> list[list[Measurement]]:
    """Every attribute's lines, the rates of all of them from one fairlearn frame."""
    listings = [[_Listing(groups, rate) for rate in RATES if groups.measures(rate)] for groups in attributes]
    every = [one.counts.take(one.defined) for its_own in listings for one in its_own if one.rate != _COMPLEMENT]
    nobody = np.zeros(0, dtype=np.int64)
    x, n = (np.concatenate([nobody, *parts]) for parts in ([one.x for one in every], [one.n for one in every]))
    rates = iter(shares(x, n))
    lines = [_lines(its_own, rates) for its_own in listings]
    return [[*mine, *_comparisons(groups)] for groups, mine in zip(attributes, lines, strict=True)]


def _lines(listings: list["_Listing"], rates: Iterator[float]) -> list[Measurement]:
    """One attribute's; the false negative rates are what the true positive rates leave."""
    values: dict[Rate, list[float]] = {}
    for one in listings:
        is_complement = one.rate == _COMPLEMENT
        hits = values["true_positive_rate"] if is_complement else list(islice(rates, int(one.defined.sum())))
        values[one.rate] = [1 - hit for hit in hits] if is_complement else hits
    return [m for one in listings for m in one.measurements(values[one.rate])]


class _Listing:
    """One rate of each of the listed groups: small ones are listed as insufficient, never dropped."""

    def __init__(self, groups: Groups, rate: Rate) -> None:
        self.groups, self.rate = groups, rate
        self.names = [groups.label(i) for i in groups.listed]
        cubes = [groups.cubes[i] for i in groups.listed]
        if groups.pooled is not None:
            self.names.append(groups.table.group((OTHER,) * len(groups.table.attributes)))
            cubes.append(groups.pooled)
        self.counts = GroupCounts(*counts_of(cubes, rate))
        self.defined = self.counts.n > 0

    def measurements(self, values: list[float]) -> list[Measurement]:
        """One for each group; ``values`` are the rates of the defined ones."""
        defined = self.counts.take(self.defined)
        ends = rate_interval(defined.x, defined.n, alpha=self.groups.alpha / max(1, len(defined.n)))
        known = iter(zip(values, *(end.tolist() for end in ends), strict=True))
        shrunken, found = self._shrunken(), []
        for i, base in enumerate(self._bases()):
            if not self.defined[i]:
                found.append(replace(base, reason=f"no {TRIALS[self.rate]} in this group"))
                continue
            value, low, high = next(known)
            seen = (high - low) / 2
            m = replace(base, value=value, effect=value, ci_low=low, ci_high=high, smallest_detectable=seen)
            m = self._gated(m)
            found.append(self._drawn(m, *shrunken[i]) if i < len(shrunken) else m)
        return found

    def _bases(self) -> Iterator[Measurement]:
        before, listed = self.groups.reference_counts(self.rate), self.groups.listed
        rest = f"the {len(self.groups.levels) - len(listed)} smallest groups together"
        for i, name in enumerate(self.names):
            is_listed = i < len(listed)
            n_reference = int(before.n[listed[i]]) if before is not None and is_listed else 0
            yield Measurement(
                "fairness",
                self.rate,
                None,
                n_reference or None,
                int(self.counts.n[i]),
                group=name,
                evidence=None if is_listed else rest,
            )

    def _gated(self, m: Measurement) -> Measurement:
        """Insufficient, with the number that would be needed, unless the group is large enough."""
        everyone = self.groups.counts(self.rate)
        need = needed(everyone)
        if m.n_current >= need:
            return m
        rarer = "events" if 2 * everyone.x.sum() <= everyone.n.sum() else "non-events"
        reason = f"{m.n_current} {TRIALS[self.rate]}; about {need} are needed for {MIN_EVENTS} {rarer}"
        return replace(m, sufficient=False, reason=reason)

    def _drawn(self, m: Measurement, shrunken: float, predicted: float) -> Measurement:
        names = " and ".join(self.groups.table.attributes)
        evidence = f"{shrunken:.3g} when drawn towards the {predicted:.3g} that {names} alone predict"
        return replace(m, effect=shrunken, evidence=evidence)

    def _shrunken(self) -> list[tuple[float, float]]:
        """An intersection's selection rates, drawn towards what its features alone predict, and that prediction."""
        features, levels = range(len(self.groups.table.attributes)), [self.groups.levels[i] for i in self.groups.listed]
        if self.rate != "selection_rate" or len(features) < 2 or len(levels) < 2:
            return []
        columns = [np.unique([level[j] for level in levels], return_inverse=True)[1] for j in features]
        x, n = self.counts.x[: len(levels)], self.counts.n[: len(levels)]
        shrunken, predicted = shrunken_rates(x, n, np.column_stack(columns))
        return list(zip(shrunken.tolist(), predicted.tolist(), strict=True))


@dataclass(frozen=True)
class _Comparison:
    """A metric of one group against another: how its value and its interval are computed."""

    metric: str
    interval: Callable[..., tuple[Floats, Floats]]
    measure: Callable[[Floats, Floats], Floats]
    of_favourable: bool = False


_DIFFERENCE = _Comparison("statistical_parity_difference", difference_interval, np.subtract)
_RATIO = _Comparison("impact_ratio", ratio_interval, np.divide)
_FAVOURABLE = _Comparison("favourable_impact_ratio", ratio_interval, np.divide, of_favourable=True)


def _comparisons(groups: Groups) -> list[Measurement]:
    """Each listed group that is large enough, against what it is compared with."""
    large, against = groups.comparable("selection_rate")
    if large.sum() < 2 or against is None:
        return []
    wanted = (_DIFFERENCE, _RATIO, _FAVOURABLE) if groups.is_adverse else (_DIFFERENCE, _RATIO)
    return [m for comparison in wanted for m in _compared(groups, comparison)]


def _compared(groups: Groups, comparison: _Comparison) -> Iterator[Measurement]:
    large, against = groups.comparable("selection_rate")
    places, counts = np.flatnonzero(large), groups.counts("selection_rate").take(large)
    counts = counts.non_events() if comparison.of_favourable else counts
    pairs, lows, highs = each_against(counts, against or 0, alpha=groups.alpha, interval=comparison.interval)
    x1, n1, x2, n2 = pairs.sides(counts)
    before = groups.reference_counts("selection_rate")
    listed = set(groups.listed)
    for i, place in enumerate(places[pairs.first].tolist()):
        if place not in listed:
            continue
        other = "the rest" if pairs.second[i] < 0 else groups.label(int(places[pairs.second[i]]))
        n_reference = None if before is None else int(before.n[place]) or None
        base = Measurement("fairness", comparison.metric, None, n_reference, int(n1[i]), group=groups.label(place))
        if comparison.metric != _DIFFERENCE.metric and x2[i] == 0:
            yield replace(base, reason=f"{other} has no such request to divide by")
            continue
        value = float(comparison.measure(x1[i] / n1[i], x2[i] / n2[i]))
        evidence = f"against {other}, {x2[i] / n2[i]:.3g} (n={n2[i]})"
        low, high = float(lows[i]), float(highs[i])
        seen = (min(high, 2.0) - low) / 2  # a ratio's interval may have no upper end
        sides = replace(base, ci_low=low, ci_high=high, smallest_detectable=seen if low < 2 else None)
        yield replace(sides, value=value, effect=value, evidence=evidence)
