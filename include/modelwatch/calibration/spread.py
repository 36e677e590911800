"""The between-window variance of a column's shares, estimated from the counts of past windows."""

from collections.abc import Mapping, Sequence

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
    return spreads({"": windows}, by_steps=False, ordered=ordered)[""]


def spread_of_steps(windows: Sequence[Counts] | Counts, *, ordered: bool = False) -> Spread:
    """The spread that the steps from one window to the next show: blind to what creeps, unlike `spread_between`.

    The windows are taken in pairs of neighbours, and the statistics are summed over the pairs.

    Args:
        windows: k arrays of ``(n_bins,)`` counts of the same bins, in the order of time.
        ordered: whether the bins are in the order of a number.

    Source: von Neumann 1941, the mean square successive difference.
    """
    return spreads({"": windows}, by_steps=True, ordered=ordered)[""]


def spreads(
    columns: Mapping[str, Sequence[Counts] | Counts], *, by_steps: bool, ordered: bool = False
) -> dict[str, Spread]:
    """`spread_of_steps` or `spread_between` of each column; those whose tables look alike are worked out together."""
    found = dict.fromkeys(columns, Spread())
    alike: dict[tuple[int, int, bytes], dict[str, Floats]] = {}
    for name, windows in columns.items():
        table = _table(windows)
        if len(table) >= MIN_WINDOWS and table.shape[1] >= 2:
            thin = table.sum(axis=0) < MIN_EXPECTED * len(table)
            alike.setdefault((*table.shape, thin.tobytes()), {})[name] = table.T
    for (k, _, thin), tables in alike.items():
        stack = _Stack(np.array(list(tables.values())), np.frombuffer(thin, np.bool_), 2 if by_steps else k)
        found |= dict(zip(tables, stack.spreads(ordered=ordered), strict=True))
    return found


class _Stack:
    """What neighbouring windows, in groups of so many, differ by: from all groups together, column by column.

    A cumulative share moves by at most sqrt(S / 4), and a share p by sqrt(p (1 - p) S), when the chi-square distance
    S = (B - 1) tau2 F all lies in it.

    Attributes:
        tables: ``(n_columns, n_bins, k)`` counts; groups: the same as ``(n_columns, n_bins, n_groups, size)``.
        thin: ``(n_bins,)`` the bins that are put together.
    """

    def __init__(self, tables: Floats, thin: NDArray[np.bool_], size: int) -> None:
        self.tables, self.thin = tables, thin
        self.groups = tables[:, :, tables.shape[2] % size :].reshape(*tables.shape[:2], -1, size)
        self.sizes: Floats = self.groups.sum(axis=1)
        self.df = max(1, int((~thin).sum() + bool(thin.any()) - 1))
        self.comparisons = self.groups.shape[2] * (size - 1)

    def spreads(self, *, ordered: bool) -> list[Spread]:
        """Each column's spread."""
        q, h = self.homogeneity(), np.full(len(self.tables), float(self.comparisons))
        is_noise = special.chdtrc(self.df * self.comparisons, q) > IS_NOISE
        if ordered:
            h = self.along()
            is_noise &= special.chdtrc(self.comparisons, h) > IS_NOISE
        return [
            Spread() if quiet else self._spread(*seen)
            for quiet, *seen in zip(is_noise, q.tolist(), h.tolist(), self.sizes, strict=True)
        ]

    def _spread(self, q: float, h: float, sizes: Floats) -> Spread:
        df, comparisons = self.df, self.comparisons
        gain = float((sizes.sum(axis=1) - (sizes**2).sum(axis=1) / sizes.sum(axis=1)).sum())
        tau2 = max(0.0, q / df - comparisons, (h - comparisons) / df) / gain
        one_way = df * float(special.fdtri(1, comparisons, 1 - LEVEL))
        of_all = min(float(special.chdtri(df, LEVEL)), 4 * float(special.kolmogi(LEVEL)) ** 2)
        of_one = float(special.chdtri(1, LEVEL))
        return Spread(tau2, tau2 * max(1.0, one_way / of_all), tau2 * max(1.0, one_way / of_one))

    def homogeneity(self) -> Floats:
        """Pearson's chi-square of windows x bins, thin bins as one, bins that are empty in all of a group left out."""
        rest = self.groups[:, self.thin].sum(axis=1, keepdims=True)
        pooled = np.concatenate([self.groups[:, ~self.thin], rest], axis=1)
        of_windows, of_bins = pooled.sum(axis=1, keepdims=True), pooled.sum(axis=3, keepdims=True)
        expected = of_windows * (of_bins / of_windows.sum(axis=3, keepdims=True))
        terms = np.divide((pooled - expected) ** 2, expected, out=np.zeros(pooled.shape), where=expected > 0)
        return np.asarray(terms.reshape(len(terms), -1).sum(axis=1))

    def along(self) -> Floats:
        """How much the windows' mean scores differ: chi-square with one degree of freedom per comparison by chance."""
        scores = mid_ranks(self.tables.sum(axis=2))
        sums = np.array([group.transpose(1, 2, 0) @ one for group, one in zip(self.groups, scores, strict=True)])
        of_groups = sums.sum(axis=2) ** 2 / self.sizes.sum(axis=2)
        return np.asarray((sums**2 / self.sizes).reshape(len(sums), -1).sum(axis=1) - of_groups.sum(axis=1))


def mid_ranks(counts: Floats) -> Floats:
    """``(n_columns, n_bins)`` mid-ranks of the bins among all windows' counts, with mean 0 and variance 1."""
    shares = counts / counts.sum(axis=1, keepdims=True)
    ranks = np.cumsum(shares, axis=1) - shares / 2 - 0.5
    variances = [float(share @ squares) for share, squares in zip(shares, ranks**2, strict=True)]
    return np.asarray(ranks / np.sqrt(variances)[:, np.newaxis])


def _table(windows: Sequence[Counts] | Counts) -> Floats:
    """One row per window that has counts; bins that are empty in all of them left out."""
    if not len(windows):
        return np.empty((0, 0))
    table = np.array(windows, dtype=np.float64)
    table = table[table.sum(axis=1) > 0]
    held: Floats = table[:, table.sum(axis=0) > 0]
    return held
