"""The sampling errors of performance metrics from the same counts, and whether two of them differ.

No resampling: an area's error is DeLong's, that of a smooth function of counts the infinitesimal jackknife
``sum_i c_i (df/dc_i)^2``, which is what a bootstrap tends to.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

from modelwatch.calibration.effects import POWER
from modelwatch.metrics.performance import above, average_precision, roc_auc
from modelwatch.metrics.reliability import Reliability, expected_calibration_error

Counts = NDArray[np.int64] | NDArray[np.float64]
Floats = NDArray[np.float64]


def auc_error(positives: Counts, negatives: Counts) -> float:
    """DeLong's standard error of the area under the ROC curve.

    Where no pair is ranked wrongly (or none rightly) DeLong's is 0 whatever the numbers; Hanley and McNeil's at half a
    wrong pair in the smaller class stands in for it.

    Returns ``(0, 1)``. Source: DeLong et al. 1988; Hanley & McNeil 1982.
    """
    p, n, value = positives.sum(), negatives.sum(), roc_auc(positives, negatives)
    won = (np.cumsum(negatives) - negatives / 2) / n  # of each positive, the share of negatives below it
    lost = (above(positives) - positives / 2) / p  # of each negative, the share of positives above it
    variance = sum(
        float((counts * (placed - value) ** 2).sum()) / max(1, int(total) - 1) / int(total)
        for counts, placed, total in ((positives, won, p), (negatives, lost, n))
    )
    return math.sqrt(variance) if variance > 0 else _hanley_mcneil(1 - 0.5 / int(min(p, n)), int(p), int(n))


def _hanley_mcneil(value: float, p: int, n: int) -> float:
    q1, q2 = value / (2 - value), 2 * value**2 / (1 + value)
    variance = value * (1 - value) + (p - 1) * (q1 - value**2) + (n - 1) * (q2 - value**2)
    return math.sqrt(variance / (p * n))


def average_precision_error(positives: Counts, negatives: Counts) -> float:
    """The infinitesimal jackknife's standard error of average precision, the number of positives being chance too.

    A positive at s counts with its own precision and lifts that of every positive at or below s; a negative lowers
    them.

    Returns ``(0, 1)``; where every positive is ranked first, that of a share of the positives.
    """
    p, value = int(positives.sum()), average_precision(positives, negatives)
    tp, selected = above(positives), np.maximum(above(positives + negatives), 1)
    lift = np.cumsum(positives * (selected - tp) / selected**2)
    cost = np.cumsum(positives * tp / selected**2)
    of_positive, of_negative = (tp / selected + lift - value) / p, -cost / p
    variance = float((positives * of_positive**2 + negatives * of_negative**2).sum())
    share = (value * p + 0.5) / (p + 1)
    return math.sqrt(variance) if variance > 0 else math.sqrt(share * (1 - share) / p)


def normal_interval(value: float, error: float, *, alpha: float) -> tuple[float, float]:
    """``value -+ z error`` at confidence ``1 - alpha``."""
    reach = -float(special.ndtri(alpha / 2)) * error
    return value - reach, value + reach


def mean_error(values: Floats, counts: Counts) -> float:
    """The standard error of the mean of values that occur ``counts`` times each."""
    n = int(counts.sum())
    mean = float((values * counts).sum()) / n
    return math.sqrt(float((counts * (values - mean) ** 2).sum()) / max(1, n - 1) / n)


def logit_interval(value: float, error: float, *, alpha: float) -> tuple[float, float]:
    """An interval within [0, 1] at confidence ``1 - alpha``, symmetric on the logit scale."""
    inside = min(max(value, 1e-6), 1 - 1e-6)
    reach = -float(special.ndtri(alpha / 2)) * error / (inside * (1 - inside))
    centre = float(special.logit(inside))
    return float(min(value, special.expit(centre - reach))), float(max(value, special.expit(centre + reach)))


def calibration_noise(bins: Reliability) -> float:
    """The expected calibration error that chance alone gives to scores that are probabilities."""
    return float((bins.weights * np.sqrt(2 * bins.variances / math.pi)).sum())


def calibration_error(bins: Reliability) -> float:
    """The standard error of the expected calibration error."""
    return math.sqrt(float((bins.weights**2 * bins.variances).sum()))


def debiased_calibration_error(bins: Reliability) -> float:
    """The calibration error less what chance makes of it: ``sum_b n_b / n sqrt(max(0, gap_b^2 - v_b))``."""
    return float((bins.weights * np.sqrt(np.maximum(0.0, bins.gaps**2 - bins.variances))).sum())


def calibration_interval(bins: Reliability, *, alpha: float) -> tuple[float, float]:
    """Of the true calibration error: what was seen is above it by something between nothing and the noise."""
    low, high = normal_interval(expected_calibration_error(bins), calibration_error(bins), alpha=alpha)
    return max(0.0, low - calibration_noise(bins)), min(1.0, high)


def calibration_p_value(reference: Reliability, current: Reliability) -> float:
    """P(gaps between share and score at least this different) when the scores mean what they meant.

    ``sum_b (gap_b - gap'_b)^2 / (v_b + v'_b)`` is chi-square over the bins that both have.
    """
    both = (reference.n > 0) & (current.n > 0)
    spread = np.where(both, reference.variances + current.variances, 1.0)
    statistic = float(np.where(both, (current.gaps - reference.gaps) ** 2 / spread, 0.0).sum())
    return float(special.chdtrc(int(both.sum()), statistic)) if both.any() else 1.0


def difference_p_value(difference: float, error: float) -> float:
    """Two-sided P(a difference at least this large) when there is none; 1 when nothing varies and nothing differs."""
    if error <= 0:
        return 1.0 if difference == 0 else 0.0
    return float(2 * special.ndtr(-abs(difference) / error))


def smallest_change(error: float, *, alpha: float) -> float:
    """The difference that would be significant at ``alpha`` with 80 % probability.

    Args:
        error: standard error of the difference.
        alpha: two-sided.
    """
    return float((-special.ndtri(alpha / 2) + special.ndtri(POWER)) * error)
