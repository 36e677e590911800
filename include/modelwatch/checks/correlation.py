"""Whether pairs of columns still move together: every pair's rank correlation, before and now."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from modelwatch.calibration import multivariate as calibration
from modelwatch.checks.rows import Rows, joint_measurement, scored
from modelwatch.domain import Measurement
from modelwatch.metrics.multivariate import Correlations, correlations

MIN_ROWS = 100
SHOWN = 3

Floats = NDArray[np.float64]


def measure_correlations(rows: Rows, *, alpha: float) -> Measurement:
    """The pair of columns whose correlation moved most.

    Among the pairs whose change is significant (Bonferroni over all pairs, at ``alpha``) it is the one that moved
    furthest; without one, the least likely by chance. Its p-value is corrected for the number of pairs.
    """
    n, m = rows.sizes
    unknown = joint_measurement("correlation_shift", rows.sizes)
    if min(n, m) < MIN_ROWS:
        return replace(unknown, reason=too_few(n, m), sufficient=min(n, m) == 0)
    before = correlations(scored(rows.pairs[~rows.is_current]))
    now = correlations(scored(rows.pairs[rows.is_current]))
    pairs = _pairs(rows, before, now)
    if not len(pairs[0]):
        return replace(unknown, reason="fewer than two features vary on both sides")
    gaps = np.abs(now.r - before.r)[pairs]
    p_values = np.minimum(1.0, calibration.correlation_p_values(before, now)[pairs] * len(gaps))
    error = float(np.median(calibration.correlation_errors(before, now)[pairs]))
    order = np.lexsort((p_values, -np.where(p_values <= alpha, gaps, 0.0)))
    chosen = order[0]
    i, j = pairs[0][chosen], pairs[1][chosen]
    shown = [order[k] for k in range(min(SHOWN, len(order))) if k == 0 or p_values[order[k]] <= alpha]
    return replace(
        joint_measurement("correlation_shift", rows.sizes, float(gaps[chosen])),
        effect=_debiased(before, now, i, j),
        p_value=float(p_values[chosen]),
        smallest_detectable=calibration.smallest_correlation(error, alpha=alpha / len(gaps)),
        evidence="; ".join(_story(rows, before, now, pairs[0][k], pairs[1][k]) for k in shown),
    )


def too_few(n: int, m: int) -> str:
    """Why nothing can be said of so few rows."""
    for side, size in (("reference", n), ("current sample", m)):
        if size == 0:
            return f"the {side} has no rows"
    side, size = ("reference", n) if n < m else ("current sample", m)
    return f"the {side} has {size} rows; at least {MIN_ROWS} are needed to look at features together"


def _pairs(rows: Rows, before: Correlations, now: Correlations) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pairs of columns of two features that vary on both sides and have rows enough."""
    feature = np.array(rows.pair_features, dtype=object)
    usable = before.varies & now.varies & (np.minimum(before.n, now.n) >= MIN_ROWS)
    usable &= feature[:, None] != feature[None, :]
    first, second = np.nonzero(np.triu(usable, 1))
    return first, second


def _debiased(before: Correlations, now: Correlations, i: int, j: int) -> float:
    """The change less what chance adds to its square; at least 0."""
    slope = 1 - (before.r[i, j] ** 2 + now.r[i, j] ** 2) / 2
    chance = slope * calibration.correlation_errors(before, now)[i, j]
    gap = now.r[i, j] - before.r[i, j]
    return float(np.sqrt(max(0.0, gap**2 - chance**2)))


def _story(rows: Rows, before: Correlations, now: Correlations, i: int, j: int) -> str:
    one, other = rows.pair_names[i][:60], rows.pair_names[j][:60]
    was, is_now = (round(float(side.r[i, j]), 2) + 0.0 for side in (before, now))  # no "-0.00"
    return f"correlation of {one} and {other}: {was:.2f} -> {is_now:.2f}"
