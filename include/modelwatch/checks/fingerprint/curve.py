"""Distribution functions from counts, and how well one hypothesis about a change fits."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from modelwatch.profile.buckets import from_ordered
from modelwatch.profile.features import NumericProfile

Floats = NDArray[np.float64]
Hypothesis = Callable[[Floats], Floats]
"""P(value < point) at ascending points, if the hypothesis is true."""

TOLERANCE = 1e-9  # relative; 12.34 * 100 is not exactly 1234
TINY = 1e-300  # what clears zero, to which nothing is relative
QUANTILES = np.linspace(0.02, 0.98, 97)


@dataclass(frozen=True, eq=False)
class Curve:
    """A distribution function, linear between its points; a jump is two points at one value.

    Attributes:
        xs: ``(p,)`` ascending values; cumulative: ``(p,)`` shares, 0 to 1, of the values up to each.
    """

    xs: Floats
    cumulative: Floats

    def below(self, points: Floats) -> Floats:
        """P(X < point)."""
        right = np.searchsorted(self.xs, points, side="left")
        left, right_ = np.clip(right - 1, 0, None), np.clip(right, None, len(self.xs) - 1)
        width = self.xs[right_] - self.xs[left]
        part = np.divide(points - self.xs[left], width, out=np.ones_like(points), where=width > 0)
        rise = self.cumulative[right_] - self.cumulative[left]
        inside = self.cumulative[left] + np.clip(part, 0.0, 1.0) * rise
        shares: Floats = np.where(right == 0, 0.0, np.where(right == len(self.xs), 1.0, inside))
        return shares

    def quantile(self, shares: Floats) -> Floats:
        """The values below which these shares lie."""
        values: Floats = np.interp(shares, self.cumulative, self.xs)
        return values


class Pair:
    """A reference and a current profile of one numeric feature, both with finite values.

    The reference's distribution comes from its cells, which are fine everywhere it has values; the current one's from
    its buckets, which are fine wherever *it* has values: exactly known at every bucket edge.
    """

    def __init__(self, reference: NumericProfile, current: NumericProfile) -> None:
        self.reference, self.current = reference, current
        self.n, self.m = reference.n_finite, current.n_finite
        self.before, self.after = _of_cells(reference), _of_buckets(current)
        self.points, self.seen = _edges(current)

    @property
    def noise(self) -> float:
        """A distance of two samples of one distribution that one in a thousand exceeds (Kolmogorov's law)."""
        return 1.95 * math.sqrt(1 / self.n + 1 / self.m)

    @property
    def limit(self) -> float:
        """The distance up to which a hypothesis fits: noise, and one point of share that does not matter."""
        return self.noise + 0.01

    @cached_property
    def unchanged(self) -> float:
        """The distance without any hypothesis."""
        return self.distance(self.before.below)

    @cached_property
    def quantiles(self) -> tuple[Floats, Floats]:
        """``(97,)`` quantiles of both."""
        return self.before.quantile(QUANTILES), self.after.quantile(QUANTILES)

    @cached_property
    def deviation(self) -> float:
        """The reference's spread, as the standard deviation of a normal with the same middle half; at least that of a
        tenth of its middle 90 %, so that a heap of equal values does not make it zero.
        """
        q5, q25, q75, q95 = self.before.quantile(np.array([0.05, 0.25, 0.75, 0.95]))
        return float(max((q75 - q25) / 1.349, (q95 - q5) / 3.29 / 2))

    def share_before(self, value: float) -> float:
        """The reference's share of one value."""
        return _share_at(self.before, value)

    def share_after(self, value: float) -> float:
        """The current share of one value; of its whole bucket where buckets are wide."""
        return _share_at(self.after, value)

    def distance(self, hypothesis: Hypothesis, *, slack: float = 0.0) -> float:
        """Largest gap between what is seen and what the hypothesis says, in [0, 1].

        Args:
            hypothesis: the distribution function it claims for the current values.
            slack: how far from an edge rounding may have put a value, besides its relative tolerance.
        """
        return float(np.max(np.abs(self.seen - hypothesis(self.moved(slack)))))

    def moved(self, slack: float = 0.0) -> Floats:
        """The points at which ``seen`` is the share below, put clear of the rounding of values beside them."""
        clear = TOLERANCE * (np.abs(self.points) + slack)
        clear[clear == 0] = TINY
        moved: Floats = self.points + np.where(self._is_after, clear, -clear)
        return moved

    @cached_property
    def _is_after(self) -> NDArray[np.bool_]:
        """Exact buckets are looked at on both sides of their value, wide ones at their edges."""
        after: NDArray[np.bool_] = (np.arange(len(self.points)) % 2 == 1) & self.current.buckets.exact
        return after


def _share_at(curve: Curve, value: float) -> float:
    clear = abs(value) * TOLERANCE or TINY
    below, upto = curve.below(np.array([value - clear, value + clear]))
    return float(upto - below)


def _of_cells(profile: NumericProfile) -> Curve:
    grid, counts = profile.cells.grid, profile.finite
    cumulative = np.cumsum(counts) / counts.sum()
    low = grid[0] if profile.low is None else min(profile.low, grid[0])
    high = grid[-1] if profile.high is None else max(profile.high, grid[-1])
    return Curve(np.concatenate([[low], np.repeat(grid, 2), [high]]), np.insert(cumulative, 0, 0.0))


def _of_buckets(profile: NumericProfile) -> Curve:
    buckets = profile.buckets
    upto = np.cumsum(buckets.counts) / buckets.counts.sum()
    cumulative = np.column_stack([np.insert(upto[:-1], 0, 0.0), upto]).ravel()
    xs = np.column_stack([buckets.lower, buckets.upper]).ravel()
    return Curve(np.clip(xs, profile.low, profile.high), cumulative)


def _edges(profile: NumericProfile) -> tuple[Floats, Floats]:
    """Both sides of every bucket with the share of values below: of an exact one its value, before and after."""
    buckets = profile.buckets
    upto = np.cumsum(buckets.counts) / buckets.counts.sum()
    ends = buckets.lower if buckets.exact else from_ordered((buckets.keys + 1) << buckets.level)
    points = np.column_stack([buckets.lower, ends]).ravel()
    return points, np.column_stack([np.insert(upto[:-1], 0, 0.0), upto]).ravel()
