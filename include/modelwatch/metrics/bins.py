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
    """Neighbouring cells put together.

    Attributes:
        cells: what is put together.
        first: ``(n_bins,)`` the cell that each bin begins with, ascending from 0.
        atoms: the cells whose value is frequent enough for a bin of its own.
    """

    cells: Cells
    first: NDArray[np.int64]
    atoms: NDArray[np.int64]

    def counts(self, profile: FeatureProfile) -> Counts:
        """``(n_bins,)`` counts of a profile in the same cells."""
        counts: Counts = np.add.reduceat(profile.counts, self.first)
        return counts

    @cached_property
    def of_cell(self) -> NDArray[np.int64]:
        """``(n_cells,)`` bin number of each cell, ascending from 0, none left out."""
        return np.repeat(np.arange(len(self.first)), np.diff(self.first, append=self.cells.size))

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """``"(12.5, 30]"``, ``"= 0"``, ``"'grocery'"``, ``"missing"`` ..."""
        if isinstance(self.cells, CategoricalCells):
            return (*(f"'{category}'" for category in self.cells.categories), "rare categories", UNSEEN, "missing")
        ends, atoms = self.first[:-1].tolist(), set(self.atoms.tolist())
        finite = (_label(self.cells.grid, *pair, is_atom=pair[0] in atoms) for pair in pairwise(ends))
        return (*finite, "missing", "not finite")


@once_per_profile
def fit_bins(reference: FeatureProfile) -> Bins:
    """The bins of a reference's counts, kept as long as it is."""
    return bins_of(reference.cells, reference.counts)


def bins_of(cells: Cells, counts: Counts) -> Bins:
    """Deciles with frequent values (atoms) as own bins, or the categories; missing is its own bin."""
    if isinstance(cells, NumericCells):
        return _numeric_bins(cells, counts[:-2])
    return Bins(cells, np.arange(cells.size), np.empty(0, dtype=np.int64))


def _numeric_bins(cells: NumericCells, counts: Counts) -> Bins:
    """Right-closed bins between the smallest values that reach each decile; they restart after every atom."""
    total, size = int(counts.sum()), len(counts)
    atoms = 2 * np.flatnonzero(counts[1::2] >= max(1.0, ATOM_SHARE * total)) + 1
    regular = counts.copy()
    regular[atoms] = 0
    upto = np.cumsum(regular)
    n_regular = int(upto[-1])
    n_bins = max(1, round(N_BINS * n_regular / max(total, 1)))
    deciles = -(-np.arange(1, n_bins) * n_regular // n_bins)  # rounded up: the counts that reach each decile
    reached = np.searchsorted(upto, deciles) + 1  # what is before a cell decides, not what is in it
    starts = np.unique(np.concatenate([[0], reached[reached < size], atoms, atoms + 1]))
    return Bins(cells, np.append(starts, [size, size + 1]), atoms)


def _label(grid: Floats, first: int, after: int, *, is_atom: bool) -> str:
    """Of the bin of the cells ``first`` to ``after``, that one excluded."""
    if is_atom:
        return f"= {grid[first // 2]:.6g}"
    left = "(-inf" if first == 0 else f"({grid[(first - 1) // 2]:.6g}"
    if after == 2 * len(grid) + 1:
        return f"{left}, inf)"
    last = after - 1
    return f"{left}, {grid[last // 2]:.6g}{']' if last % 2 else ')'}"
