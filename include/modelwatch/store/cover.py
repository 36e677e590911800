"""Choosing among stored windows that overlap."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import timedelta

from modelwatch.domain import Window


def widest_cover(windows: Sequence[Window]) -> list[int]:
    """Of the windows those without overlap that together cover most time, and of equals the larger number of them.

    Args:
        windows: ordered by their ends.

    Returns:
        Positions in ``windows``, ascending.
    """
    ends = [window.end for window in windows]
    # best[i]: the time covered, the number of windows and their positions, when only the first i may be used.
    best: list[tuple[timedelta, int, tuple[int, ...]]] = [(timedelta(0), 0, ())]
    for i, window in enumerate(windows):
        covered, n, before = best[bisect_right(ends, window.start, hi=i)]
        with_it = (covered + (window.end - window.start), n + 1, (*before, i))
        best.append(max(best[i], with_it, key=lambda one: one[:2]))
    return list(best[-1][2])
