"""Group fairness: rates by group, their differences and ratios, each with the interval that decides."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from modelwatch.calibration import intervals
from modelwatch.domain import Measurement
from modelwatch.metrics import fairness
from modelwatch.metrics.fairness import Cube, Levels, Rate
from modelwatch.profile.groups import GroupTable

MIN_EVENTS = 10  # selected and not selected a group must be expected to have before its rate can accuse anyone


def measure_fairness(
    reference: Mapping[str, GroupTable], current: Mapping[str, GroupTable], *, alpha: float
) -> list[Measurement]:
    """Every fairness metric of every sensitive feature and intersection.

    Args:
        reference, current: group tables by attribute.
        alpha: one minus the confidence of the intervals, before it is shared among the pairs of groups.
    """
    return [
        measurement
        for attribute, table in current.items()
        for measurement in AttributeFairness(table, reference.get(attribute), alpha).measurements()
    ]


@dataclass(frozen=True)
class Extremes:
    """The two groups a difference and a ratio compare, with the interval of each."""

    difference: float
    difference_interval: tuple[float, float]
    ratio: float | None
    ratio_interval: tuple[float, float]
    n: int
    evidence: str


class AttributeFairness:
    """One sensitive feature's (or intersection's) groups in the window."""

    def __init__(self, table: GroupTable, reference: GroupTable | None, alpha: float) -> None:
        self.table, self.reference, self.alpha = table, reference, alpha
        self.n = sum(int(cube.sum()) for cube in table.counts.values())
        self.n_reference = sum(int(cube.sum()) for cube in reference.counts.values()) if reference else None
        self.has_labels = any(int(cube[:, :2].sum()) for cube in table.counts.values())

    def measurements(self) -> list[Measurement]:
        """Selection rates and demographic parity; with labels also the error rates and their differences."""
        results = [*self._groups("selection_rate"), *self._parity()]
        if not self.has_labels:
            names = ("true_positive_rate", "false_positive_rate", *_WITH_LABELS)
            return results + [self._across(name, None, reason="no labels") for name in names]
        for rate in ("true_positive_rate", "false_positive_rate", "false_negative_rate"):
            results += self._groups(rate)
        return results + self._odds()

    def _groups(self, rate: Rate) -> list[Measurement]:
        """One result per group: small ones are listed as insufficient, never dropped."""
        defined = {k: v for k, v in self.table.counts.items() if fairness.denominator(v, rate)}
        rates = fairness.rates_by_group(defined, rate) if defined else {}
        return [self._group(levels, cube, rate, rates.get(levels)) for levels, cube in self.table.counts.items()]

    def _group(self, levels: Levels, cube: Cube, rate: Rate, value: float | None) -> Measurement:
        n = fairness.denominator(cube, rate)
        base = Measurement(
            check="fairness",
            metric=rate,
            group=self.table.group(levels),
            value=value,
            n_reference=self._n_reference(levels, rate),
            n_current=n,
        )
        if value is None:
            return replace(base, reason="no request to divide by in this group")
        low, high = intervals.rate_interval(fairness.numerator(cube, rate), n, alpha=self.alpha)
        needed = self._needed(rate)
        enough = n >= needed
        reason = None if enough else f"{n} requests; about {needed} are needed for {MIN_EVENTS} events"
        return replace(base, effect=value, ci_low=low, ci_high=high, sufficient=enough, reason=reason)

    def _n_reference(self, levels: Levels, rate: Rate) -> int | None:
        cube = self.reference.counts.get(levels) if self.reference else None
        return None if cube is None else fairness.denominator(cube, rate)

    def _needed(self, rate: Rate) -> int:
        """Requests a group needs so that, at the overall rate, it would have `MIN_EVENTS` of either kind."""
        cubes = self.table.counts.values()
        n = sum(fairness.denominator(cube, rate) for cube in cubes)
        share = (sum(fairness.numerator(cube, rate) for cube in cubes) + 0.5) / (n + 1)
        return int(-(-MIN_EVENTS // min(share, 1 - share)))

    def _parity(self) -> list[Measurement]:
        extremes, reason = self._extremes("selection_rate")
        difference, ratio = "demographic_parity_difference", "demographic_parity_ratio"
        if extremes is None:
            return [self._across(name, None, reason=reason, sufficient=False) for name in (difference, ratio)]
        if extremes.ratio is None:
            no_ratio = self._across(ratio, None, reason="no group had a selected request")
            return [self._difference(difference, extremes), no_ratio]
        low, high = extremes.ratio_interval
        evidence = extremes.evidence
        measured = self._across(ratio, extremes.ratio, interval=(low, high), n=extremes.n, evidence=evidence)
        return [self._difference(difference, extremes), measured]

    def _odds(self) -> list[Measurement]:
        tpr, tpr_reason = self._extremes("true_positive_rate")
        fpr, fpr_reason = self._extremes("false_positive_rate")
        opportunity = (
            self._difference("equal_opportunity_difference", tpr)
            if tpr
            else self._across("equal_opportunity_difference", None, reason=tpr_reason, sufficient=False)
        )
        if tpr is None or fpr is None:
            reason = tpr_reason or fpr_reason
            odds = self._across("equalized_odds_difference", None, reason=reason, sufficient=False)
        else:
            larger = tpr if tpr.difference >= fpr.difference else fpr
            odds = self._difference("equalized_odds_difference", larger)
        return [opportunity, odds]

    def _extremes(self, rate: Rate) -> tuple[Extremes | None, str | None]:
        """The groups with the highest and the lowest rate, among those with enough requests."""
        needed = self._needed(rate)
        large = {k: v for k, v in self.table.counts.items() if fairness.denominator(v, rate) >= needed}
        if len(large) < 2:
            return None, f"{len(large)} of {len(self.table.counts)} groups have the {needed} requests needed"
        rates = fairness.rates_by_group(large, rate)
        low, high = min(rates, key=rates.__getitem__), max(rates, key=rates.__getitem__)
        x1, n1 = fairness.numerator(large[high], rate), fairness.denominator(large[high], rate)
        x2, n2 = fairness.numerator(large[low], rate), fairness.denominator(large[low], rate)
        pairs = len(large) * (len(large) - 1) // 2  # the extremes were picked among all pairs
        alpha = self.alpha / pairs
        evidence = (
            f"{self.table.group(low)} {rates[low]:.3g} (n={n2}), {self.table.group(high)} {rates[high]:.3g} (n={n1})"
        )
        return Extremes(
            fairness.difference(rates),
            intervals.difference_interval(x1, n1, x2, n2, alpha=alpha),
            fairness.ratio(rates),
            intervals.ratio_interval(x2, n2, x1, n1, alpha=alpha),
            n1 + n2,
            evidence,
        ), None

    def _difference(self, metric: str, extremes: Extremes) -> Measurement:
        low, high = extremes.difference_interval
        return self._across(metric, extremes.difference, interval=(low, high), n=extremes.n, evidence=extremes.evidence)

    def _across(
        self,
        metric: str,
        value: float | None,
        *,
        interval: tuple[float, float] | None = None,
        n: int | None = None,
        reason: str | None = None,
        sufficient: bool = True,
        evidence: str | None = None,
    ) -> Measurement:
        """A metric across the groups; its group is the attribute itself."""
        return Measurement(
            check="fairness",
            metric=metric,
            group=self.table.attribute,
            value=value,
            effect=value,
            ci_low=interval[0] if interval else None,
            ci_high=interval[1] if interval else None,
            smallest_detectable=(interval[1] - interval[0]) / 2 if interval else None,
            n_reference=self.n_reference,
            n_current=self.n if n is None else n,
            sufficient=sufficient,
            reason=reason,
            evidence=evidence,
        )


_WITH_LABELS = ("equal_opportunity_difference", "equalized_odds_difference")
