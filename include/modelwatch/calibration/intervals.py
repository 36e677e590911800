"""Confidence intervals of rates, their differences, ratios and changes; all take arrays and work element by element."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

Counts = NDArray[np.int64] | int
Floats = NDArray[np.float64]
Pair = tuple[Counts, Counts, Counts, Counts]

LARGEST_LOG_RATIO = 40.0
BISECTIONS = 36  # of an interval 80 wide: a ratio to nine digits


def rate_interval(x: Counts, n: Counts, *, alpha: float) -> tuple[Floats, Floats]:
    """Wilson's interval of ``x / n`` at confidence ``1 - alpha``, in [0, 1]."""
    low, high = proportion_confint(np.asarray(x), np.asarray(n), alpha=alpha, method="wilson")
    return np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)


def difference_interval(x1: Counts, n1: Counts, x2: Counts, n2: Counts, *, alpha: float) -> tuple[Floats, Floats]:
    """Newcombe's interval of ``x1 / n1 - x2 / n2`` at confidence ``1 - alpha``, in [-1, 1]. Source: Newcombe 1998."""
    counts: list[Any] = [np.asarray(count) for count in (x1, n1, x2, n2)]
    low, high = confint_proportions_2indep(*counts, compare="diff", method="newcomb", alpha=alpha)
    return np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)


def change_interval(now: Pair, before: Pair, *, alpha: float) -> tuple[Floats, Floats]:
    """Interval of ``(x1/n1 - x2/n2 now) - (x1/n1 - x2/n2 before)``: Newcombe's square-and-add with four rates.

    Args:
        now, before: ``(x1, n1, x2, n2)``, each a count or ``(n_pairs,)`` counts.
        alpha: one minus the confidence.

    Returns:
        low, high: in [-2, 2].

    Source: Zou & Donner 2008 (MOVER); with two rates it is Newcombe's interval.
    """
    signed = ((now[:2], 1.0), (now[2:], -1.0), (before[:2], -1.0), (before[2:], 1.0))
    value = below = above = np.zeros(np.shape(now[0]))
    for (x, n), sign in signed:
        rate = np.asarray(x) / np.asarray(n)
        low, high = rate_interval(x, n, alpha=alpha)
        value = value + sign * rate
        below = below + (rate - (low if sign > 0 else high)) ** 2
        above = above + ((high if sign > 0 else low) - rate) ** 2
    return np.asarray(value - np.sqrt(below)), np.asarray(value + np.sqrt(above))


def ratio_interval(x1: Counts, n1: Counts, x2: Counts, n2: Counts, *, alpha: float) -> tuple[Floats, Floats]:
    """Score interval of ``(x1 / n1) / (x2 / n2)`` at confidence ``1 - alpha``, in [0, inf].

    The ratios that the score test does not reject, found by bisection. 0 is the lower end when ``x1`` is 0; infinity
    the upper end when ``x2`` is 0. Not the log-adjusted interval: with unequal groups it misses on one side up to four
    times as often as it says, where this one keeps to its level (tests/oracle/test_fairness_intervals.py).

    Source: Miettinen & Nurminen 1985. Equal to statsmodels' ``method="score"``, which takes one pair at a time and
    gives complex numbers when every request of a group was selected.
    """
    a, n, b, m = (np.asarray(count, dtype=np.float64) for count in (x1, n1, x2, n2))
    critical = float(special.ndtri(1 - alpha / 2))
    low, high = _score_root(a, n, b, m, np.stack([np.full((a + b).shape, z) for z in (critical, -critical)]))
    return np.where(a > 0, low, 0.0), np.where(b > 0, high, np.inf)


def _score_root(x1: Floats, n1: Floats, x2: Floats, n2: Floats, z: Floats) -> Floats:
    """The ratio at which the score statistic, which falls as the ratio grows, is ``z``."""
    below = np.full(z.shape, -LARGEST_LOG_RATIO)
    above = -below
    for _ in range(BISECTIONS):
        middle = (below + above) / 2
        is_left = _score(x1, n1, x2, n2, np.exp(middle)) > z
        below, above = np.where(is_left, middle, below), np.where(is_left, above, middle)
    return np.asarray(np.exp((below + above) / 2))


def _score(x1: Floats, n1: Floats, x2: Floats, n2: Floats, ratio: Floats) -> Floats:
    """Miettinen & Nurminen's statistic: the rates under the hypothesis are the likeliest ones with that ratio."""
    total = n1 + n2
    a, b, c = total * ratio, n1 * ratio + x1 + n2 + x2 * ratio, x1 + x2
    second = np.minimum(2 * c / (b + np.sqrt(np.maximum(b * b - 4 * a * c, 0.0))), np.minimum(1.0, 1 / ratio))
    first = np.minimum(second * ratio, 1.0)
    variance = (first * (1 - first) / n1 + ratio**2 * second * (1 - second) / n2) * total / (total - 1)
    return np.asarray((x1 / n1 - ratio * x2 / n2) / np.sqrt(np.maximum(variance, 1e-300)))
