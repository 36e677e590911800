"""A change that is in one segment only: a table of segment x bin on both sides, from rows."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from modelwatch.calibration.effects import smallest_psi
from modelwatch.calibration.significance import chi2_p_value
from modelwatch.checks.binned_rows import Counts, bins_of_rows, drift_of
from modelwatch.checks.fingerprint import UNKNOWN, Cause, Segment, fingerprint
from modelwatch.metrics.bins import Bins, fit_bins
from modelwatch.profile.cells import Cells
from modelwatch.profile.features import count

FEWEST = 100  # rows of a segment, and of the rest, on both sides
MOST_SEGMENTS = 50
CERTAIN = 1e-8  # thousands of segments may be looked at
QUIET = 0.01  # the p-value from which the rest is as before
SEEN = 1e-3  # and the significance at which the rest would have shown the segment's change
MATERIAL = 0.1  # debiased PSI inside the segment


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
    coded = [bins_of_rows(rows[feature], cells, bins) for rows in (reference, current)]
    found = [hit for column in by if column != feature for hit in _moved(reference, current, column, coded, bins)]
    if not found:
        return None
    _, segment = min(found, key=lambda hit: (hit[0], hit[1].column, hit[1].value))
    inside = [_only(rows, segment)[feature] for rows in (reference, current)]
    why = fingerprint(count(inside[0], cells), count(inside[1], cells))
    what = why.phrase if why != UNKNOWN else "the distribution changed"
    return Cause("only_in_segment", f"{segment.words}: {what}", segment)


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
        effect = drift_of(r[1], c[1])
        is_quiet = chi2_p_value(r[0], c[0]) > QUIET and smallest_psi(r[0], c[0], alpha=SEEN) <= effect
        if is_quiet and effect >= MATERIAL and chi2_p_value(r[1], c[1]) < CERTAIN:
            yield -effect * size, Segment(column, value, size / current.num_rows)


def _by_size(counted: tuple[int, str | None]) -> tuple[int, str]:
    return -counted[0], counted[1] or ""


def _table(codes: Counts, mask: NDArray[np.bool_], bins: Bins) -> tuple[Counts, Counts]:
    """Counts by bin outside and inside the segment."""
    n = len(bins.labels)
    return np.bincount(codes[~mask], minlength=n), np.bincount(codes[mask], minlength=n)


def _only(rows: pa.Table, segment: Segment) -> pa.Table:
    return rows.filter(pc.equal(rows[segment.column], segment.value))
