"""Joint drift: whether two sets of rows can be told apart, and whether pairs of columns still move together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from modelwatch.errors import MetricInputError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def midranks(values: Floats) -> Floats:
    """Ranks from 1, equal values sharing their mean rank.

    Args:
        values: ``(n,)``, no NaN; infinities are the smallest and the largest.

    Returns:
        ``(n,)`` in [1, n]; equals scipy.stats.rankdata in tests/oracle.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(values) else np.empty(0, dtype=np.int64)
    sizes = np.diff(np.append(starts, len(values)))
    ranks = np.empty(len(values), dtype=np.float64)
    ranks[order] = np.repeat(starts + (sizes + 1) / 2, sizes)
    return ranks


def normal_scores(values: Floats) -> Floats:
    """Each value's normal quantile at its midrank: ``ndtri((rank - 0.5) / n)``; NaN stays NaN.

    Args:
        values: ``(n,)``.

    Returns:
        ``(n,)``, finite where the value is not NaN; a strictly increasing change of the values leaves it as it is.
    """
    known = ~np.isnan(values)
    scores = np.full(len(values), np.nan)
    if known.any():
        scores[known] = special.ndtri((midranks(values[known]) - 0.5) / np.count_nonzero(known))
    return scores


def roc_auc(scores: Floats, is_current: Flags) -> float:
    """How often a current row scores above a reference row, ties counting half.

    ``(R - m (m + 1) / 2) / (m n)`` with R the sum of the m current rows' midranks.

    Args:
        scores: ``(n + m,)``, no NaN; is_current: ``(n + m,)``.

    Returns:
        [0, 1]; 0.5 = cannot be told apart; higher = more drift.

    Raises:
        MetricInputError: one of the two sides has no rows.

    Source: Hanley & McNeil 1982; equals sklearn.metrics.roc_auc_score in tests/oracle.
    """
    m = int(np.count_nonzero(is_current))
    n = len(is_current) - m
    if m == 0 or n == 0:
        message = "an area under the curve needs rows on both sides"
        raise MetricInputError(message)
    return float((midranks(scores)[is_current].sum() - m * (m + 1) / 2) / (m * n))


@dataclass(frozen=True, eq=False)
class Correlations:
    """Every pair of columns of one sample.

    Attributes:
        r: ``(d, d)`` correlations in [-1, 1]; 0 where a column of the pair does not vary.
        n: ``(d, d)`` rows that have both values.
        inflation: ``(d, d)``, at least 1: the variance of ``r`` over what it would be under a bivariate normal.
        varies: ``(d, d)``, whether both columns vary among those rows.
    """

    r: Floats
    n: Floats
    inflation: Floats
    varies: Flags


def correlations(columns: Floats) -> Correlations:
    """Pearson's correlation of every pair of columns over the rows that have both values.

    On normal scores this is van der Waerden's rank correlation, which no change of the marginals can move. With
    ``m_kl = E[x^k y^l]`` of the standardised pair, ``n var(r) = m_22 (1 + r^2/2) - r (m_31 + m_13) + r^2 (m_40 +
    m_04) / 4``, which is ``(1 - r^2)^2`` under a normal pair.

    Args:
        columns: ``(n, d)``; NaN is missing.

    Notes:
        A dependence that is not monotone (y = x^2) has no correlation to lose; the domain classifier sees some of it.

    Source: Hajek & Sidak 1967; the variance of r: Steiger & Hakstian 1982; equals pandas' corr in tests/oracle.
    """
    known = (~np.isnan(columns)).astype(np.float64)
    x = np.where(known > 0, columns, 0.0)
    n = known.T @ known
    rows = np.maximum(n, 1.0)
    mean = (x.T @ known) / rows  # of the column, among the rows that the other column has too
    square = x * x
    variance = (square.T @ known) / rows - mean * mean
    varies = (variance > 1e-12) & (variance.T > 1e-12) & (n > 3)
    spread = np.sqrt(np.where(varies, variance, 1.0))
    r = np.where(varies, ((x.T @ x) / rows - mean * mean.T) / (spread * spread.T), 0.0)
    r = np.clip(r, -1.0, 1.0)
    m22 = (square.T @ square) / rows / (spread * spread.T) ** 2
    m31 = ((square * x).T @ x) / rows / (spread**3 * spread.T)
    m40 = ((square * square).T @ known) / rows / spread**4
    wide = m22 * (1 + r * r / 2) - r * (m31 + m31.T) + r * r * (m40 + m40.T) / 4
    inflation = np.maximum(1.0, wide / np.maximum((1 - r * r) ** 2, 1e-6))
    return Correlations(r, n, inflation, varies)
