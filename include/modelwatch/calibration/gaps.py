"""Gaps between groups and their simultaneous intervals: who is compared with whom, and what holds of all at once."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from modelwatch.calibration.group_counts import GroupCounts
from modelwatch.calibration.intervals import change_interval, difference_interval, ratio_interval

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Against = str | int

MIN_EVENTS = 10  # events, and non-events, a group must be expected to have before its rate can accuse anyone


@dataclass(frozen=True)
class Gap:
    """What the groups' rates differ by.

    Attributes:
        value: the point estimate.
        low, high: simultaneous interval.
        half_width: of the interval before it is cut to the metric's range.
        first, second: the groups behind the value, the one with the higher rate first.
    """

    value: float
    low: float
    high: float
    half_width: float
    first: int
    second: int


@dataclass(frozen=True, eq=False)
class Pairs:
    """Comparisons of a group with another, or with the rest.

    Attributes:
        first, second: ``(n_pairs,)`` indices of groups; second is -1 for the rest.
        n_tests: among how many comparisons alpha is shared: all that these were picked from.
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    n_tests: int

    def and_of(self, first: int, second: int) -> "Pairs":
        """With one more comparison at the end, which takes no share of alpha: it bounds, and accuses nobody."""
        return Pairs(np.append(self.first, first), np.append(self.second, second), self.n_tests)

    def sides(self, groups: GroupCounts) -> tuple[Counts, Counts, Counts, Counts]:
        """``(x1, n1, x2, n2)`` of every pair."""
        x2, n2 = groups.x[self.second], groups.n[self.second]
        is_rest = self.second < 0
        x2 = np.where(is_rest, groups.x.sum() - groups.x[self.first], x2)
        n2 = np.where(is_rest, groups.n.sum() - groups.n[self.first], n2)
        return groups.x[self.first], groups.n[self.first], x2, n2


def needed(groups: GroupCounts) -> int:
    """Trials a group needs so that, at the overall rate, `MIN_EVENTS` events and as many non-events are expected."""
    n = int(groups.n.sum())
    share = (int(groups.x.sum()) + 0.5) / (n + 1)
    return int(-(-MIN_EVENTS // min(share, 1 - share)))


def pairs_of(ranking: Floats, n: Counts, against: Against) -> Pairs:
    """Who is compared with whom.

    Args:
        ranking: ``(k,)`` what decides which groups are extreme, ``k >= 2``; of two alike the larger one is.
        n: ``(k,)`` the groups' sizes.
        against: ``"extremes"`` (every pair, of which those with the highest or the lowest group can decide; alpha is
            shared among all), ``"rest"`` (each group against all others together), or the index of the reference group.
    """
    k = len(ranking)
    everyone = np.arange(k)
    if against == "rest":
        return Pairs(everyone, np.full(k, -1), 1 if k == 2 else k)
    if isinstance(against, int):
        others = everyone[everyone != against]
        return Pairs(others, np.full(k - 1, against), k - 1)
    high, low = _extremes(ranking, n)
    first = np.concatenate([np.full(k - 1, high), everyone[everyone != low]])
    second = np.concatenate([everyone[everyone != high], np.full(k - 1, low)])
    return Pairs(first, second, k * (k - 1) // 2)


def difference_gap(groups: GroupCounts, against: Against, *, alpha: float) -> Gap:
    """Largest rate minus smallest, with the interval of the comparisons that were asked for.

    The lower end is the largest of the comparisons' lower ends: no comparison can differ by more than the extremes do,
    so it holds for the extremes too. The upper end is the largest of the upper ends, the extremes' own included.

    Args:
        groups: two or more.
        against: see `pairs_of`.
        alpha: one minus the confidence of all comparisons together; each gets its Bonferroni share.

    Returns:
        value in [0, 1], interval within [0, 1].

    Source: Newcombe 1998; fairlearn.metrics.demographic_parity_difference.
    """
    rates = groups.rates
    high, low = _extremes(rates, groups.n)
    pairs = pairs_of(rates, groups.n, against)
    below, above = difference_interval(*pairs.and_of(high, low).sides(groups), alpha=alpha / pairs.n_tests)
    firmest = float(np.max(np.maximum(below, -above)))
    largest = float(np.max(np.maximum(above, -below)))
    value = float(rates[high] - rates[low])
    return Gap(value, max(0.0, firmest), min(1.0, largest), float(above[-1] - below[-1]) / 2, high, low)


def unbounded_gap(groups: GroupCounts) -> Gap:
    """Largest rate minus smallest when nothing is to be said of it."""
    rates = groups.rates
    high, low = _extremes(rates, groups.n)
    return Gap(float(rates[high] - rates[low]), 0.0, 1.0, 0.5, high, low)


def ratio_gap(groups: GroupCounts, against: Against, *, alpha: float) -> Gap | None:
    """Smallest rate over largest, with the interval of the comparisons that were asked for; None without any event.

    Args:
        groups: two or more.
        against: see `pairs_of`.
        alpha: one minus the confidence of all comparisons together; each gets its Bonferroni share.

    Returns:
        value in [0, 1], interval within [0, 1].

    Source: Miettinen & Nurminen 1985; fairlearn.metrics.demographic_parity_ratio.
    """
    rates = groups.rates
    high, low = _extremes(rates, groups.n)
    if rates[high] == 0:
        return None
    pairs = pairs_of(rates, groups.n, against)
    ends = ratio_interval(*pairs.and_of(low, high).sides(groups), alpha=alpha / pairs.n_tests)
    half_width = (min(float(ends[1][-1]), 2.0) - float(ends[0][-1])) / 2
    below, above = _below_one(*ends)
    value = float(rates[low] / rates[high])
    return Gap(value, float(np.min(below)), min(1.0, float(np.min(above))), half_width, high, low)


def change_gap(
    now: GroupCounts, before: GroupCounts, against: Against, *, alpha: float, variation: Floats | None = None
) -> Gap:
    """How much of a gap between groups is new: the gap now, less what the reference had of it in the same direction.

    Of the comparisons, the one whose gap widened most; negative when every gap narrowed. A gap that turned round counts
    from zero, so that a disadvantage that vanishes is no alarm.

    Args:
        now, before: the same groups, two or more, in the window and in the reference.
        against: see `pairs_of`; extremes are then those whose rate rose and fell most.
        alpha: one minus the confidence of all comparisons together; each gets its Bonferroni share.
        variation: ``(k,)`` what natural variation adds to the variance of each group's rate less that of all others,
            in units of p (1 - p) (`Variation.of_change`); the change of a gap is widened by it.

    Returns:
        value in [-1, 1], interval within [-1, 1].

    Source: Newcombe 1998 and Zou & Donner 2008.
    """
    pairs = pairs_of(now.rates - before.rates, now.n, against)
    share = alpha / pairs.n_tests
    mine, theirs = pairs.sides(now), pairs.sides(before)
    gap, earlier = mine[0] / mine[1] - mine[2] / mine[3], theirs[0] / theirs[1] - theirs[2] / theirs[3]
    sign = np.where(gap < 0, -1.0, 1.0)
    value = np.minimum(sign * (gap - earlier), sign * gap)
    gap_low, gap_high = _turned(sign, *difference_interval(*mine, alpha=share))
    change = change_interval(mine, theirs, alpha=share)
    if variation is not None and variation.any():
        change = _widened(gap - earlier, *change, _variance(now, before, pairs, variation), alpha=share)
    low, high = _turned(sign, *change)
    low, high = np.maximum(np.minimum(low, gap_low), -1.0), np.minimum(np.minimum(high, gap_high), 1.0)
    widest = int(np.argmax(value))
    first, second = int(pairs.first[widest]), int(pairs.second[widest])
    half_width = float(high[widest] - low[widest]) / 2
    return Gap(float(value[widest]), float(np.max(low)), float(np.max(high)), half_width, first, second)


def each_against(
    groups: GroupCounts, against: Against, *, alpha: float, interval: Callable[..., tuple[Floats, Floats]]
) -> tuple[Pairs, Floats, Floats]:
    """The interval of every group against the rest, the reference group or, for extremes, the highest."""
    rates, n = groups.rates, groups.n
    top = _extremes(rates, n)[0] if against == "extremes" else against
    pairs = replace(pairs_of(rates, n, top), n_tests=pairs_of(rates, n, against).n_tests)
    low, high = interval(*pairs.sides(groups), alpha=alpha / pairs.n_tests)
    return pairs, low, high


def _extremes(rates: Floats, n: Counts) -> tuple[int, int]:
    """The highest and the lowest, of several alike the largest; two different ones also when all are alike."""
    high, low = int(np.lexsort((n, rates))[-1]), int(np.lexsort((-n, rates))[0])
    return (high, low) if high != low else (high, int(np.lexsort((n, -rates))[0]))


def _below_one(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """The interval of the smaller over the larger, whichever that is: a ratio of 2 to 3 is one of 1/3 to 1/2."""
    is_above = low > 1
    turned_low = np.where(np.isinf(high), 0.0, 1 / np.maximum(high, 1e-300))
    turned_high = 1 / np.maximum(low, 1e-300)
    below = np.where(is_above, turned_low, np.minimum(low, np.where(high > 1, turned_low, np.inf)))
    return below, np.where(is_above, turned_high, high)


def _variance(now: GroupCounts, before: GroupCounts, pairs: Pairs, variation: Floats) -> Floats:
    """What natural variation adds to the variance of each comparison's change.

    Of k groups that vary by themselves each moves against all others by k / (k - 1) of its own variance.
    """
    k, p = len(variation), (now.x.sum() + before.x.sum()) / (now.n.sum() + before.n.sum())
    both = (variation[pairs.first] + variation[pairs.second]) * (k - 1) / k
    return np.asarray(p * (1 - p) * np.where(pairs.second < 0, variation[pairs.first], both))


def _widened(value: Floats, low: Floats, high: Floats, variance: Floats, *, alpha: float) -> tuple[Floats, Floats]:
    """The interval with that much more variance: square-and-add, as MOVER."""
    extra = special.ndtri(1 - alpha / 2) ** 2 * variance
    return value - np.sqrt((value - low) ** 2 + extra), value + np.sqrt((high - value) ** 2 + extra)


def _turned(sign: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    return np.where(sign > 0, low, -high), np.where(sign > 0, high, -low)
