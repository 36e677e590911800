"""Calibration within groups: whether a score means the same whoever it is given to; small groups accuse nobody.

What is more frequent in a group than its scores say is underrated there, what is rarer is overrated.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.stats import norm

from modelwatch.calibration.gaps import MIN_EVENTS
from modelwatch.checks.groups import MAX_LISTED
from modelwatch.domain import Measurement, Schema
from modelwatch.profile.groups import group_levels

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Group:
    """A group's gap, its standard error, and how many events and non-events its scores lead to expect."""

    name: str
    n: int
    gap: float
    error: float
    events: float

    @property
    def is_large(self) -> bool:
        return self.events >= MIN_EVENTS


def measure_group_calibration(rows: pa.Table, schema: Schema, *, alpha: float) -> list[Measurement]:
    r"""A line for each group, and the largest difference between two groups.

    .. math:: g = \frac{1}{n} \sum_i (y_i - p_i), \qquad \mathrm{se}^2 = \frac{1}{n^2} \sum_i (y_i - p_i)^2

    Args:
        rows: with scores, labels and sensitive features; those without a label or a score are left out.
        schema: which columns these are.
        alpha: one minus the confidence of all intervals together, over attributes and comparisons (Bonferroni).

    Returns:
        ``calibration_gap`` of each group, in [-1, 1], 0 when its scores mean what they say; ``calibration_difference``
        across the groups that are large enough, in [0, 1]. Nothing without labels or where scores are no chances.
    """
    wanted = [(one.name,) for one in schema.sensitive] + list(schema.intersections)
    if schema.score is None or schema.label is None or not wanted:
        return []
    known = rows.filter(pc.and_(pc.is_valid(rows[schema.label]), pc.is_valid(rows[schema.score])))
    scores = np.asarray(known[schema.score].to_numpy(), dtype=np.float64)
    if not len(scores) or not ((scores >= 0) & (scores <= 1)).all():
        return []
    labels = np.asarray(pc.cast(known[schema.label], pa.int8()).to_numpy(), dtype=np.float64)
    names = {one.name: group_levels(known, one) for one in schema.sensitive}
    found: list[Measurement] = []
    for attributes in wanted:
        codes, groups = _codes(attributes, names)
        listed = [_group(name, scores[codes == i], labels[codes == i]) for i, name in enumerate(groups)]
        found += _measured(" & ".join(attributes), listed, alpha / len(wanted))
    return found


def _codes(attributes: tuple[str, ...], names: dict[str, pa.ChunkedArray]) -> tuple[NDArray[np.int64], list[str]]:
    parts = [pc.binary_join_element_wise(name, names[name].cast(pa.string()), "=") for name in attributes]
    joined = parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, " & ")
    encoded = joined.combine_chunks().dictionary_encode()
    return np.asarray(encoded.indices.to_numpy(), dtype=np.int64), encoded.dictionary.to_pylist()


def _group(name: str, scores: Floats, labels: Floats) -> _Group:
    residuals, n = labels - scores, len(scores)
    expected = float(scores.sum())
    error = float(np.sqrt((residuals**2).sum())) / n
    return _Group(name, n, float(residuals.mean()), error, min(expected, n - expected))


def _measured(attribute: str, groups: list[_Group], alpha: float) -> Iterator[Measurement]:
    largest = sorted(groups, key=lambda one: (-one.n, one.name))[:MAX_LISTED]
    reach = float(norm.isf(alpha / 2 / len(groups)))
    for one in sorted(largest, key=lambda one: one.name):
        low, high = one.gap - reach * one.error, one.gap + reach * one.error
        reason = None if one.is_large else f"its scores lead to expect {one.events:.0f} events; {MIN_EVENTS} are needed"
        yield Measurement(
            "fairness",
            "calibration_gap",
            one.gap,
            None,
            one.n,
            group=one.name,
            effect=one.gap,
            ci_low=max(low, -1.0),
            ci_high=min(high, 1.0),
            sufficient=one.is_large,
            reason=reason,
        )
    yield _difference(attribute, [one for one in groups if one.is_large], len(groups), alpha)


def _difference(attribute: str, groups: list[_Group], n_all: int, alpha: float) -> Measurement:
    base = Measurement("fairness", "calibration_difference", None, None, sum(one.n for one in groups), group=attribute)
    pairs = list(combinations(sorted(groups, key=lambda one: one.gap), 2))
    if not pairs:
        reason = f"{len(groups)} of {n_all} groups have the {MIN_EVENTS} expected events needed"
        return replace(base, sufficient=False, reason=reason)
    reach = float(norm.isf(alpha / 2 / len(pairs)))
    apart = [(b.gap - a.gap, reach * float(np.hypot(a.error, b.error)), a, b) for a, b in pairs]
    value, _, low, high = max(apart, key=lambda one: one[0])
    return replace(
        base,
        value=value,
        effect=value,
        ci_low=max(0.0, *(gap - error for gap, error, *_ in apart)),
        ci_high=min(1.0, max(gap + error for gap, error, *_ in apart)),
        evidence=f"{low.name} {low.gap:+.3g} (n={low.n}), {high.name} {high.gap:+.3g} (n={high.n})",
    )
