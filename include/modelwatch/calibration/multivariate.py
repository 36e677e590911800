"""The nulls of joint drift: of the area under a domain classifier's curve, and of a changed correlation."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

from modelwatch.calibration.effects import POWER
from modelwatch.metrics.multivariate import Correlations, midranks

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def auc_null_error(scores: Floats, is_current: Flags) -> float:
    """The standard error of the area under the curve when the rows cannot be told apart.

    ``sqrt((N + 1 - sum(t^3 - t) / (N (N - 1))) / (12 n m))`` with ``N = n + m`` and t the sizes of the ties.

    Returns ``[0, 1)``; 0 when all scores are equal. Source: Lehmann, Nonparametrics, 1975.
    """
    m = int(np.count_nonzero(is_current))
    total = len(is_current)
    ties = np.unique(scores, return_counts=True)[1].astype(np.float64)
    correction = float((ties**3 - ties).sum()) / (total * (total - 1))
    return math.sqrt(max(0.0, total + 1 - correction) / (12 * m * (total - m)))


def auc_p_value(value: float, error: float) -> float:
    """P(an area at least this large) when the rows cannot be told apart; 1 when the scores are all equal."""
    return float(special.ndtr(-(value - 0.5) / error)) if error > 0 else 1.0


def either_p_value(*p_values: float) -> float:
    """One p-value of several, whatever their dependence: the smallest times their number, at most 1 (Bonferroni).

    The two folds of a cross-validated classifier are dependent: each is trained on the other's test rows.
    """
    return min(1.0, len(p_values) * min(p_values))


def auc_error(scores: Floats, is_current: Flags) -> float:
    """DeLong's standard error of the area under the curve, drift or no drift.

    Returns ``[0, 1)``. Source: DeLong et al. 1988, by the midranks of Sun & Xu 2014.
    """
    current, reference = scores[is_current], scores[~is_current]
    m, n = len(current), len(reference)
    ranks = midranks(scores)
    of_current = (ranks[is_current] - midranks(current)) / n
    of_reference = 1 - (ranks[~is_current] - midranks(reference)) / m
    return math.sqrt(float(np.var(of_current, ddof=1)) / m + float(np.var(of_reference, ddof=1)) / n)


def smallest_auc(n: int, m: int, *, alpha: float) -> float:
    """The true area that one of two folds of ``n`` and ``m`` rows would show at ``alpha`` with 80 % probability."""
    z = -special.ndtri(alpha / 2) + special.ndtri(POWER)
    return float(min(1.0, 0.5 + z * math.sqrt((n + m + 1) / (12 * n * m))))


def correlation_errors(reference: Correlations, current: Correlations) -> Floats:
    """``(d, d)`` standard errors of ``atanh r_current - atanh r_reference``.

    Fisher's, widened by the larger inflation of the two samples: a small one does not know its own tails.
    """
    rows = 1 / np.maximum(reference.n - 3, 1.0) + 1 / np.maximum(current.n - 3, 1.0)
    return np.asarray(np.sqrt(np.maximum(reference.inflation, current.inflation) * rows))


def correlation_p_values(reference: Correlations, current: Correlations) -> Floats:
    """``(d, d)`` two-sided P(Fisher's z moved at least this far) when the pair moves together as before.

    Source: Fisher 1921. Its level on normal, heavy-tailed, skewed and tied pairs is measured in tests/unit.
    """
    gap = fisher_z(current.r) - fisher_z(reference.r)
    return np.asarray(2 * special.ndtr(-np.abs(gap) / correlation_errors(reference, current)))


def fisher_z(r: Floats) -> Floats:
    """``atanh r``, finite also for columns that are copies of each other."""
    limit = 1 - 1e-9
    return np.arctanh(np.clip(r, -limit, limit))


def smallest_correlation(error: float, *, alpha: float) -> float:
    """The change of a correlation from 0 that would be significant at ``alpha`` with 80 % probability, at most 2.

    Args:
        error: the standard error of the change of Fisher's z.
        alpha: after the correction for the number of pairs.
    """
    z = -special.ndtri(alpha / 2) + special.ndtri(POWER)
    return float(min(2.0, z * error))
