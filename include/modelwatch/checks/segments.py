"""A change that is in one segment only: a table of segment x bin on both sides, from rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from modelwatch.calibration.effects import debiased_psi, smallest_psi
from modelwatch.calibration.significance import chi2_p_value
from modelwatch.checks.fingerprint import UNKNOWN, Cause, fingerprint
from modelwatch.metrics.bins import Bins, fit_bins
from modelwatch.metrics.drift import psi, smooth
from modelwatch.profile.cells import Cells, NumericCells, to_numpy
from modelwatch.profile.features import count
from modelwatch.words import percent

Counts = NDArray[np.int64]

FEWEST = 100  # rows of a segment, and of the rest, on both sides
MOST_SEGMENTS = 50
CERTAIN = 1e-8  # thousands of segments may be looked at
QUIET = 0.01  # the p-value from which the rest is as before
SEEN = 1e-3  # and the significance at which the rest would have shown the segment's change
MATERIAL = 0.1  # debiased PSI inside the segment


@dataclass(frozen=True)
class Segment:
    """The rows that have one value in one column."""

    column: str
    value: str
    share: float


def segment_cause(
    reference: pa.Table, current: pa.Table, feature: str, cells: Cells, *, by: Sequence[str]
) -> Cause | None:
    """``only_in_segment`` when one segment explains a feature's change, else None.

    The feature's distribution inside the segment changed for certain and materially, and that of all other rows did
    not, though they are enough to have shown it. A segment that only grew is not it: inside it nothing changed.

    Args:
        reference, current: rows (samples will do) with the feature and the segment columns.
        feature: a drifted feature; cells: its cells, fitted on the reference.
        by: categorical columns whose values are the segments, e.g. the other categorical features.
    """
    bins = fit_bins(count(reference[feature], cells))
    coded = [_bins_of_rows(rows[feature], cells, bins) for rows in (reference, current)]
    found = [hit for column in by if column != feature for hit in _moved(reference, current, column, coded, bins)]
    if not found:
        return None
    _, segment = min(found, key=lambda hit: (hit[0], hit[1].column, hit[1].value))
    inside = [_only(rows, segment)[feature] for rows in (reference, current)]
    why = fingerprint(count(inside[0], cells), count(inside[1], cells))
    what = why.phrase if why != UNKNOWN else "the distribution changed"
    where = f"only where {segment.column} is '{segment.value[:40]}' ({percent(segment.share)} of requests)"
    return Cause("only_in_segment", f"{where}: {what}")


def _moved(
    reference: pa.Table, current: pa.Table, column: str, coded: list[Counts], bins: Bins
) -> Iterator[tuple[float, Segment]]:
    """The segments of one column that alone moved, each with minus its effect, weighted by its size."""
    counted = pc.value_counts(current[column].combine_chunks())
    ranked = sorted(zip(counted.field(1).to_pylist(), counted.field(0).to_pylist(), strict=True), key=_by_size)
    for size, value in ranked[:MOST_SEGMENTS]:
        if value is None:
            continue
        masks = [pc.fill_null(pc.equal(rows[column], value), False).to_numpy() for rows in (reference, current)]
        r, c = (_table(codes, mask, bins) for codes, mask in zip(coded, masks, strict=True))
        if min(part.sum() for part in (*r, *c)) < FEWEST:
            continue
        effect = _effect(r[1], c[1])
        is_quiet = chi2_p_value(r[0], c[0]) > QUIET and smallest_psi(r[0], c[0], alpha=SEEN) <= effect
        if is_quiet and effect >= MATERIAL and chi2_p_value(r[1], c[1]) < CERTAIN:
            yield -effect * size, Segment(column, value, size / current.num_rows)


def _by_size(counted: tuple[int, str | None]) -> tuple[int, str]:
    return -counted[0], counted[1] or ""


def _table(codes: Counts, mask: NDArray[np.bool_], bins: Bins) -> tuple[Counts, Counts]:
    """Counts by bin outside and inside the segment."""
    n = len(bins.labels)
    return np.bincount(codes[~mask], minlength=n), np.bincount(codes[mask], minlength=n)


def _effect(r: Counts, c: Counts) -> float:
    present = (r + c) > 0
    return debiased_psi(psi(smooth(r[present]), smooth(c[present])), r, c)


def _only(rows: pa.Table, segment: Segment) -> pa.Table:
    return rows.filter(pc.equal(rows[segment.column], segment.value))


def _bins_of_rows(values: pa.ChunkedArray, cells: Cells, bins: Bins) -> Counts:
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
