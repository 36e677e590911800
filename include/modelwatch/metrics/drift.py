"""Distances between two distributions. Pure functions of counts, proportions or cells: no thresholds, no p-values."""

import numpy as np
from numpy.typing import NDArray

from modelwatch.errors import MetricInputError
from modelwatch.profile.features import NumericProfile

Floats = NDArray[np.float64]
Counts = NDArray[np.int64] | NDArray[np.float64]


def smooth(counts: Counts, *, add: float = 0.5) -> Floats:
    """Proportions after adding ``add`` to every count (add-0.5: the Jeffreys prior's posterior mean).

    p_i = (c_i + add) / (n + B add)

    Args:
        counts: ``(n_bins,)`` non-negative integers.
        add: pseudo-count per bin, > 0, so that no proportion is zero.

    Returns:
        ``(n_bins,)`` proportions, each > 0, sum 1.

    Raises:
        MetricInputError: no bins, or ``add`` not positive.

    Source: Jeffreys 1946; Agresti, Categorical Data Analysis, section 1.6.
    """
    if len(counts) == 0 or add <= 0:
        message = f"smoothing needs at least one bin and add > 0; got {len(counts)} bins and add={add}"
        raise MetricInputError(message)
    proportions: Floats = (counts + add) / (counts.sum() + len(counts) * add)
    return proportions


def psi(reference: Floats, current: Floats) -> float:
    """Population stability index, the symmetric Kullback-Leibler divergence (Jeffreys divergence).

    PSI = sum_i (q_i - p_i) ln(q_i / p_i)

    Args:
        reference: ``(n_bins,)`` proportions, each > 0, sum 1.
        current: ``(n_bins,)`` proportions of the same bins, each > 0, sum 1.

    Returns:
        ``[0, inf)``, nats; 0 = identical; higher = more drift.

    Raises:
        MetricInputError: different lengths, a proportion that is not finite and positive, or a sum other than 1.

    Notes: does not see changes inside a bin. With equal distributions and samples of n and m its mean is about
    (B-1)(1/n + 1/m). Missing values are a bin.

    Source: Siddiqi, Credit Risk Scorecards, 2006; Yurdakul, Statistical properties of PSI, 2018.
    Compared with OptBinning, feature-engine and probatus in tests/oracle.
    """
    _require_proportions(reference, current, positive=True)
    return float(np.sum(psi_terms(reference, current)))


def psi_of_counts(reference: Counts, current: Counts) -> float:
    """`psi` of the smoothed proportions of ``(n_bins,)`` counts."""
    return float(psi_terms(smooth(reference), smooth(current)).sum())


def psi_terms(reference: Floats, current: Floats) -> Floats:
    """``(n_bins,)`` contributions of the bins to `psi`, each >= 0; they name the bins that moved."""
    terms: Floats = (current - reference) * np.log(current / reference)
    return terms


def js_distance(reference: Floats, current: Floats) -> float:
    """Jensen-Shannon distance, base 2.

    JS = sqrt( (KL(p || m) + KL(q || m)) / 2 ), m = (p + q) / 2

    Args:
        reference: ``(n_bins,)`` proportions, sum 1; zeros allowed.
        current: ``(n_bins,)`` proportions of the same bins, sum 1; zeros allowed.

    Returns:
        ``[0, 1]``; 0 = identical, 1 = disjoint; higher = more drift.

    Raises:
        MetricInputError: different lengths, a negative or non-finite proportion, or a sum other than 1.

    Notes: does not see changes inside a bin; biased upwards by about sqrt((B-1)(1/n + 1/m) / (8 ln 2)).

    Source: Endres & Schindelin 2003; equals scipy.spatial.distance.jensenshannon(p, q, base=2) in tests/oracle.
    """
    _require_proportions(reference, current, positive=False)
    middle = (reference + current) / 2
    divergence = (_kl_bits(reference, middle) + _kl_bits(current, middle)) / 2
    return float(np.sqrt(max(divergence, 0.0)))


def _kl_bits(p: Floats, q: Floats) -> float:
    present = p > 0
    return float(np.sum(p[present] * np.log2(p[present] / q[present])))


def chi2(reference: Counts, current: Counts) -> float:
    """Pearson's chi-square of the 2 x B table of both samples' counts.

    X2 = sum (observed - expected)^2 / expected, without continuity correction

    Args:
        reference: ``(n_bins,)`` counts.
        current: ``(n_bins,)`` counts of the same bins.

    Returns:
        ``[0, inf)``; about B - 1 without drift; grows with the sample size, so compare p-values, not this.

    Raises:
        MetricInputError: different lengths or an empty sample.

    Notes: bins empty in both samples are left out.

    Source: Pearson 1900; equals scipy.stats.chi2_contingency(correction=False) in tests/oracle.
    """
    _require_counts(reference, current)
    table = np.stack([reference, current])[:, (reference + current) > 0].astype(np.float64)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / table.sum()
    return float(np.sum((table - expected) ** 2 / expected))


def ks_statistic(reference: NumericProfile, current: NumericProfile, gap: Floats | None = None) -> float:
    """Two-sample Kolmogorov-Smirnov statistic of two numeric profiles.

    D = max over cell edges of |F_ref - F_cur|

    Args:
        reference: a profile with at least one finite value.
        current: a profile in the same cells with at least one finite value.
        gap: their `share_gap`, when it is known.

    Returns:
        ``[0, 1]``; 0 = identical; higher = more drift.

    Raises:
        MetricInputError: other cells, or no finite value on one side.

    Notes: exact when every distinct reference value is a cell of its own, else low by at most `ks_error_bound`.
    Insensitive in the tails.

    Source: Smirnov 1948; equals scipy.stats.ks_2samp on a complete grid in tests/oracle.
    """
    gap = share_gap(reference, current) if gap is None else gap
    return float(abs(gap[widest(gap)]))


def share_gap(reference: NumericProfile, current: NumericProfile) -> Floats:
    """``(n_cells,)`` F_ref - F_cur at the end of each cell.

    Raises:
        MetricInputError: other cells, or no finite value on one side.
    """
    sizes = [len(reference.finite), len(current.finite)]
    if sizes[0] != sizes[1] or not reference.n_finite or not current.n_finite:
        message = (
            "both samples need the same cells and at least one finite value; "
            f"got {sizes[0]} and {sizes[1]} cells, {reference.n_finite} and {current.n_finite} values"
        )
        raise MetricInputError(message)
    gap: Floats = reference.shares - current.shares
    return gap


def widest(gap: Floats) -> int:
    """The first cell at whose end the gap is largest, either way."""
    high, low = int(gap.argmax()), int(gap.argmin())
    if gap[high] == -gap[low]:
        return min(high, low)
    return high if gap[high] > -gap[low] else low


def ks_error_bound(reference: NumericProfile) -> float:
    """How far the exact statistic can exceed `ks_statistic`: 0 on a complete grid, else the largest gap's share."""
    if reference.cells.complete:
        return 0.0
    return float(reference.finite[::2].max() / max(reference.n_finite, 1))


def wasserstein(reference: NumericProfile, current: NumericProfile, gap: Floats | None = None) -> float:
    """Earth mover's distance between two numeric profiles.

    W = integral |F_ref(x) - F_cur(x)| dx

    Args:
        reference: a profile with at least one finite value.
        current: a profile in the same cells with at least one finite value.
        gap: their `share_gap`, when it is known.

    Returns:
        ``[0, inf)`` in the feature's own unit; 0 = identical; higher = more drift.

    Raises:
        MetricInputError: no finite value on one side.

    Notes: exact when every value of both samples is a grid point; values between two grid points, or beyond the
    grid, are taken as spread evenly over their cell (out to the sample's extreme).

    Source: Ramdas et al. 2017; compared with scipy.stats.wasserstein_distance in tests/oracle.
    """
    extremes = [reference.low, reference.high, current.low, current.high]
    if any(extreme is None for extreme in extremes):
        message = "the Wasserstein distance needs finite values on both sides"
        raise MetricInputError(message)
    grid = reference.cells.grid
    low, high = min(x for x in extremes if x is not None), max(x for x in extremes if x is not None)
    edges = np.concatenate([[min(low, grid[0])], grid, [max(high, grid[-1])]])
    gap = share_gap(reference, current) if gap is None else gap
    before = np.append(0.0, gap[1::2])  # just right of each left edge: after the grid point's own jump
    after = gap[0::2]  # just left of each right edge: after the open cell's mass
    return float(np.sum(_mean_abs_of_linear(before, after) * np.diff(edges)))


def _mean_abs_of_linear(a: Floats, b: Floats) -> Floats:
    """Mean of |line from a to b|; a line through zero makes two triangles."""
    span = np.abs(a) + np.abs(b)
    mean: Floats = span / 2
    crosses = np.flatnonzero(a * b < 0)
    mean[crosses] = (a[crosses] ** 2 + b[crosses] ** 2) / (2 * span[crosses])
    return mean


def _require_proportions(reference: Floats, current: Floats, *, positive: bool) -> None:
    if len(reference) != len(current) or len(reference) == 0:
        message = f"both samples need the same bins; got {len(reference)} and {len(current)}"
        raise MetricInputError(message)
    for name, p in (("reference", reference), ("current", current)):
        smallest = p.min()  # NaN when one is
        if not ((smallest > 0 if positive else smallest >= 0) and abs(p.sum() - 1) < 1e-6):
            message = f"{name} must be {'positive ' if positive else ''}proportions that sum to 1; got {p}"
            raise MetricInputError(message)


def _require_counts(reference: Counts, current: Counts) -> None:
    if len(reference) != len(current) or not reference.sum() or not current.sum():
        message = (
            "both samples need the same bins and at least one value; "
            f"got {len(reference)} and {len(current)} bins, {reference.sum()} and {current.sum()} values"
        )
        raise MetricInputError(message)
