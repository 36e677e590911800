"""Data quality: missing values, wrong types, values outside the reference's range, unseen categories, row count."""

from collections.abc import Collection
from dataclasses import dataclass
from types import MappingProxyType

from modelwatch.calibration import effects, significance
from modelwatch.calibration.variation import NONE, Novelty, Variation, Variations
from modelwatch.checks.fingerprint import explain
from modelwatch.domain import Measurement
from modelwatch.profile.features import CategoricalProfile, FeatureProfile, NumericProfile
from modelwatch.profile.window import Profile
from modelwatch.words import number, percent


def measure_quality(
    reference: Profile,
    current: Profile,
    *,
    alpha: float,
    variation: Variations = MappingProxyType({}),
    only: Collection[str] | None = None,
) -> list[Measurement]:
    """All quality metrics of every profiled column, and the window's row count.

    Args:
        reference, current: profiles in the same cells.
        alpha: the significance a single test must reach, for the smallest detectable effect.
        variation: natural variation by column, which widens the null of the missing share.
        only: the metrics that a decision takes besides the row count, without causes; None: everything.
    """
    results = [
        Measurement(
            check="quality",
            metric="row_count",
            value=float(current.n_rows),
            n_reference=reference.n_rows,
            n_current=current.n_rows,
        )
    ]
    for name, column in current.columns.items():
        before = reference.columns[name]
        missing = _missing(name, before, column, alpha, variation.get(name, NONE))
        novelty = _novelty(name, before, column, alpha, variation.get(name, NONE).novelty)
        errors = _type_errors(name, reference, current)
        if only is not None:
            results += [one for one in (missing, errors, novelty) if one and one.metric in only]
            continue
        results += explain([missing], before, column, alpha=alpha)
        results.append(errors)
        results += explain([novelty] if novelty else [], before, column, alpha=alpha)
    return results


def _missing(
    name: str, reference: FeatureProfile, current: FeatureProfile, alpha: float, variation: Variation
) -> Measurement:
    n, m = reference.n, current.n
    if n == 0 or m == 0:
        return _empty(name, "missing_share", n, m)
    before, after = reference.n_missing / n, current.n_missing / m
    sizes = variation.missing_sizes(n, m)
    return Measurement(
        check="quality",
        metric="missing_share",
        feature=name,
        value=after,
        effect=max(0.0, after - before),
        p_value=significance.proportion_p_value(*sizes.shares(reference.n_missing, n, current.n_missing, m)),
        smallest_detectable=effects.smallest_share(before, sizes.n, sizes.m, alpha=alpha),
        n_reference=n,
        n_current=m,
        evidence=f"missing: {percent(before)} -> {percent(after)}",
    )


def _type_errors(name: str, reference: Profile, current: Profile) -> Measurement:
    count, rows = current.type_errors.get(name, 0), current.n_rows + current.n_rejected
    if rows == 0:
        return _empty(name, "type_error_share", reference.n_rows, 0)
    return Measurement(
        check="quality",
        metric="type_error_share",
        feature=name,
        value=count / rows,
        effect=count / rows,
        n_reference=reference.n_rows,
        n_current=rows,
        evidence=f"{count} of {rows} rows kept out" if count else None,
    )


def _novelty(
    name: str, reference: FeatureProfile, current: FeatureProfile, alpha: float, natural: Novelty
) -> Measurement | None:
    """Values the reference never had: unseen categories, or numbers outside its range."""
    if isinstance(reference, NumericProfile) and isinstance(current, NumericProfile):
        m = current.n_finite
        outside = int(current.finite[0] + current.finite[-1]) if len(reference.cells.grid) else 0
        evidence = f"range {_range(reference)} -> {_range(current)}" if outside else None
        n = reference.n_finite
        found = _New(name, "out_of_range_share", outside, n, m, n_singletons=1, natural=natural)
        return found.measurement(alpha=alpha, evidence=evidence)
    if isinstance(reference, CategoricalProfile) and isinstance(current, CategoricalProfile):
        m = current.n - current.n_missing
        top = sorted(current.unseen.items(), key=lambda item: (-item[1], item[0]))[:3]
        evidence = "new: " + ", ".join(f"'{value[:40]}' {percent(k / m)}" for value, k in top) if top else None
        n = reference.n - reference.n_missing
        singletons = reference.cells.n_singletons
        found = _New(name, "unseen_share", current.n_unseen, n, m, n_singletons=singletons, natural=natural)
        return found.measurement(alpha=alpha, evidence=evidence)
    return None


def _range(profile: NumericProfile) -> str:
    return " to ".join("nothing" if edge is None else number(edge) for edge in (profile.low, profile.high))


@dataclass(frozen=True)
class _New:
    """New values among a window's, against a reference of n values and what quiet windows bring."""

    name: str
    metric: str
    count: int
    n: int
    m: int
    n_singletons: int
    natural: Novelty

    def measurement(self, *, alpha: float, evidence: str | None) -> Measurement:
        """The share; what is natural is no part of its effect."""
        n, m, natural = self.n, self.m, self.natural
        if n == 0 or m == 0:
            return _empty(self.name, self.metric, n, m)
        expected = max(min(1.0, self.n_singletons / n), natural.bound)
        beyond = effects.smallest_share(expected, n, m, alpha=alpha) + natural.bound - natural.typical
        return Measurement(
            check="quality",
            metric=self.metric,
            feature=self.name,
            value=self.count / m,
            effect=max(0.0, self.count / m - natural.typical),
            p_value=significance.novelty_p_value(self.count, m, n, self.n_singletons, natural.bound),
            smallest_detectable=beyond,
            n_reference=n,
            n_current=m,
            evidence=evidence,
        )


def _empty(name: str, metric: str, n: int, m: int) -> Measurement:
    side = "reference" if n == 0 else "current sample"
    reason = f"the {side} has no values"
    return Measurement("quality", metric, None, n, m, feature=name, reason=reason)
