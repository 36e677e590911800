"""Counting and ranking numbers without sorting them all: most of what a check costs is spent here.

Both rest on a coarse place that keeps the order of values: ``floor((value - lowest) * scale)``. A value's place tells
where to look for it; what shares its place is told apart by comparing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SLOTS = 1 << 17
BLOCK = 1 << 14  # values at a time, so that what is computed of them stays in the processor's cache

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Lookup:
    """Finds values in an ascending grid of distinct finite numbers.

    Attributes:
        grid: ``(k + 2^steps,)`` the grid, padded with infinities.
        size: ``k``.
        low, scale: what a value's slot is made of.
        before: ``(slots,)`` how many grid points lie in the slots before each.
        steps: halvings that tell the grid points of one slot apart.
    """

    grid: Floats
    size: int
    low: float
    scale: float
    before: Integers
    steps: int

    @classmethod
    def of(cls, grid: Floats) -> "Lookup":
        """Prepare an ascending grid; some microseconds."""
        low = float(grid[0]) if len(grid) else 0.0
        slots = min(SLOTS, 4 * len(grid) + 1)
        scale = _scale(low, float(grid[-1]) if len(grid) else 0.0, slots)
        held = np.bincount(_slots(grid, low, scale, slots - 1), minlength=slots)
        steps = int(held.max(initial=0)).bit_length()
        padded = np.append(grid, np.full(1 << steps, np.inf))
        return cls(padded, len(grid), low, scale, np.cumsum(held) - held, steps)

    def counts(self, values: Floats) -> Integers:
        """``(2 k + 1,)`` counts of finite values in the cells ``(-inf, g1) {g1} (g1, g2) ... (gk, inf)``."""
        total = np.zeros(2 * self.size + 1, dtype=np.int64)
        for start in range(0, len(values), BLOCK):
            total += np.bincount(self._cells(values[start : start + BLOCK]), minlength=len(total))
        return total

    def _cells(self, values: Floats) -> Integers:
        """``2 p + (grid[p] == value)`` with p the number of grid points below the value."""
        below = self.before.take(_slots(values, self.low, self.scale, len(self.before) - 1))
        for step in reversed(range(self.steps)):
            reach = below + ((1 << step) - 1)
            below += (self.grid.take(reach, mode="clip") < values).astype(np.int64) << step
        cells: Integers = 2 * below + (self.grid.take(below) == values)
        return cells


def order_statistics(values: Floats, ranks: Integers) -> Floats:
    """``sort(values)[ranks]`` of finite values; only what shares a slot with a wanted rank is sorted."""
    low, high = float(values.min()), float(values.max())
    slots = np.empty(len(values), dtype=np.int32)
    scale = _scale(low, high, SLOTS)
    for start in range(0, len(values), BLOCK):
        slots[start : start + BLOCK] = _slots(values[start : start + BLOCK], low, scale, SLOTS - 1)
    held = np.bincount(slots, minlength=SLOTS)
    before = np.cumsum(held) - held
    where = np.searchsorted(before, ranks, side="right") - 1
    is_wanted = np.zeros(SLOTS, dtype=bool)
    is_wanted[where] = True
    few = values[is_wanted[slots]]
    few.sort()
    kept = np.where(is_wanted, held, 0)
    found: Floats = few[ranks - before[where] + (np.cumsum(kept) - kept)[where]]
    return found


def _scale(low: float, high: float, slots: int) -> float:
    """Slots per unit; 0, which puts everything in one slot, where a unit has none or the range overflows."""
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        scale = float(np.float64(slots - 1) / (np.float64(high) - np.float64(low)))
    return scale if np.isfinite(scale) else 0.0


def _slots(values: Floats, low: float, scale: float, last: int) -> Integers:
    """The slot of each value; values beyond the grid are in the first or the last."""
    if scale == 0:
        return np.zeros(len(values), dtype=np.int64)
    with np.errstate(over="ignore"):
        place = values - low
        place *= scale
    np.clip(place, 0, last, out=place)
    return place.astype(np.int64)
