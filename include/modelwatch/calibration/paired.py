"""Paired comparisons: the same request answered twice. Tests, and means over a sample of two strata."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy.stats import hypergeom

from modelwatch.calibration.intervals import rate_interval
from modelwatch.metrics.multivariate import midranks

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
HANDFUL = 5  # values whose spread says little
CERTAIN = 1 - 1e-9  # a correlation of 1 has no finite z


def mcnemar_p_value(gained: int, lost: int) -> float:
    """P(flips at least this lopsided) when both versions select at the same rate: exact, two-sided.

    Flips that come of chance alone fall either way alike, so this holds for versions that are not deterministic too.

    Args:
        gained, lost: requests that only the second, or only the first, selected.

    Source: McNemar 1947, exact binomial form; equal to statsmodels' ``mcnemar(exact=True)``.
    """
    n = gained + lost
    return 1.0 if n == 0 else min(1.0, 2 * float(special.bdtr(min(gained, lost), n, 0.5)))


def more_often_p_value(k1: int, n1: int, k2: int, n2: int) -> float:
    """P(at least ``k1`` of the ``k1 + k2`` events among the first ``n1``) when both happen equally often: exact.

    Source: Fisher's exact test, one-sided; equal to scipy's ``fisher_exact(alternative="greater")``.
    """
    return 1.0 if k1 == 0 or n2 == 0 else float(hypergeom.sf(k1 - 1, n1 + n2, k1 + k2, n1))


@dataclass(frozen=True)
class Mean:
    """An estimated mean.

    Attributes:
        value; error: its standard error, >= 0; n: how many it rests on.
    """

    value: float
    error: float
    n: int

    def p_value(self, null: float = 0.0) -> float:
        """Two-sided, against a mean of ``null``: Student's t. Without any spread it is certain, either way."""
        away = abs(self.value - null)
        if self.error == 0 or self.n < 2:
            return 1.0 if away == 0 or self.n < 2 else 0.0
        return float(2 * special.stdtr(self.n - 1, -away / self.error))

    def reach(self, alpha: float) -> float:
        """Half the width of its interval at confidence ``1 - alpha``."""
        return float(self.error * special.stdtrit(max(1, self.n - 1), 1 - alpha / 2))


def stratified_mean(values: Floats, is_near: Flags, total: int) -> Mean:
    """The mean over stored requests, of which all of the nearest to the decision and a part of the rest were asked.

    Args:
        values: ``(n,)`` one per asked request; is_near: ``(n,)`` whether it was asked for being near: those stand for
            themselves alone, the others for all the rest.
        total: how many stored requests there are, >= n.

    Source: Cochran, Sampling Techniques, section 5.3.
    """
    near, rest, total = values[is_near], values[~is_near], max(total, len(values))
    if len(near) in (0, total) or len(values) < 2:
        return plain_mean(values)
    if len(rest) == 0:  # nobody else was asked: taken for like these, and as sure as one answer is
        rest = np.full(1, near.mean())
    share = len(near) / total
    weights, parts = (share, 1 - share), (near, rest)
    value = sum(w * float(part.mean()) for w, part in zip(weights, parts, strict=True))
    error = sum((w * _error(part, values)) ** 2 for w, part in zip(weights, parts, strict=True)) ** 0.5
    return Mean(value, error, len(values))


def _error(stratum: Floats, values: Floats) -> float:
    """The standard error of a stratum's mean; a handful of values does not show their own spread, so that of all is
    taken where it is larger.
    """
    spread = float(stratum.std(ddof=1)) if len(stratum) > 1 else 0.0
    if len(stratum) < HANDFUL:
        spread = max(spread, float(values.std(ddof=1)))
    return float(spread / len(stratum) ** 0.5)


def stratified_share(happened: Flags, is_near: Flags, total: int, *, alpha: float) -> tuple[float, float, float]:
    """A share over stored requests, as `stratified_mean`, with an interval that holds for few events and for none.

    Args:
        happened: ``(n,)`` whether it did, n > 0; is_near, total: as of `stratified_mean`.
        alpha: one minus the confidence.

    Returns:
        The share and its interval, in [0, 1]: Wilson's of each stratum, combined by square-and-add.

    Source: Zou & Donner 2008 (MOVER).
    """
    share, n_near = stratified_mean(happened.astype(np.float64), is_near, total).value, int(is_near.sum())
    weight = n_near / max(total, len(happened))
    below = above = 0.0
    for part, w in ((happened[is_near], weight), (happened[~is_near], 1 - weight)):
        rate = float(part.mean()) if len(part) else share
        low, high = rate_interval(int(part.sum()), len(part), alpha=alpha) if len(part) else (0.0, 1.0)
        below, above = below + (w * (rate - float(low))) ** 2, above + (w * (float(high) - rate)) ** 2
    return share, max(0.0, share - below**0.5), min(1.0, share + above**0.5)


def plain_mean(values: Floats) -> Mean:
    """The mean of a simple sample; an error of 0 for fewer than two values."""
    n = len(values)
    error = float(values.std(ddof=1) / n**0.5) if n > 1 else 0.0
    return Mean(float(values.mean()) if n else 0.0, error, n)


def difference(first: Mean, second: Mean) -> Mean:
    """The first mean minus the second, of independent samples; its ``n`` gives Welch's degrees of freedom.

    Source: Welch 1947.
    """
    a, b = first.error**2, second.error**2
    spread = a**2 / max(first.n - 1, 1) + b**2 / max(second.n - 1, 1)
    freedom = (a + b) ** 2 / spread if spread > 0 else first.n + second.n - 2
    return Mean(first.value - second.value, (a + b) ** 0.5, int(freedom) + 1)


def rank_correlation(first: Floats, second: Floats) -> float | None:
    """Spearman's: whether both put the same requests above which others.

    Args:
        first, second: ``(n,)``, no NaN.

    Returns:
        [-1, 1]; 1 = the same order, 0 = none in common, -1 = reversed; None where all of one side are equal.

    Source: Spearman 1904; equal to scipy's ``spearmanr``.
    """
    ranks = midranks(first), midranks(second)
    if len(first) < 2 or any(np.ptp(one) == 0 for one in ranks):
        return None
    return float(np.clip(np.corrcoef(*ranks)[0, 1], -1, 1))


def correlations_p_value(r1: float, n1: int, r2: float, n2: int) -> float:
    """P(two rank correlations this far apart) when they are of one size: Fisher's z, two-sided.

    Args:
        r1, r2: each of its own ``n1`` and ``n2`` pairs, both more than 3.

    Source: Bonett and Wright 2000, whose variance for Spearman's is ``(1 + r^2 / 2) / (n - 3)``.
    """
    z1, z2 = (float(np.arctanh(np.clip(r, -CERTAIN, CERTAIN))) for r in (r1, r2))
    error = ((1 + r1**2 / 2) / (n1 - 3) + (1 + r2**2 / 2) / (n2 - 3)) ** 0.5
    return float(2 * special.ndtr(-abs(z1 - z2) / error))
