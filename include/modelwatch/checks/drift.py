"""Feature and prediction drift: every metric of a column, with its null, its debiased size and what moved."""

from collections.abc import Collection
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from modelwatch.calibration import effects, significance
from modelwatch.calibration.rises import Rise, most_surprising_rise
from modelwatch.calibration.variation import NONE, Sizes, Variation, Variations
from modelwatch.checks.fingerprint import explain
from modelwatch.domain import Check, Measurement
from modelwatch.metrics import drift
from modelwatch.metrics.bins import UNSEEN, Bins, fit_bins
from modelwatch.metrics.once import once_per_profile
from modelwatch.metrics.outliers import fit_tails, name_of_cell, single_values
from modelwatch.profile.features import CategoricalProfile, FeatureProfile, NumericProfile
from modelwatch.profile.window import Profile
from modelwatch.words import number, percent

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
ALL_MISSING = "every value is missing in the current sample"


def measure_drift(
    reference: Profile,
    current: Profile,
    columns: list[str],
    *,
    check: Check,
    alpha: float,
    variation: Variations = MappingProxyType({}),
    only: Collection[str] | None = None,
) -> list[Measurement]:
    """Every drift metric of the named columns.

    Args:
        reference, current: profiles in the same cells.
        columns: features, or the score and decision columns.
        check: ``feature_drift`` or ``prediction_drift``.
        alpha: the significance a single test must reach for the smallest detectable effect, e.g. the false discovery
            rate over the number of tests.
        variation: natural variation by column; every null is that of the effective sizes it leaves.
        only: the metrics that a decision takes, without the words and causes that a reader takes; None: everything.
    """
    return [
        measurement
        for name in columns
        for measurement in ColumnDrift(
            name, reference.columns[name], current.columns[name], check, alpha, variation.get(name, NONE), only
        ).measurements()
    ]


class ColumnDrift:
    """One column's profiles side by side; each method is one metric."""

    def __init__(
        self,
        name: str,
        reference: FeatureProfile,
        current: FeatureProfile,
        check: Check,
        alpha: float,
        variation: Variation = NONE,
        only: Collection[str] | None = None,
    ) -> None:
        self.name, self.reference, self.current = name, reference, current
        self.check, self.alpha, self.variation, self.only = check, alpha, variation, only
        self.bins: Bins = fit_bins(reference)
        self.r, self.c = _binned(reference), self.bins.counts(current)
        self.binned = int(self.r.sum()), int(self.c.sum())

    def measurements(self) -> list[Measurement]:
        """All metrics that fit the column's kind; without values each is not computable, with the reason."""
        is_numeric = isinstance(self.reference, NumericProfile)
        numeric, categorical = ["psi", "ks_statistic", "tail_share", "wasserstein"], ["psi", "chi2"]
        metrics = [*(numeric if is_numeric else categorical), "spike_share", "js_distance"]
        if self.only is not None:
            metrics = [metric for metric in metrics if metric in self.only]
        reason = self._not_computable()
        if reason is not None:
            return [self._measurement(metric, None, reason=reason) for metric in metrics]
        measured = [getattr(self, f"_{metric}")() for metric in metrics]
        return measured if self.only is not None else explain(measured, self.reference, self.current, alpha=self.alpha)

    def _not_computable(self) -> str | None:
        for side, profile in (("reference", self.reference), ("current sample", self.current)):
            if profile.n == 0:
                return f"the {side} has no rows"
            if profile.n_missing == profile.n:
                return ALL_MISSING if profile is self.current else "every value is missing in the reference"
            if isinstance(profile, NumericProfile) and not profile.n_finite:
                return f"the {side} has no finite value"
        return None

    def _psi(self) -> Measurement:
        present = (self.r + self.c) > 0
        r, c = self.r[present], self.c[present]
        value = drift.psi_of_counts(r, c)
        sizes, typical = self.variation.sizes(*self.binned), self.variation.typical_sizes(*self.binned)
        return self._measurement(
            "psi",
            value,
            effect=effects.debiased_psi(value, typical.reference(r), typical.current(c)),
            p_value=significance.psi_p_value(r, c, sizes, value=value),
            smallest_detectable=effects.smallest_psi(sizes.reference(r), sizes.current(c), alpha=self.alpha),
            evidence=self._what_moved() if self.only is None else None,
        )

    def _ks_statistic(self) -> Measurement:
        reference, current = self._numeric()
        counted = reference.n_finite, current.n_finite
        sizes, typical = self.variation.sizes(*counted), self.variation.typical_sizes(*counted)
        value = drift.ks_statistic(reference, current, self._gap)
        return self._measurement(
            "ks_statistic",
            value,
            effect=effects.debiased_ks(value, typical.n, typical.m),
            p_value=significance.ks_p_value(value, sizes.n, sizes.m),
            smallest_detectable=effects.smallest_ks(sizes.n, sizes.m, alpha=self.alpha),
            evidence=self._widest_gap(reference, current) if self.only is None else None,
        )

    def _wasserstein(self) -> Measurement:
        return self._measurement("wasserstein", drift.wasserstein(*self._numeric(), self._gap))

    def _js_distance(self) -> Measurement:
        n, m = self.binned
        return self._measurement("js_distance", drift.js_distance(self.r / n, self.c / m))

    def _chi2(self) -> Measurement:
        p_value = significance.chi2_p_value(self.r, self.c, self.variation.sizes(*self.binned))
        return self._measurement("chi2", drift.chi2(self.r, self.c), p_value=p_value)

    def _spike_share(self) -> Measurement:
        """The largest surprising rise of one value's share; PSI would spread it over a whole bin."""
        values = single_values(self.reference)
        r, c = (one.counts[values.start : values.stop] for one in (self.reference, self.current))
        rise = most_surprising_rise(r, c, *self._sizes)
        evidence = None if rise.position is None else name_of_cell(self.reference, values[rise.position])
        return self._rise("spike_share", rise, evidence)

    def _tail_share(self) -> Measurement:
        """The largest surprising rise beyond one of the reference's outer quantiles; KS and PSI hardly see it."""
        reference, current = self._numeric()
        tails = fit_tails(reference)
        rise = most_surprising_rise(_in_tails(reference), tails.counts(current), *self._sizes)
        return self._rise("tail_share", rise, None if rise.position is None else tails.labels[rise.position])

    def _rise(self, metric: str, rise: Rise, name: str | None) -> Measurement:
        evidence = f"{name}: {percent(rise.before)} -> {percent(rise.after)}" if name else None
        return self._measurement(
            metric, rise.size, p_value=rise.p_value, smallest_detectable=self._smallest_rise, evidence=evidence
        )

    @cached_property
    def _smallest_rise(self) -> float:
        sizes = self._sizes[2]
        return effects.smallest_share(0.0, sizes.n, sizes.m, alpha=self.alpha)

    @cached_property
    def _gap(self) -> Floats:
        return drift.share_gap(*self._numeric())

    @cached_property
    def _sizes(self) -> tuple[int, int, Sizes]:
        """Values that are there in the reference and the current sample, and how many independent ones tell as much."""
        n, m = self.reference.n - self.reference.n_missing, self.current.n - self.current.n_missing
        return n, m, self.variation.share_sizes(n, m)

    def _numeric(self) -> tuple[NumericProfile, NumericProfile]:
        if not (isinstance(self.reference, NumericProfile) and isinstance(self.current, NumericProfile)):
            message = f"'{self.name}' is not numeric"
            raise TypeError(message)
        return self.reference, self.current

    def _what_moved(self) -> str:
        """The bin that contributes most: ``"'1': 0.1 % -> 12.3 %"``."""
        terms = drift.psi_terms(drift.smooth(self.r), drift.smooth(self.c))
        worst = int(np.argmax(np.where(self.r + self.c > 0, terms, -1.0)))
        label = self._name(self.bins.labels[worst])
        before, after = self.r[worst] / self.binned[0], self.c[worst] / self.binned[1]
        return f"{label}: {percent(before)} -> {percent(after)}{self._medians}"

    def _widest_gap(self, reference: NumericProfile, current: NumericProfile) -> str:
        """Where the two distributions are furthest apart: ``"up to 1000: 27.0 % -> 11.5 %; median 1500 -> 2100"``."""
        cell = drift.widest(self._gap)
        edge = reference.cells.grid[cell // 2]
        word = "up to" if cell % 2 else "below"
        before, after = (percent(float(profile.shares[cell])) for profile in (reference, current))
        bound = drift.ks_error_bound(reference)
        exact = f"; exact to {bound:.2g}" if bound else ""
        return f"{word} {number(edge)}: {before} -> {after}{self._medians}{exact}"

    def _name(self, label: str) -> str:
        """A bin in words. A single newcomer is named; "unseen categories" would leave the reader to search."""
        if isinstance(self.current, CategoricalProfile):
            is_new = label == UNSEEN and len(self.current.unseen) == 1
            return f"new category '{next(iter(self.current.unseen))[:40]}'" if is_new else label
        from_below, to_above = label.removeprefix("(-inf, "), label.removesuffix(", inf)")
        if (from_below == label) == (to_above == label):
            return label
        if to_above != label:
            return f"above {to_above[1:]}"
        return f"{'up to' if label.endswith(']') else 'below'} {from_below[:-1]}"

    @cached_property
    def _medians(self) -> str:
        """Both medians of a numeric column: a unit error shows at once."""
        if not isinstance(self.reference, NumericProfile) or not isinstance(self.current, NumericProfile):
            return ""
        return f"; median {median(self.reference)} -> {median(self.current)}"

    def _measurement(
        self,
        metric: str,
        value: float | None,
        *,
        effect: float | None = None,
        p_value: float | None = None,
        smallest_detectable: float | None = None,
        evidence: str | None = None,
        reason: str | None = None,
    ) -> Measurement:
        return Measurement(
            check=self.check,
            metric=metric,
            feature=self.name,
            value=value,
            effect=value if effect is None else effect,
            p_value=p_value,
            n_reference=self.reference.n,
            n_current=self.current.n,
            smallest_detectable=smallest_detectable,
            evidence=evidence,
            reason=reason,
        )


@once_per_profile
def _binned(reference: FeatureProfile) -> Counts:
    return fit_bins(reference).counts(reference)


@once_per_profile
def _in_tails(reference: NumericProfile) -> Counts:
    return fit_tails(reference).counts(reference)


@once_per_profile
def median(profile: NumericProfile) -> str:
    """The median from the counts: a grid point, the middle of a gap, or only on which side of the reference it lies."""
    cell = int(np.searchsorted(profile.cumulative[1:], profile.n_finite / 2))
    grid = profile.cells.grid
    if cell == 0:
        return f"below {number(grid[0])}"
    if cell == len(profile.finite) - 1:
        return f"above {number(grid[-1])}"
    return number(grid[cell // 2] if cell % 2 else (grid[cell // 2 - 1] + grid[cell // 2]) / 2)
