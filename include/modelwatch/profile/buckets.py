"""A histogram of numbers by their leading bits: it follows the values wherever they go, and still adds up exactly.

Cells fitted on the reference lose what lies beyond it: at a hundred times the scale every value is in the last one.
These buckets are fixed by the float64 format instead. A value's bits, read as an integer ordered like the values
themselves, are cut by ``level`` low bits; the level is the smallest at which at most ``limit`` buckets hold a value.

Sums stay exact because that level depends on the values alone: cutting one bit more never makes more buckets, so the
smallest level of ``a ++ b`` is never below that of either part, and the counts at a level follow from those below it.
At level 0 a bucket is one value: up to ``limit`` distinct values are kept exactly. Zero is always a bucket of its own.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_BUCKETS = 512  # 3 % wide for a normal sample of any size; 1 KB of a stored day

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

PROBE = 2048  # values that a first guess of the level is made of
MAX_RANGE = 1 << 18  # of keys that are counted by position
PART = 1 << 16  # values at a time; fewer would make adding up the positions cost more than the values

_MIRROR = np.int64(-(2**63))  # the bits of minus zero
_LARGEST = np.array(np.finfo(np.float64).max).view(np.int64)


@dataclass(frozen=True, eq=False)
class Buckets:
    """Counts of finite values.

    Attributes:
        level: low bits cut off, 0 to 62.
        keys: ``(b,)`` ascending; bucket ``key`` holds the ordered integers ``[key << level, (key + 1) << level)``.
        counts: ``(b,)`` each at least 1.
    """

    level: int
    keys: Integers
    counts: Integers

    @property
    def exact(self) -> bool:
        """Every bucket is one value."""
        return self.level == 0

    @property
    def lower(self) -> Floats:
        """``(b,)`` smallest value that belongs to each bucket."""
        return from_ordered(self.keys << self.level)

    @property
    def upper(self) -> Floats:
        """``(b,)`` largest value that belongs to each bucket; `lower` when exact."""
        return from_ordered((self.keys << self.level) | ((1 << self.level) - 1))

    def __add__(self, other: "Buckets") -> "Buckets":
        return add(self, other)


EMPTY = Buckets(0, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))


def fit_buckets(values: Floats, *, limit: int = MAX_BUCKETS) -> Buckets:
    """The buckets of finite values in any order, at most ``limit`` (4 or more).

    A few of the values give a level that is not above that of all; at that level keys are few, and counting them costs
    less than sorting. Bits that no value has are left out meanwhile, so that few whole numbers are a small range.
    """
    if len(values) == 0:
        return EMPTY
    level = _cut(0, np.sort(to_ordered(values[:: max(1, len(values) // PROBE)])), None, limit).level
    used = 1 << level if level else int(np.bitwise_or.reduce(to_ordered(values)))
    shift = max(level, (used & -used).bit_length() - 1)
    keys, counts = _counted(values, shift)
    return _cut(level, keys << (shift - level), counts, limit)


def _counted(values: Floats, shift: int) -> tuple[Integers, Integers]:
    """Distinct keys after cutting ``shift`` bits, ascending, and how often each is there."""
    lowest, highest = (int(key) for key in to_ordered(np.array([values.min(), values.max()])) >> shift)
    if highest - lowest > MAX_RANGE:
        return np.unique(to_ordered(values) >> shift, return_counts=True)
    counts = np.zeros(highest - lowest + 1, dtype=np.int64)
    for start in range(0, len(values), PART):
        held = np.bincount((to_ordered(values[start : start + PART]) >> shift) - lowest)
        counts[: len(held)] += held
    present = np.flatnonzero(counts)
    return present + lowest, counts[present]


def add(a: Buckets, b: Buckets, *, limit: int = MAX_BUCKETS) -> Buckets:
    """The buckets of both samples together."""
    level = max(a.level, b.level)
    keys = np.concatenate([a.keys >> (level - a.level), b.keys >> (level - b.level)])
    if len(keys) == 0:
        return EMPTY
    order = np.argsort(keys, kind="stable")
    return _cut(level, keys[order], np.concatenate([a.counts, b.counts])[order], limit)


def to_ordered(values: Floats) -> Integers:
    """Integers that compare like the values: a positive one's bits; a negative one gets minus those of its mirror."""
    bits = np.asarray(values, dtype=np.float64).view(np.int64)
    ordered: Integers = np.where(bits < 0, _MIRROR - bits, bits)  # minus zero is zero
    return ordered


def from_ordered(ordered: Integers) -> Floats:
    """The values that `to_ordered` turned into these integers; what a wide bucket holds beyond them is cut off."""
    ordered = np.clip(ordered, -_LARGEST, _LARGEST)
    values: Floats = np.where(ordered >= 0, ordered, _MIRROR - ordered).view(np.float64)
    return values


def _cut(level: int, ascending: Integers, counts: Integers | None, limit: int) -> Buckets:
    """Merge equal keys; then cut bits until at most ``limit`` buckets are left.

    Two neighbours are in different buckets at a level exactly when a bit at or above it differs.
    """
    differing = (ascending[1:] ^ ascending[:-1]).view(np.uint64)
    low, high = 0, 62 - level
    while low < high:
        middle = (low + high) // 2
        fits = np.count_nonzero(differing >= np.uint64(1 << middle)) < limit
        low, high = (low, middle) if fits else (middle + 1, high)
    starts = np.append(0, np.flatnonzero(differing >= np.uint64(1 << low)) + 1)
    totals = np.diff(starts, append=len(ascending)) if counts is None else np.add.reduceat(counts, starts)
    return Buckets(level + low, ascending[starts] >> low, totals.astype(np.int64))
