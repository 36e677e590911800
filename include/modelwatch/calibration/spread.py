"""The between-window variance of a column's shares, estimated from the counts of past windows."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special

from modelwatch.calibration.variation import Spread

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

MIN_WINDOWS = 7  # with days, fewer hide the weekend
MIN_EXPECTED = 5.0
IS_NOISE = 0.01  # windows whose homogeneity has a larger p-value are taken to differ by chance alone
LEVEL = 0.001  # where the bounds keep a test's level: about what one test of a window's family must reach


def spread_between(windows: Sequence[Counts] | Counts, *, ordered: bool = False) -> Spread:
    """The spread that the windows' own shares show.

    tau2 = max(0, Q / (B - 1) - (k - 1), (H - (k - 1)) / (B - 1)) / (N - sum_w n_w^2 / N)

    with Q the chi-square statistic of the k x B table of counts, chi-square with (k - 1)(B - 1) degrees of freedom when
    the windows differ by chance alone, and for ordered bins H the Kruskal-Wallis statistic of the same table, which
    sees whole windows that are higher or lower with k - 1. When neither is significant, the spread is none. The bounds
    are tau2 times (B - 1) F(1, k - 1) / c, quantiles at `LEVEL`: as if all the variation went in the one direction that
    the test is most sensitive to, known from k windows only. c is chi2(1) for a test of one share, and for PSI and KS
    the smaller of chi2(B - 1) and 4 K^2, K of Kolmogorov's law.

    Args:
        windows: k arrays of ``(n_bins,)`` counts of the same bins.
        ordered: whether the bins are in the order of a number.

    Returns:
        none when there are fewer than `MIN_WINDOWS` windows with counts.

    Source: the moment estimator of DerSimonian & Laird 1986, over the bins; Rao & Scott 1981 for effective sizes;
    Kruskal & Wallis 1952.
    """
    table = _table(windows)
    return _spread(table, len(table), ordered=ordered)


def spread_of_steps(windows: Sequence[Counts] | Counts, *, ordered: bool = False) -> Spread:
    """The spread that the steps from one window to the next show: blind to what creeps, unlike `spread_between`.

    The windows are taken in pairs of neighbours, and the statistics are summed over the pairs.

    Args:
        windows: k arrays of ``(n_bins,)`` counts of the same bins, in the order of time.
        ordered: whether the bins are in the order of a number.

    Source: von Neumann 1941, the mean square successive difference.
    """
    return _spread(_table(windows), 2, ordered=ordered)


def _spread(table: Floats, size: int, *, ordered: bool) -> Spread:
    """What neighbouring windows (rows of the table), in groups of so many, differ by: from all groups together.

    A cumulative share moves by at most sqrt(S / 4), and a share p by sqrt(p (1 - p) S), when the chi-square distance
    S = (B - 1) tau2 F all lies in it.
    """
    if len(table) < MIN_WINDOWS or table.shape[1] < 2:
        return Spread()
    groups = table[len(table) % size :].reshape(-1, size, table.shape[1])
    thin = table.sum(axis=0) < MIN_EXPECTED * len(table)
    df, comparisons = max(1, int((~thin).sum() + bool(thin.any()) - 1)), len(groups) * (size - 1)
    q, h = _homogeneity(_pooled(groups, thin)), float(comparisons)
    is_noise = bool(special.chdtrc(df * comparisons, q) > IS_NOISE)
    if ordered:
        h = _along(groups, _scores(table))
        is_noise = is_noise and bool(special.chdtrc(comparisons, h) > IS_NOISE)
    if is_noise:
        return Spread()
    sizes = groups.sum(axis=2)
    gain = float((sizes.sum(axis=1) - (sizes**2).sum(axis=1) / sizes.sum(axis=1)).sum())
    tau2 = max(0.0, q / df - comparisons, (h - comparisons) / df) / gain
    one_way = df * float(special.fdtri(1, comparisons, 1 - LEVEL))
    of_all = min(float(special.chdtri(df, LEVEL)), 4 * float(special.kolmogi(LEVEL)) ** 2)
    of_one = float(special.chdtri(1, LEVEL))
    return Spread(tau2, tau2 * max(1.0, one_way / of_all), tau2 * max(1.0, one_way / of_one))


def _table(windows: Sequence[Counts] | Counts) -> Floats:
    """One row per window that has counts; bins that are empty in all of them left out."""
    if not len(windows):
        return np.empty((0, 0))
    table = np.array(windows, dtype=np.float64)
    table = table[table.sum(axis=1) > 0]
    held: Floats = table[:, table.sum(axis=0) > 0]
    return held


def _pooled(groups: Floats, thin: NDArray[np.bool_]) -> Floats:
    """The thin bins as one."""
    return np.concatenate([groups[:, :, ~thin], groups[:, :, thin].sum(axis=2, keepdims=True)], axis=2)


def _homogeneity(groups: Floats) -> float:
    """Pearson's chi-square of windows x bins, bins that are empty in all of a group left out; summed over the groups.

    Args:
        groups: ``(n_groups, n_windows, n_bins)`` counts.
    """
    of_windows, of_bins = groups.sum(axis=2, keepdims=True), groups.sum(axis=1, keepdims=True)
    expected = of_windows * (of_bins / of_windows.sum(axis=1, keepdims=True))
    terms = np.divide((groups - expected) ** 2, expected, out=np.zeros_like(groups), where=expected > 0)
    return float(terms.sum())


def _scores(table: Floats) -> Floats:
    """``(n_bins,)`` mid-ranks of the bins among all windows' counts, with mean 0 and variance 1."""
    shares = table.sum(axis=0) / table.sum()
    ranks = np.cumsum(shares) - shares / 2 - 0.5
    scores: Floats = ranks / np.sqrt(float(shares @ ranks**2))
    return scores


def _along(groups: Floats, scores: Floats) -> float:
    """How much the windows' mean scores differ: chi-square with one degree of freedom per comparison by chance."""
    sizes, sums = groups.sum(axis=2), groups @ scores
    return float(np.sum(sums**2 / sizes) - np.sum(sums.sum(axis=1) ** 2 / sizes.sum(axis=1)))
