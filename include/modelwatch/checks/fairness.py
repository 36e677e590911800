"""Group fairness: rates by group, their differences and ratios, each with the interval that decides."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from modelwatch.calibration.gaps import Gap, change_gap, difference_gap, needed, ratio_gap, unbounded_gap
from modelwatch.calibration.variation import NONE, Variations
from modelwatch.checks.by_group import group_measurements
from modelwatch.checks.groups import Groups
from modelwatch.domain import NO_LABELS, Compare, Measurement, Outcome
from modelwatch.metrics.fairness import Rate
from modelwatch.profile.groups import GroupTable

ENOUGH_FOR_QUIET = 200  # requests of a group that, without one event among them, still bound its rate below 5 %
_SELECTION: Rate = "selection_rate"
_WITH_LABELS = ("equal_opportunity_difference", "false_positive_rate_difference", "equalized_odds_difference")


def measure_fairness(
    reference: Mapping[str, GroupTable],
    current: Mapping[str, GroupTable],
    *,
    alpha: float,
    compare: Compare = "extremes",
    outcome: Outcome = "favourable",
    variation: Variations = MappingProxyType({}),
) -> list[Measurement]:
    """Every fairness metric of every sensitive feature and intersection.

    Args:
        reference, current: group tables by attribute.
        alpha: one minus the confidence of all intervals of a metric together, over the attributes and their comparisons
            (Bonferroni).
        compare: each group with every other ("extremes"), with the "rest", or with a named group (attribute -> level).
        outcome: whether being selected is good for the person; for "adverse" the favourable outcome is compared too.
        variation: natural variation by group, which widens the change of a gap.
    """
    groups = [
        Groups(table, reference.get(name), alpha / len(current), compare, outcome) for name, table in current.items()
    ]
    listed = group_measurements(groups)
    return [
        m
        for one, its_own in zip(groups, listed, strict=True)
        for m in [*its_own, *AcrossGroups(one, variation).measurements()]
    ]


@dataclass(frozen=True)
class Unclear:
    """Why groups cannot be compared, with what is known all the same."""

    reason: str
    gap: Gap | None = None
    is_bounded: bool = False
    is_too_small: bool = True


class AcrossGroups:
    """The metrics across one attribute's groups."""

    def __init__(self, groups: Groups, variation: Variations = MappingProxyType({})) -> None:
        self.groups, self.variation = groups, variation

    def measurements(self) -> list[Measurement]:
        """Demographic parity and its change; with labels also the differences of the error rates."""
        results = [self._difference("demographic_parity_difference", "selection_rate"), *self._ratios(), self._change()]
        if not self.groups.has_labels:
            return results + [self._result(name, "selection_rate", reason=NO_LABELS) for name in _WITH_LABELS]
        return [
            *results,
            self._difference("equal_opportunity_difference", "true_positive_rate"),
            self._difference("false_positive_rate_difference", "false_positive_rate"),
            self._odds(),
        ]

    def _difference(self, metric: str, rate: Rate) -> Measurement:
        return self._of_gap(metric, rate, self._difference_gap(rate, self.groups.alpha))

    def _difference_gap(self, rate: Rate, alpha: float) -> Gap | Unclear:
        """The gap of the groups with enough events; of the others only that it is small, where that can be said."""
        chosen, against = self.groups.comparable(rate)
        if against is not None and chosen.sum() > 1:
            return self._named(difference_gap(self.groups.counts(rate).take(chosen), against, alpha=alpha), chosen)
        unclear, counts = self._unclear(rate), self.groups.counts(rate)
        many, defined = counts.n >= ENOUGH_FOR_QUIET, counts.n > 0
        if many.sum() > 1:
            gap = self._named(difference_gap(counts.take(many), "extremes", alpha=alpha), many)
            return replace(unclear, gap=gap, is_bounded=True)
        if defined.sum() > 1:
            return replace(unclear, gap=self._named(unbounded_gap(counts.take(defined)), defined))
        return unclear

    def _unclear(self, rate: Rate) -> Unclear:
        if not self.groups.levels:
            return Unclear("no decision in the window")
        if len(self.groups.levels) < 2:
            return Unclear("a single group: nothing to compare it with", is_too_small=False)
        return Unclear(self.groups.why_not(rate))

    def _ratios(self) -> list[Measurement]:
        ratios = [self._ratio("demographic_parity_ratio", is_favourable=False)]
        return (
            [*ratios, self._ratio("favourable_parity_ratio", is_favourable=True)] if self.groups.is_adverse else ratios
        )

    def _ratio(self, metric: str, *, is_favourable: bool) -> Measurement:
        rate = _SELECTION
        chosen, against = self.groups.comparable(rate)
        if against is None or chosen.sum() < 2:
            return self._of_gap(metric, rate, self._unclear(rate))
        counts = self.groups.counts(rate).take(chosen)
        gap = ratio_gap(counts.non_events() if is_favourable else counts, against, alpha=self.groups.alpha)
        if gap is None:
            return self._result(metric, rate, reason="no group had a selected request")
        return self._of_gap(metric, rate, self._named(gap, chosen), is_favourable=is_favourable)

    def _change(self) -> Measurement:
        """How much wider a gap is than it was in the reference, among groups large enough in both."""
        metric, rate = "demographic_parity_difference_change", _SELECTION
        now, before = self.groups.counts(rate), self.groups.reference_counts(rate)
        if before is None:
            return self._result(metric, rate, reason="the reference has no decisions of these groups")
        if len(now.n) < 2:
            return self._of_gap(metric, rate, self._unclear(rate))
        large = (now.n >= needed(now)) & (before.n >= needed(before))
        against = self.groups.against_within(large)
        if large.sum() < 2 or against is None:
            reason = f"{self.groups.why_not(rate, large)} both now and in the reference ({needed(before)})"
            return self._result(metric, rate, reason=reason, sufficient=False)
        of_change = [self.variation.get(self.groups.label(i), NONE).of_change for i in np.flatnonzero(large)]
        both, extra = (now.take(large), before.take(large)), np.array(of_change)
        gap = change_gap(*both, against, alpha=self.groups.alpha, variation=extra)
        gap = self._named(gap, large)
        evidence = self.groups.moved(gap.first, gap.second, now, before)
        return replace(self._of_gap(metric, rate, gap), evidence=evidence)

    def _odds(self) -> Measurement:
        """The larger of two differences: each interval gets half of alpha, so that both hold together."""
        rates: tuple[Rate, Rate] = ("true_positive_rate", "false_positive_rate")
        metric = "equalized_odds_difference"
        gaps = [self._difference_gap(rate, self.groups.alpha / 2) for rate in rates]
        clear = [gap for gap in gaps if isinstance(gap, Gap)]
        if len(clear) < 2:
            return self._of_gap(
                metric, *next((r, g) for r, g in zip(rates, gaps, strict=True) if isinstance(g, Unclear))
            )
        larger = 0 if clear[0].value >= clear[1].value else 1
        low, high = max(gap.low for gap in clear), max(gap.high for gap in clear)
        return self._of_gap(metric, rates[larger], replace(clear[larger], low=low, high=high))

    def _named(self, gap: Gap, chosen: Any) -> Gap:  # noqa: ANN401  # a mask of any length
        """The gap with its groups numbered among all groups, not among the chosen ones."""
        places = np.flatnonzero(chosen)
        second = int(places[gap.second]) if gap.second >= 0 else -1
        return replace(gap, first=int(places[gap.first]), second=second)

    def _of_gap(self, metric: str, rate: Rate, found: Gap | Unclear, *, is_favourable: bool = False) -> Measurement:
        gap = found.gap if isinstance(found, Unclear) else found
        base = self._result(metric, rate)
        if gap is not None:
            counts = self.groups.counts(rate)
            counts = counts.non_events() if is_favourable else counts
            evidence = self.groups.two(gap.second, gap.first, counts)
            base = replace(base, value=gap.value, effect=gap.value, evidence=evidence)
        if isinstance(found, Unclear):
            has_interval = gap is not None and found.is_bounded
            base = replace(base, sufficient=not found.is_too_small, reason=found.reason)
            return replace(base, ci_low=gap.low, ci_high=gap.high) if gap is not None and has_interval else base
        return replace(base, ci_low=found.low, ci_high=found.high, smallest_detectable=found.half_width)

    def _result(self, metric: str, rate: Rate, *, reason: str | None = None, sufficient: bool = True) -> Measurement:
        """A metric across the groups; its group is the attribute itself."""
        before = self.groups.reference_counts(rate)
        return Measurement(
            check="fairness",
            metric=metric,
            group=self.groups.table.attribute,
            value=None,
            n_reference=None if before is None else int(before.n.sum()),
            n_current=int(self.groups.counts(rate).n.sum()),
            sufficient=sufficient,
            reason=reason,
        )
