"""PSI bins: sums of cells, fitted on the reference alone, the same for every window that is compared with it."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from modelwatch.metrics.once import once_per_profile
from modelwatch.profile.cells import CategoricalCells, Cells, NumericCells
from modelwatch.profile.features import FeatureProfile

N_BINS = 10
ATOM_SHARE = 0.05  # half a decile: a value this frequent would hide its neighbours' changes

UNSEEN = "unseen categories"

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Bins:
    """Neighbouring cells put together, and what the bins are called.

    Attributes:
        of_cell: ``(n_cells,)`` bin number of each cell, ascending from 0, none left out.
        labels: ``"(12.5, 30]"``, ``"= 0"``, ``"'grocery'"``, ``"missing"`` ...
    """

    of_cell: NDArray[np.int64]
    labels: tuple[str, ...]

    def counts(self, profile: FeatureProfile) -> Counts:
        """``(n_bins,)`` counts of a profile in the same cells."""
        counts: Counts = np.add.reduceat(profile.counts, self._first_cells)
        return counts

    @cached_property
    def _first_cells(self) -> NDArray[np.intp]:
        return np.searchsorted(self.of_cell, np.arange(len(self.labels)))


@once_per_profile
def fit_bins(reference: FeatureProfile) -> Bins:
    """The bins of a reference's counts, kept as long as it is."""
    return bins_of(reference.cells, reference.counts)


def bins_of(cells: Cells, counts: Counts) -> Bins:
    """Deciles with frequent values (atoms) as own bins, or the categories; missing is its own bin."""
    return _numeric_bins(cells, counts[:-2]) if isinstance(cells, NumericCells) else _categorical_bins(cells)


def _categorical_bins(cells: CategoricalCells) -> Bins:
    names = [f"'{category}'" for category in cells.categories]
    labels = (*names, "rare categories", UNSEEN, "missing")
    return Bins(np.arange(len(labels)), labels)


def _numeric_bins(cells: NumericCells, counts: Counts) -> Bins:
    """Right-closed bins between the smallest values that reach each decile; they restart after every atom."""
    is_atom = (np.arange(len(counts)) % 2 == 1) & (counts >= max(1.0, ATOM_SHARE * counts.sum()))
    regular = np.where(is_atom, 0, counts)
    n_regular = max(1, round(N_BINS * regular.sum() / max(counts.sum(), 1)))
    reached = np.cumsum(regular) - regular
    decile = np.minimum(reached * n_regular // max(regular.sum(), 1), n_regular - 1)
    starts = np.diff(decile, prepend=decile[:1]) != 0
    starts |= is_atom | np.append(False, is_atom[:-1])
    of_cell = np.cumsum(starts) - starts[0]
    first = np.append(np.flatnonzero(np.diff(of_cell, prepend=-1)), len(of_cell))
    labels = [_label(cells.grid, *ends, is_atom) for ends in pairwise(first.tolist())]
    of_all = np.concatenate([of_cell, [len(labels), len(labels) + 1]])
    return Bins(of_all, (*labels, "missing", "not finite"))


def _label(grid: Floats, first: int, after: int, is_atom: NDArray[np.bool_]) -> str:
    """Of the bin of the cells ``first`` to ``after``, that one excluded."""
    if is_atom[first]:
        return f"= {grid[first // 2]:.6g}"
    left = "(-inf" if first == 0 else f"({grid[(first - 1) // 2]:.6g}"
    if after == len(is_atom):
        return f"{left}, inf)"
    last = after - 1
    return f"{left}, {grid[last // 2]:.6g}{']' if last % 2 else ')'}"
