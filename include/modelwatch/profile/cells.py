"""Cells: the partition of a feature's values, fitted once on the reference, that every profile counts in."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from modelwatch.profile.lookup import Lookup, order_statistics

MAX_CELLS = 4096
MAX_CATEGORIES = 1000

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NumericCells:
    """The alternating cells ``(-inf, g1) {g1} (g1, g2) {g2} ... (gk, inf)``, then missing, then non-finite.

    Attributes:
        grid: ``(k,)`` distinct finite reference values, ascending.
        complete: the grid holds every distinct reference value, so two-sample KS from the counts is exact.
    """

    grid: Floats
    complete: bool

    @property
    def size(self) -> int:
        """Number of cells: ``2 k + 1`` and the two special ones."""
        return 2 * len(self.grid) + 3

    @cached_property
    def lookup(self) -> Lookup:
        """What finds the cell of a value, prepared once."""
        return Lookup.of(self.grid)


@dataclass(frozen=True)
class CategoricalCells:
    """One cell per category, then ``other``, ``unseen`` and ``missing``.

    Attributes:
        categories: the most frequent reference categories, at most `MAX_CATEGORIES`, most frequent first.
        rare: reference categories beyond those; they share the cell ``other``.
        n_singletons: reference categories seen exactly once, which tells how often a new one is to be expected.
    """

    categories: tuple[str, ...]
    rare: frozenset[str] = frozenset()
    n_singletons: int = 0

    @property
    def size(self) -> int:
        """Number of cells: the categories and the three special ones."""
        return len(self.categories) + 3


Cells = NumericCells | CategoricalCells


def fit_numeric(values: pa.ChunkedArray, *, max_cells: int = MAX_CELLS) -> NumericCells:
    """The cells of a numeric reference column.

    Args:
        values: float64, nulls and non-finite values allowed (they have cells of their own).
        max_cells: the most grid points; beyond it the grid is that many quantiles that are reference values.
    """
    finite = finite_values(to_numpy(values))
    if len(np.unique(finite[: 4 * max_cells])) > max_cells:
        ranks = np.linspace(0, len(finite) - 1, max_cells).astype(np.int64)
        return NumericCells(np.unique(order_statistics(finite, ranks)), complete=False)
    ordered = np.sort(finite)
    distinct = ordered[np.flatnonzero(np.diff(ordered, prepend=np.nan) != 0)]
    if len(distinct) <= max_cells:
        return NumericCells(distinct, complete=True)
    picks = np.linspace(0, len(ordered) - 1, max_cells).astype(np.int64)
    return NumericCells(np.unique(ordered[picks]), complete=False)


def fit_categorical(values: pa.ChunkedArray, *, max_categories: int = MAX_CATEGORIES) -> CategoricalCells:
    """The cells of a categorical reference column (string, nulls allowed)."""
    counted = count_values(values)
    ranked = sorted(counted, key=lambda category: (-counted[category], category))
    return CategoricalCells(
        categories=tuple(ranked[:max_categories]),
        rare=frozenset(ranked[max_categories:]),
        n_singletons=sum(count == 1 for count in counted.values()),
    )


def count_values(values: pa.ChunkedArray) -> dict[str, int]:
    """How often each non-null value occurs."""
    counts = pc.value_counts(values)
    return {
        value: int(count)
        for value, count in zip(counts.field(0).to_pylist(), counts.field(1).to_pylist(), strict=True)
        if value is not None
    }


def to_numpy(values: pa.ChunkedArray) -> Floats:
    """A float64 column as an array in which nulls are NaN."""
    array: Floats = values.to_numpy()
    return array.astype(np.float64, copy=False)


def finite_values(array: Floats) -> Floats:
    """The values that are neither NaN nor infinite; the array itself when all are."""
    is_finite = np.isfinite(array)
    return array if is_finite.all() else array[is_finite]
