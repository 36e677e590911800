"""Debiased sizes and the smallest size a sample could have shown: what materiality is judged on."""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from modelwatch.calibration.significance import psi_null_scale

Counts = NDArray[np.int64] | NDArray[np.float64]  # floats at effective sizes: calibration.variation

POWER = 0.8
KS_NULL_SECOND_MOMENT = math.pi**2 / 12  # E[K^2] of Kolmogorov's law: D^2 without drift is about this times (1/n + 1/m)


def debiased_psi(value: float, reference: Counts, current: Counts) -> float:
    """PSI less its mean without drift, ``(B - 1)(1/n + 1/m)`` over the bins not empty in both; at least 0."""
    n_bins = int(np.count_nonzero(reference + current))
    return max(0.0, value - (n_bins - 1) * psi_null_scale(reference, current))


def debiased_ks(value: float, n: float, m: float) -> float:
    """``sqrt(D^2 - E[D^2 without drift])``, never below 0: near D when D is real, near 0 when it is noise."""
    return math.sqrt(max(0.0, value**2 - KS_NULL_SECOND_MOMENT * (1 / n + 1 / m)))


def smallest_psi(reference: Counts, current: Counts, *, alpha: float) -> float:
    """The true PSI that would be significant at ``alpha`` with 80 % probability, from the noncentral chi-square."""
    df = max(1, int(np.count_nonzero(reference + current)) - 1)
    return _noncentrality(df, alpha) * psi_null_scale(reference, current)


@cache
def _noncentrality(df: int, alpha: float) -> float:
    return float(special.chndtrinc(special.chdtri(df, alpha), df, 1 - POWER))


def smallest_ks(n: float, m: float, *, alpha: float) -> float:
    """The true D that would be significant at ``alpha`` with about 80 % probability, at most 1."""
    spread = 0.5 * special.ndtri(POWER)
    return float(min(1.0, (special.kolmogi(alpha) + spread) * math.sqrt(1 / n + 1 / m)))


def smallest_share(share: float, n: float, m: float, *, alpha: float) -> float:
    """The rise of a share that would be significant at ``alpha`` with 80 % probability, in [0, 1 - share].

    ``sin^2(asin(sqrt(share)) + z sqrt(1/n + 1/m) / 2) - share``: the arcsine makes the variance the same everywhere,
    so that it also holds for a share of 0. Source: Cohen, Statistical Power Analysis, chapter 6.
    """
    z = -special.ndtri(alpha / 2) + special.ndtri(POWER)
    angle = math.asin(math.sqrt(share)) + z * math.sqrt(1 / n + 1 / m) / 2
    return float(math.sin(min(angle, math.pi / 2)) ** 2 - share)
