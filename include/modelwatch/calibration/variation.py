"""Natural variation: how much shares differ from window to window beyond chance, and the sizes that leaves for tests.

Traffic is not one long row of independent requests: weekdays, campaigns and repeated customers move whole windows. Then
Var(share of a window) = p (1 - p) (1/m + tau2): a part that shrinks with the window's m requests and a part that does
not. Every null that is made for independent requests holds again with the effective sizes
``1/m_eff = 1/m + tau2`` and ``1/n_eff = 1/n + tau2 / (windows in the reference)``. See docs/natural-variation.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import special

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

MIN_WINDOWS = 7  # with days, fewer hide the weekend
MIN_EXPECTED = 5.0
IS_NOISE = 0.01  # windows whose homogeneity has a larger p-value are taken to differ by chance alone
LEVEL = 0.001  # where the bound keeps a test's level: about what one test of a window's family must reach


@dataclass(frozen=True)
class Spread:
    """The between-window variance ``tau2 >= 0`` of a share, in units of p (1 - p).

    Attributes:
        typical: its estimate: what debiasing takes off.
        bound: what tests use, >= ``typical``: few windows know it badly, and it may all go one way.
    """

    typical: float = 0.0
    bound: float = 0.0


@dataclass(frozen=True)
class Sizes:
    """Effective requests of the reference (n) and of the window (m): as many independent ones would tell as much."""

    n: float
    m: float

    def reference(self, counts: Counts) -> Counts | Floats:
        """The reference's counts as they would be at its effective size; unchanged when nothing varies."""
        return _scaled(counts, self.n)

    def current(self, counts: Counts) -> Counts | Floats:
        """The window's counts as they would be at its effective size; unchanged when nothing varies."""
        return _scaled(counts, self.m)

    def shares(self, x: int, n: int, y: int, m: int) -> tuple[int, int, int, int]:
        """``x`` of ``n`` and ``y`` of ``m`` at the effective sizes, whole for the exact tests of thin counts."""
        return *_whole(x, n, self.n), *_whole(y, m, self.m)


@dataclass(frozen=True)
class Variation:
    """One column's natural variation; the default is none.

    Attributes:
        values: of the shares of its values, over the bins that PSI uses.
        missing: of the share of missing values.
        reference_windows: how many windows the reference amounts to.
        current_windows: how many windows the current sample is the sum of.
    """

    values: Spread = field(default_factory=Spread)
    missing: Spread = field(default_factory=Spread)
    reference_windows: float = 1.0
    current_windows: float = 1.0

    def sizes(self, n: int, m: int) -> Sizes:
        """For tests of the values, and the smallest effect they can show: ``n_eff <= n``, ``m_eff <= m``."""
        return self._sizes(n, m, self.values.bound)

    def typical_sizes(self, n: int, m: int) -> Sizes:
        """For what the values' effects are without any drift, which debiasing takes off."""
        return self._sizes(n, m, self.values.typical)

    def missing_sizes(self, n: int, m: int) -> Sizes:
        """For tests of the share of missing values."""
        return self._sizes(n, m, self.missing.bound)

    def _sizes(self, n: int, m: int, tau2: float) -> Sizes:
        return Sizes(effective(n, tau2 / self.reference_windows), effective(m, tau2 / self.current_windows))


Variations = Mapping[str, Variation]
NONE = Variation()


def effective(size: int, tau2: float) -> float:
    """``1 / (1/size + tau2)``, in [0, size]; the size itself when ``tau2`` is 0."""
    return float(size) if tau2 == 0 or size == 0 else 1 / (1 / size + tau2)


def spread_between(windows: Sequence[Counts]) -> Spread:
    """The spread that the windows' own shares show.

    tau2 = max(0, Q / (B - 1) - (k - 1)) / (N - sum_w n_w^2 / N)

    with Q the chi-square statistic of the k x B table of counts, which is chi-square with (k - 1)(B - 1) degrees of
    freedom when the windows differ by chance alone; then the spread is none. The bound is tau2 times
    (B - 1) F(1, k - 1) / chi2(B - 1), both quantiles at `LEVEL`: as if all the variation went in one direction, known
    from k windows only.

    Args:
        windows: k arrays of ``(n_bins,)`` counts of the same bins.

    Returns:
        none when there are fewer than `MIN_WINDOWS` windows with counts.

    Source: the moment estimator of DerSimonian & Laird 1986, over the bins; Rao & Scott 1981 for effective sizes.
    """
    table = np.array([counts for counts in windows if counts.sum()], dtype=np.float64)
    if len(table) < MIN_WINDOWS:
        return Spread()
    table = _pooled(table)
    k, n_bins = table.shape
    if n_bins < 2:
        return Spread()
    sizes, total, df = table.sum(axis=1), table.sum(), n_bins - 1
    expected = np.outer(sizes, table.sum(axis=0) / total)
    q = float(np.sum((table - expected) ** 2 / expected))
    if special.chdtrc(df * (k - 1), q) > IS_NOISE:
        return Spread()
    tau2 = max(0.0, q / df - (k - 1)) / (total - float(sizes @ sizes) / total)
    return Spread(tau2, tau2 * _one_way(k, df))


def n_windows(sizes: Sequence[int]) -> float:
    """How many equal windows amount to these: ``(sum n)^2 / sum n^2``, at least 1."""
    squares = sum(size * size for size in sizes)
    return sum(sizes) ** 2 / squares if squares else 1.0


def _one_way(k: int, df: int) -> float:
    """How much larger the tail of one direction, known from k windows, is than that of ``df`` known ones; >= 1."""
    tail = special.fdtri(1, k - 1, 1 - LEVEL)
    return max(1.0, df * float(tail) / float(special.chdtri(df, LEVEL)))


def _pooled(table: Floats) -> Floats:
    """Bins that are too thin for the chi-square in an average window together; empty ones left out."""
    totals = table.sum(axis=0)
    thin = totals < MIN_EXPECTED * len(table)
    kept, rest = table[:, ~thin], table[:, thin].sum(axis=1, keepdims=True)
    return np.hstack([kept, rest]) if rest.sum() else kept


def _scaled(counts: Counts, size: float) -> Counts | Floats:
    total = counts.sum()
    return counts if size >= total else counts * (size / total)


def _whole(count: int, size: int, effective_size: float) -> tuple[int, int]:
    if effective_size >= size:
        return count, size
    whole = max(1, int(effective_size))
    return round(count * whole / size), whole
