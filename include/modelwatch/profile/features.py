"""Feature profiles: integer counts in the reference's cells, and in buckets that no reference decides.

They add up exactly: profile(a) + profile(b) == profile(a ++ b).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from modelwatch.errors import MetricInputError
from modelwatch.profile.buckets import Buckets, fit_buckets
from modelwatch.profile.cells import CategoricalCells, Cells, NumericCells, count_values, finite_values, to_numpy

MAX_UNSEEN = 1000

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NumericProfile:
    """Counts of a numeric feature; what is summed of them is summed once, for the metrics ask again and again.

    Attributes:
        counts: ``(cells.size,)``; the last two are missing and non-finite.
        low, high: smallest and largest finite value, or None when there is none.
        buckets: the finite values again, also where they are beyond the cells: what a change is recognised by.
    """

    cells: NumericCells
    counts: Counts
    low: float | None
    high: float | None
    buckets: Buckets

    @cached_property
    def n(self) -> int:
        """All values, missing ones included."""
        return int(self.counts.sum())

    @property
    def n_missing(self) -> int:
        """Nulls and NaNs."""
        return int(self.counts[-2])

    @property
    def n_nonfinite(self) -> int:
        """Infinities."""
        return int(self.counts[-1])

    @property
    def finite(self) -> Counts:
        """``(2 k + 1,)`` counts of the finite values' cells, in ascending order of value."""
        return self.counts[:-2]

    @cached_property
    def cumulative(self) -> Counts:
        """``(2 k + 2,)`` finite values in the first 0, 1 ... cells; the last is all of them."""
        return np.append(0, np.cumsum(self.finite))

    @property
    def n_finite(self) -> int:
        """All finite values."""
        return int(self.cumulative[-1])

    @cached_property
    def shares(self) -> Floats:
        """``(2 k + 1,)`` share of the finite values up to the end of each cell: the distribution function."""
        shares: Floats = self.cumulative[1:] / self.cumulative[-1]
        return shares

    def __add__(self, other: "NumericProfile") -> "NumericProfile":
        _require(np.array_equal(self.cells.grid, other.cells.grid))
        lows = [low for low in (self.low, other.low) if low is not None]
        highs = [high for high in (self.high, other.high) if high is not None]
        low, high = min(lows, default=None), max(highs, default=None)
        return NumericProfile(self.cells, self.counts + other.counts, low, high, self.buckets + other.buckets)


@dataclass(frozen=True, eq=False)
class CategoricalProfile:
    """Counts of a categorical feature.

    Attributes:
        counts: ``(cells.size,)``; the last three are other, unseen and missing.
        unseen: counts of unseen categories by name; only the `MAX_UNSEEN` first in alphabetical order are named, a rule
            under which sums stay exact.
    """

    cells: CategoricalCells
    counts: Counts
    unseen: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def n(self) -> int:
        """All values, missing ones included."""
        return int(self.counts.sum())

    @property
    def n_missing(self) -> int:
        """Nulls."""
        return int(self.counts[-1])

    @property
    def n_unseen(self) -> int:
        """Values that the reference never had."""
        return int(self.counts[-2])

    def __add__(self, other: "CategoricalProfile") -> "CategoricalProfile":
        _require(self.cells == other.cells)
        names = sorted({*self.unseen, *other.unseen})[:MAX_UNSEEN]
        unseen = {name: self.unseen.get(name, 0) + other.unseen.get(name, 0) for name in names}
        return CategoricalProfile(self.cells, self.counts + other.counts, unseen)


FeatureProfile = NumericProfile | CategoricalProfile


def count(values: pa.ChunkedArray, cells: Cells) -> FeatureProfile:
    """The profile of one column in the given cells."""
    if isinstance(cells, NumericCells):
        return count_numeric(values, cells)
    return count_categorical(values, cells)


def count_numeric(values: pa.ChunkedArray, cells: NumericCells) -> NumericProfile:
    """Look each value up in the cells; nothing is sorted."""
    array = to_numpy(values)
    finite = finite_values(array)
    counts = np.empty(cells.size, dtype=np.int64)
    counts[:-2] = cells.lookup.counts(finite)
    counts[-2] = np.count_nonzero(np.isnan(array)) if len(finite) < len(array) else 0
    counts[-1] = len(array) - len(finite) - counts[-2]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (None, None)
    return NumericProfile(cells, counts, low, high, fit_buckets(finite))


def count_categorical(values: pa.ChunkedArray, cells: CategoricalCells) -> CategoricalProfile:
    """Count each distinct value once and look only the distinct ones up."""
    index = {category: position for position, category in enumerate(cells.categories)}
    counts = np.zeros(cells.size, dtype=np.int64)
    unseen: dict[str, int] = {}
    for value, times in count_values(values).items():
        if value in index:
            counts[index[value]] = times
        elif value in cells.rare:
            counts[-3] += times
        else:
            counts[-2] += times
            unseen[value] = times
    counts[-1] = values.null_count
    return CategoricalProfile(cells, counts, {name: unseen[name] for name in sorted(unseen)[:MAX_UNSEEN]})


def _require(same_cells: bool) -> None:
    if not same_cells:
        message = "profiles can only be added when they were counted in the same cells"
        raise MetricInputError(message)
