"""How likely a value this large is when nothing changed: the null distributions behind every alarm."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

from modelwatch.calibration.kolmogorov import kolmogorov_sf
from modelwatch.calibration.variation import Sizes
from modelwatch.metrics.drift import chi2, psi_of_counts

Counts = NDArray[np.int64] | NDArray[np.float64]  # floats at effective sizes: calibration.variation

MIN_EXPECTED = 5.0


def psi_p_value(reference: Counts, current: Counts, sizes: Sizes | None = None, *, value: float | None = None) -> float:
    """P(PSI at least this large) when both samples come from one distribution.

    PSI / (1/n + 1/m) is about chi-square with B - 1 degrees of freedom. Bins too thin for that are pooled first. Where
    natural variation leaves less than the samples' own sizes, Pearson's chi-square stands in for it: it has the same
    null, and is not the slave of its smoothing at sizes of a few requests.

    Args:
        reference: ``(n_bins,)`` counts; current: ``(n_bins,)`` counts of the same bins.
        sizes: how many independent requests they amount to; None: all of them.
        value: the PSI of these counts, smoothed, when it is known.

    Returns:
        ``[0, 1]``; 1 when fewer than two bins are left.

    Source: Yurdakul, Statistical properties of the population stability index, 2018.
    """
    if sizes is not None and sizes.m < current.sum():
        return chi2_p_value(reference, current, sizes)
    r, c = pool_thin(reference, current)
    if len(r) < 2:
        return 1.0
    if value is None or r is not reference:
        value = psi_of_counts(r, c)
    statistic = value / psi_null_scale(r, c)
    return float(special.chdtrc(len(r) - 1, statistic))


def chi2_p_value(reference: Counts, current: Counts, sizes: Sizes | None = None) -> float:
    """P(chi-square at least this large) without change, thin bins pooled so that the asymptotic null holds."""
    r, c = pool_thin(reference, current)  # a matter of what was counted, whatever it then weighs
    if sizes is not None:
        r, c = sizes.reference(r), sizes.current(c)
    return float(special.chdtrc(len(r) - 1, chi2(r, c))) if len(r) > 1 else 1.0


def psi_null_scale(reference: Counts, current: Counts) -> float:
    """``1/n + 1/m``: PSI without drift is this times a chi-square."""
    return float(1 / reference.sum() + 1 / current.sum())


def ks_p_value(statistic: float, n: float, m: float) -> float:
    """P(D at least this large) without change, from the one-sample law at the effective size n m / (n + m).

    Conservative with ties. Returns ``[0, 1]``. Source: scipy.stats.ks_2samp(method="asymp").
    """
    return kolmogorov_sf(statistic, round(n * m / (n + m)) or 1)


def proportion_p_value(x: int, n: int, y: int, m: int) -> float:
    """Two-sided P for equal shares ``x / n`` and ``y / m``: pooled z with continuity correction, exact when thin.

    Returns ``[0, 1]``. Source: Fleiss, Statistical Methods for Rates and Proportions; binomial test for thin counts.
    """
    total, share = x + y, m / (n + m)
    if total in (0, n + m):
        return 1.0
    rarer = min(total, n + m - total)
    if rarer * min(share, 1 - share) >= MIN_EXPECTED:
        pooled = total / (n + m)
        gap = max(0.0, abs(x / n - y / m) - (1 / n + 1 / m) / 2)
        return float(2 * special.ndtr(-gap / math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))))
    y = y if total == rarer else m - y
    upper = special.bdtrc(y - 1, rarer, share) if y > 0 else 1.0
    return float(min(1.0, 2 * min(special.bdtr(y, rarer, share), upper)))


def novelty_p_value(x: int, m: int, n: int, n_singletons: int, natural: float = 0.0) -> float:
    """P(at least ``x`` of ``m`` current values are new to a reference of ``n``) when nothing changed.

    Good-Turing: a value is new with probability about ``n_singletons / n``, which a reference of n values knows only so
    well: the count is negative binomial, as it is predicted from a Poisson count of ``n_singletons`` (with many values,
    Poisson of ``m (n_singletons + 1) / n``). Where quiet windows bring a share of new values up to ``natural``, Poisson
    of that if it is likelier.

    Returns ``[0, 1]``. Source: Good 1953; Bayes' prediction with a flat prior.
    """
    if x <= 0:
        return 1.0
    predicted = special.nbdtrc(x - 1, n_singletons + 1, n / (n + m))
    return float(max(predicted, special.pdtrc(x - 1, m * natural)))


def pool_thin(reference: Counts, current: Counts) -> tuple[Counts, Counts]:
    """Merge the bins whose expected count in the smaller sample is below 5 into one; drop bins empty in both.

    Bins empty in the reference are merged too: what it never had is no bin that was chosen before the data were seen.
    """
    both = reference + current
    share = min(reference.sum(), current.sum()) / max(both.sum(), 1)
    thin = (both * share < MIN_EXPECTED) | (reference == 0)
    if not thin.any():
        return reference, current
    kept = [counts[~thin] for counts in (reference, current)]
    rest = [counts[thin].sum() for counts in (reference, current)]
    if sum(rest) * share >= 1:
        return np.append(kept[0], rest[0]), np.append(kept[1], rest[1])
    return kept[0], kept[1]


def benjamini_hochberg(p_values: list[float]) -> list[float]:
    """The q-value of each p-value: the smallest false discovery rate at which it would be a discovery.

    Returns values in [0, 1] in the order given, each >= its p. Source: Benjamini & Hochberg 1995; equals
    scipy.stats.false_discovery_control in tests/oracle.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")[::-1]
    ranks = np.arange(len(p), 0, -1)
    q = np.empty_like(p)
    q[order] = np.minimum(np.minimum.accumulate(p[order] * len(p) / ranks), 1.0)
    return [float(value) for value in q]
