"""PSI bins: sums of cells, fitted on the reference alone, the same for every window that is compared with it."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from modelwatch.profile.features import CategoricalProfile, FeatureProfile, NumericProfile

N_BINS = 10
ATOM_SHARE = 0.05  # half a decile: a value this frequent would hide its neighbours' changes

UNSEEN = "unseen categories"

Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Bins:
    """Which bin each cell belongs to, and what the bins are called.

    Attributes:
        of_cell: ``(n_cells,)`` bin number of each cell.
        labels: ``"(12.5, 30]"``, ``"= 0"``, ``"'grocery'"``, ``"missing"`` ...
    """

    of_cell: NDArray[np.int64]
    labels: tuple[str, ...]

    def counts(self, profile: FeatureProfile) -> Counts:
        """``(n_bins,)`` counts of a profile in the same cells."""
        totals = np.bincount(self.of_cell, weights=profile.counts, minlength=len(self.labels))
        return totals.astype(np.int64)  # sums of counts below 2**53 are exact


# One reference is compared with many windows; its bins live as long as it does.
_FITTED: WeakKeyDictionary[FeatureProfile, Bins] = WeakKeyDictionary()


def fit_bins(reference: FeatureProfile) -> Bins:
    """Reference deciles with frequent values (atoms) as own bins, or the categories; missing is its own bin."""
    bins = _FITTED.get(reference)
    if bins is None:
        bins = _numeric_bins(reference) if isinstance(reference, NumericProfile) else _categorical_bins(reference)
        _FITTED[reference] = bins
    return bins


def _categorical_bins(reference: CategoricalProfile) -> Bins:
    names = [f"'{category}'" for category in reference.cells.categories]
    labels = (*names, "rare categories", UNSEEN, "missing")
    return Bins(np.arange(len(labels)), labels)


def _numeric_bins(reference: NumericProfile) -> Bins:
    """Right-closed bins between the smallest values that reach each decile; they restart after every atom."""
    counts = reference.finite
    is_atom = (np.arange(len(counts)) % 2 == 1) & (counts >= max(1.0, ATOM_SHARE * counts.sum()))
    regular = np.where(is_atom, 0, counts)
    n_regular = max(1, round(N_BINS * regular.sum() / max(counts.sum(), 1)))
    reached = np.cumsum(regular) - regular
    decile = np.minimum(reached * n_regular // max(regular.sum(), 1), n_regular - 1)
    starts = np.diff(decile, prepend=decile[:1]) != 0
    starts |= is_atom | np.append(False, is_atom[:-1])
    of_cell = np.cumsum(starts) - starts[0]
    labels = [_label(reference, of_cell, number, is_atom) for number in range(of_cell[-1] + 1)]
    of_all = np.concatenate([of_cell, [len(labels), len(labels) + 1]])
    return Bins(of_all, (*labels, "missing", "not finite"))


def _label(reference: NumericProfile, of_cell: NDArray[np.int64], number: int, is_atom: NDArray[np.bool_]) -> str:
    cells = np.flatnonzero(of_cell == number)
    first, last, grid = cells[0], cells[-1], reference.cells.grid
    if is_atom[first]:
        return f"= {grid[first // 2]:.6g}"
    left = "(-inf" if first == 0 else f"({grid[(first - 1) // 2]:.6g}"
    if last == len(of_cell) - 1:
        return f"{left}, inf)"
    return f"{left}, {grid[last // 2]:.6g}{']' if last % 2 else ')'}"
