"""Rows cut into the monitor's calendar windows, each counted."""

from datetime import timedelta, tzinfo
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.domain import Schema
from modelwatch.profile import CellSet, Profile, profile_rows
from modelwatch.schedule import windows_between

MAX_WINDOWS = 400  # more than a year of days; of a reference with more windows the last are cut


def window_profiles(
    rows: pa.Table, cells: CellSet, schema: Schema, *, length: timedelta, timezone: tzinfo
) -> list[Profile]:
    """One profile per calendar window of the rows, oldest first; none without timestamps."""
    if schema.timestamp is None or rows.num_rows == 0:
        return []
    rows = rows.take(pc.sort_indices(rows[schema.timestamp]))
    limits = pc.min_max(rows[schema.timestamp]).as_py()
    first, last = limits["min"], limits["max"] + timedelta(microseconds=1)
    windows = windows_between(first, last, length=length, timezone=timezone)[-MAX_WINDOWS:]
    stamps = rows[schema.timestamp].to_numpy()
    moments = [*(window.start for window in windows), windows[-1].end]
    edges = np.array([moment.replace(tzinfo=None) for moment in moments], dtype="datetime64[us]")
    places = np.searchsorted(stamps, edges)
    return [profile_rows(rows.slice(start, end - start), cells, schema) for start, end in pairwise(places)]
