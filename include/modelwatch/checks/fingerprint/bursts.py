"""Hypotheses under which some values were replaced by one: a filler, zero, a limit, a stuck sensor."""

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

import numpy as np

from modelwatch.checks.fingerprint.cause import Cause
from modelwatch.checks.fingerprint.curve import Floats, Pair
from modelwatch.words import change, number, percent

LEAST = 0.01  # of the current values; smaller heaps are not worth a claim
STUCK = 0.5  # from here on a value within the usual range is stuck rather than a filler
SURE = 5.0  # standard errors
NEARBY = 0.02  # share of the reference on either side that says what a cell should hold
ONE_VALUE = 0.9  # a cell or a tail of which this part is at one value is about that value alone
SECOND = 0.5  # a second heap above this part of the first: then this is about more than one value
ALONE = 0.1  # beyond the reference, a heap's neighbours hold at most this part of it; a tail's hold more


@dataclass(frozen=True)
class Heap:
    """One value that holds more of the current sample than it should; both shares are of finite values."""

    value: float
    before: float
    after: float
    is_usual: bool


def stuck(pair: Pair) -> Cause | None:
    """All values are one that the reference had too seldom for that."""
    value = pair.current.low
    if value is None or value != pair.current.high:
        return None
    before = pair.share_before(value)
    return (
        Cause("stuck", f"every value is {_shown(value)} ({percent(before)} before)") if before**pair.m < 1e-6 else None
    )


def burst(pair: Pair) -> Cause | None:
    """A heap at one value while the others are as before."""
    heap = _heap_beyond(pair) or _heap_within(pair)
    if heap is None:
        return None
    part = (heap.after - heap.before) / (1 - heap.before)

    def replaced(points: Floats) -> Floats:
        mixed: Floats = (1 - part) * pair.before.below(points) + part * (points > heap.value)
        return mixed

    rest = pair.m * (1 - part)
    noise = 1.63 * math.sqrt(1 / pair.n + 1 / max(rest, 1.0)) + 0.01  # one in a hundred exceeds it
    if rest >= 50 and pair.distance(replaced) > noise * (1 - part):
        return None
    shares = change(heap.before, heap.after)
    if heap.value == 0:
        return Cause("zero_burst", f"more values are 0 ({shares}), the others are as before")
    if part >= STUCK and heap.is_usual:
        return Cause("stuck", f"most values are {_shown(heap.value)} ({shares}), the others are as before")
    return Cause("sentinel_burst", f"{_shown(heap.value)} stands in for values ({shares}), the others are as before")


def clipped(pair: Pair) -> Cause | None:
    """What was beyond a limit is now at the limit."""
    high = pair.current.high if _is_limit(pair, pair.current.high, is_upper=True) else math.inf
    low = pair.current.low if _is_limit(pair, pair.current.low, is_upper=False) else -math.inf
    if low is None or high is None or (math.isinf(low) and math.isinf(high)):
        return None

    def cut(points: Floats) -> Floats:
        inside = np.where(points <= low, 0.0, pair.before.below(points))
        held: Floats = np.where(points > high, 1.0, inside)
        return held

    if pair.distance(cut) > pair.limit:
        return None
    ends = [f"{name} {_shown(value)}" for name, value in (("above", high), ("below", low)) if math.isfinite(value)]
    beyond = float(1 - pair.before.below(np.array([high]))[0] + pair.before.below(np.array([low]))[0])
    return Cause("clipped", f"values are cut off {' and '.join(ends)} ({percent(beyond)} of them were beyond)")


def _is_limit(pair: Pair, value: float | None, *, is_upper: bool) -> bool:
    """Whether the extreme of the current values holds what the reference had beyond it."""
    if value is None or not pair.reference.cells.grid[0] < value < pair.reference.cells.grid[-1]:
        return False
    cell = _cell_of(pair, value)
    outer = pair.reference.finite[cell + 1 :] if is_upper else pair.reference.finite[:cell]
    if outer.max(initial=0) > ONE_VALUE * outer.sum():
        return False  # one value moved to another: a limit would gather several
    upto = float(pair.before.below(np.array([np.nextafter(value, math.inf)]))[0])
    beyond = 1 - upto if is_upper else float(pair.before.below(np.array([value]))[0])
    held = int(pair.current.finite[cell])
    expected = pair.reference.finite[cell] / pair.n * pair.m
    gained = (held - expected) / pair.m
    sure = held - expected >= SURE * math.sqrt(expected + 1)
    return bool(sure and gained >= LEAST and beyond >= LEAST and abs(gained - beyond) <= max(0.3 * beyond, LEAST))


def _heap_within(pair: Pair) -> Heap | None:
    """The cell inside the reference's range that holds most above what its neighbours on both sides let expect."""
    before, after = pair.reference.finite, pair.current.finite
    gain = after[1:-1] / pair.m - before[1:-1] / pair.n
    if len(gain) == 0:
        return None
    cell = 1 + int(np.argmax(gain))
    if np.partition(np.append(gain, 0.0), -2)[-2] > SECOND * gain[cell - 1]:
        return None
    value, held = _value_in(pair, cell)
    if gain[cell - 1] < LEAST or held < ONE_VALUE * after[cell]:
        return None
    ratio, error = _nearby_ratio(pair, cell)
    expected = (before[cell] + 2) * ratio
    excess = float(after[cell] - expected)
    if excess < LEAST * pair.m or excess < SURE * math.sqrt(expected + 1 + (before[cell] * error) ** 2):
        return None
    return Heap(value, before[cell] / pair.n, after[cell] / pair.m, is_usual=True)


def _nearby_ratio(pair: Pair, cell: int) -> tuple[float, float]:
    """Current values per reference value beside the cell, and its standard error: the larger of both sides' ratios, so
    that a slope is no heap.
    """
    before, after = pair.reference.finite, pair.current.finite
    upto = np.concatenate([[0], np.cumsum(before)])
    wanted = max(NEARBY * pair.n, before[cell] / 2)
    left = max(0, int(np.searchsorted(upto, upto[cell] - wanted, side="right")) - 1)
    right = min(len(before), int(np.searchsorted(upto, upto[cell + 1] + wanted, side="left")))
    sides = [slice(left, cell), slice(cell + 1, max(right, cell + 1))]
    counts = [(float(after[side].sum()) + 0.5, float(before[side].sum())) for side in sides if before[side].any()]
    return max(((held / r, math.sqrt(held) / r) for held, r in counts), default=(pair.m / pair.n, 0.0))


def _heap_beyond(pair: Pair) -> Heap | None:
    """The bucket outside the reference's range that holds most, if those next to it are all but empty."""
    buckets, grid = pair.current.buckets, pair.reference.cells.grid
    outside = np.where((buckets.lower > grid[-1]) | (buckets.upper < grid[0]), buckets.counts, 0)
    most = int(np.argmax(outside))
    count = int(outside[most])
    if count < max(LEAST * pair.m, SURE):
        return None
    if np.partition(np.append(outside, 0), -2)[-2] > SECOND * count:
        return None
    beside = np.abs(buckets.keys - buckets.keys[most]) == 1
    if not buckets.exact and buckets.counts[beside].sum() > ALONE * count:
        return None
    value = _round_number(float(buckets.lower[most]), float(buckets.upper[most]))
    for extreme in (pair.current.low, pair.current.high):
        if extreme is not None and buckets.lower[most] <= extreme <= buckets.upper[most]:
            value = extreme
    return Heap(value, 0.0, count / pair.m, is_usual=False)


def _shown(value: float) -> str:
    return number(value, digits=6)


def _cell_of(pair: Pair, value: float) -> int:
    grid = pair.reference.cells.grid
    position = int(np.searchsorted(grid, value, side="left"))
    return 2 * position + int(position < len(grid) and grid[position] == value)


def _value_in(pair: Pair, cell: int) -> tuple[float, int]:
    """The value of a cell and how many current values are there: a grid point; in a gap, what its fullest bucket holds,
    exactly or as the roundest number in it.
    """
    grid, buckets = pair.reference.cells.grid, pair.current.buckets
    if cell % 2:
        return float(grid[cell // 2]), int(pair.current.finite[cell])
    low, high = float(grid[cell // 2 - 1]), float(grid[cell // 2])
    touching = np.where((buckets.upper > low) & (buckets.lower < high), buckets.counts, 0)
    most = int(np.argmax(touching))
    value = _round_number(max(low, float(buckets.lower[most])), min(high, float(buckets.upper[most])))
    return value, int(touching[most])


def _round_number(low: float, high: float) -> float:
    """The number in ``[low, high]`` with the fewest decimal digits: fillers are written by people."""
    if low <= 0 <= high or low == high:
        return 0.0 if low < high else low
    first, last = Decimal(low), Decimal(high)
    for power in range(max(abs(first), abs(last)).adjusted() + 1, (last - first).adjusted() - 1, -1):
        step = Decimal(10) ** power
        number = (first / step).to_integral_value(ROUND_CEILING) * step
        if number <= last:
            return float(number)
    return low
