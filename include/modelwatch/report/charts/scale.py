"""Axes: from values to pixels, and where to write numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Scale:
    """A line from ``[low, high]`` to ``[start, end]`` in pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The pixel of a value; a span of no length is drawn in the middle."""
        if self.high == self.low:
            return (self.start + self.end) / 2
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def nice_top(values: Sequence[float]) -> float:
    """A round number at or above the largest value; 1 when there is nothing above zero."""
    largest = max(values, default=0.0)
    if largest <= 0:
        return 1.0
    size = 10.0 ** math.floor(math.log10(largest))
    return next(step * size for step in (1, 2, 4, 6, 8, 10) if step * size >= largest * (1 - 1e-9))


def ticks(top: float, n: int = 4) -> list[float]:
    """Evenly spaced numbers from zero to the top."""
    return [top * i / n for i in range(n + 1)]


def date_ticks(moments: Sequence[datetime], *, most: int = 8) -> list[int]:
    """Positions of at most ``most`` moments that are written under an axis, evenly apart, the last among them."""
    if not moments:
        return []
    step = max(1, math.ceil(len(moments) / most))
    return list(range(len(moments) - 1, -1, -step))[::-1]
