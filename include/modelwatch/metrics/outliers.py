"""Single values and tails: the parts of a distribution whose changes deciles and the largest gap hardly show."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwatch.metrics.once import once_per_profile
from modelwatch.profile.features import CategoricalProfile, FeatureProfile, NumericProfile
from modelwatch.words import number

# Shares of the reference beyond which a tail begins; 0 is beyond all of it.
TAILS = (0.05, 0.02, 0.01, 0.005, 0.001, 0.0)

Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tails:
    """The outer parts of a numeric feature, nested, on both sides.

    Attributes:
        ends: ``(k,)`` number of cells in each tail, counted from its side.
        n_low: how many of them are on the low side; the others are on the high side.
        labels: ``"below 0.5"``, ``"above 1200"``.
    """

    ends: NDArray[np.int64]
    n_low: int
    labels: tuple[str, ...]

    def counts(self, profile: NumericProfile) -> Counts:
        """``(k,)`` values in each tail."""
        upto, cells = profile.cumulative, len(profile.finite)
        below, above = upto[self.ends[: self.n_low]], upto[-1] - upto[cells - self.ends[self.n_low :]]
        return np.concatenate([below, above])


@once_per_profile
def fit_tails(reference: NumericProfile) -> Tails:
    """The tails that hold at most each of `TAILS` of the reference; equal ones once."""
    n, grid = reference.n_finite, reference.cells.grid
    low = _ends(reference.finite, n)
    high = _ends(reference.finite[::-1], n)
    below = [f"{'below' if end % 2 else 'up to'} {number(grid[(end - 1) // 2])}" for end in low]
    starts = [len(reference.finite) - end for end in high]
    above = [
        f"{number(grid[start // 2])} and above" if start % 2 else f"above {number(grid[start // 2 - 1])}"
        for start in starts
    ]
    return Tails(np.array([*low, *high], dtype=np.int64), len(low), (*below, *above))


def _ends(counts: Counts, n: int) -> list[int]:
    """For each share the longest run of cells from this end that holds at most that share."""
    cumulative = np.cumsum(counts)
    ends = np.searchsorted(cumulative, np.array(TAILS) * n, side="right")
    return sorted({int(min(end, len(counts) - 1)) for end in ends if end > 0})


def single_values(reference: FeatureProfile) -> range:
    """The cells that stand for one value, or for a gap between neighbouring values; neither tails nor special cells."""
    if isinstance(reference, NumericProfile):
        return range(1, len(reference.finite) - 1)
    return range(len(reference.cells.categories))


def name_of_cell(reference: FeatureProfile, cell: int) -> str:
    """``"= 0"``, ``"between 12.1 and 12.4"`` or ``"'grocery'"``."""
    if isinstance(reference, CategoricalProfile):
        return f"'{reference.cells.categories[cell]}'"
    grid = reference.cells.grid
    if cell % 2:
        return f"= {number(grid[cell // 2], digits=9)}"
    return f"between {number(grid[cell // 2 - 1])} and {number(grid[cell // 2])}"
