"""Rows as bins: the bin of each row's value, and the drift between two counts of bins."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from modelwatch.calibration.effects import debiased_psi
from modelwatch.metrics.bins import Bins
from modelwatch.metrics.drift import psi_of_counts
from modelwatch.profile.cells import Cells, NumericCells, to_numpy

Counts = NDArray[np.int64]


def drift_of(before: Counts | NDArray[np.float64], after: Counts) -> float:
    """The debiased PSI between two counts of the same bins."""
    present = (before + after) > 0
    return debiased_psi(psi_of_counts(before[present], after[present]), before, after)


def bins_of_rows(values: pa.ChunkedArray, cells: Cells, bins: Bins) -> Counts:
    """Each row's bin."""
    if isinstance(cells, NumericCells):
        of_rows: Counts = bins.of_cell[_numeric_cells(to_numpy(values), cells)]
        return of_rows
    known = pc.index_in(values, value_set=pa.array([*cells.categories, *sorted(cells.rare)], values.type))
    position = np.asarray(pc.fill_null(known, -1).to_numpy(), dtype=np.int64)
    n = len(cells.categories)
    cell = np.where(position < 0, n + 1, np.minimum(position, n))
    named: Counts = bins.of_cell[np.where(pc.is_null(values).to_numpy(), n + 2, cell)]
    return named


def _numeric_cells(values: NDArray[np.float64], cells: NumericCells) -> Counts:
    """Each value's cell, as `NumericCells` numbers them."""
    grid = cells.grid
    position = np.searchsorted(grid, values, side="left")
    held = np.append(grid, np.inf)[np.minimum(position, len(grid))]
    cell = np.where(held == values, 2 * position + 1, 2 * position)
    cell = np.where(np.isinf(values), cells.size - 1, cell)
    return np.where(np.isnan(values), cells.size - 2, cell).astype(np.int64)
