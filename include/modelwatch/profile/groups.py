"""Group tables: per group of a sensitive feature, the counts of (decision x label) behind fairness."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from modelwatch.domain import Schema, Sensitive
from modelwatch.profile.outcomes import KINDS, label_codes

MISSING = "(missing)"
MAX_DENSE = 1_000_000  # codes up to here are counted in an array; beyond, by sorting the rows

Cube = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class GroupTable:
    """Counts by group.

    Attributes:
        attributes: the sensitive features, one or, for an intersection, several in declared order.
        counts: levels -> ``(2, 3)`` counts of decision (not selected, selected) x label (negative, positive, unknown).
    """

    attributes: tuple[str, ...]
    counts: Mapping[tuple[str, ...], Cube]

    @property
    def attribute(self) -> str:
        """``"gender"``, or ``"gender & age_band"`` for an intersection."""
        return " & ".join(self.attributes)

    def group(self, levels: tuple[str, ...]) -> str:
        """``"gender=F"`` or ``"gender=F & age_band=18-24"``."""
        return " & ".join(f"{name}={level}" for name, level in zip(self.attributes, levels, strict=True))

    def __add__(self, other: "GroupTable") -> "GroupTable":
        zero = np.zeros((2, 3), dtype=np.int64)
        levels = sorted({*self.counts, *other.counts})
        return GroupTable(
            self.attributes,
            {level: self.counts.get(level, zero) + other.counts.get(level, zero) for level in levels},
        )


def count_groups(rows: pa.Table, schema: Schema) -> dict[str, GroupTable]:
    """One table per sensitive feature and per declared intersection; rows without a decision are left out."""
    if schema.decision is None:
        return {}
    decided = rows.filter(pc.is_valid(rows[schema.decision]))
    levels = {sensitive.name: group_levels(decided, sensitive) for sensitive in schema.sensitive}
    outcome = _outcome_codes(decided, schema)
    wanted = [(sensitive.name,) for sensitive in schema.sensitive] + list(schema.intersections)
    tables = [_count(attributes, [levels[name] for name in attributes], outcome) for attributes in wanted]
    return {table.attribute: table for table in tables}


def group_levels(rows: pa.Table, sensitive: Sensitive) -> pa.ChunkedArray:
    """The group of each row: its value, or for a banded feature ``"<25"``, ``"25-35"`` (35 excluded), ``">=50"``."""
    values = rows[sensitive.name]
    if sensitive.bands:
        values = _banded(values, sensitive.bands)
    elif pa.types.is_floating(values.type):
        encoded = values.combine_chunks().dictionary_encode()
        names = pa.array([_text(value) for value in encoded.dictionary.to_pylist()], pa.string())
        values = pa.chunked_array([names.take(encoded.indices)])
    return pc.fill_null(values, MISSING)


def _banded(values: pa.ChunkedArray, bands: tuple[float, ...]) -> pa.ChunkedArray:
    cuts = [_text(cut) for cut in bands]
    labels = [f"<{cuts[0]}", *(f"{a}-{b}" for a, b in pairwise(cuts)), f">={cuts[-1]}"]
    array = np.asarray(values.to_numpy(), dtype=np.float64)
    codes = np.searchsorted(np.asarray(bands), array, side="right")
    taken = pa.array(np.asarray(labels, dtype=object)[codes], pa.string(), mask=np.isnan(array))
    return pa.chunked_array([taken])


def _text(value: float | None) -> str | None:
    return None if value is None else f"{value:.15g}"


def _outcome_codes(rows: pa.Table, schema: Schema) -> Cube:
    """``3 * decision + label``, with 2 standing for an unknown label."""
    decision = np.asarray(rows[schema.decision].to_numpy(), dtype=np.int64)
    return KINDS * decision + label_codes(rows, schema)


def _count(attributes: tuple[str, ...], columns: list[pa.ChunkedArray], outcome: Cube) -> GroupTable:
    """Encode each column as integers, combine them into one code per row and count the codes at once."""
    code = np.zeros(len(outcome), dtype=np.int64)
    levels: list[tuple[str, ...]] = [()]
    for column in columns:
        encoded = column.combine_chunks().dictionary_encode()
        names = encoded.dictionary.to_pylist()
        code, seen = _renumbered(code * len(names) + np.asarray(encoded.indices, dtype=np.int64))
        levels = [(*levels[pair // len(names)], names[pair % len(names)]) for pair in seen]
    cubes = np.bincount(code * 6 + outcome, minlength=6 * len(levels)).reshape(-1, 2, 3).astype(np.int64)
    order = sorted(range(len(levels)), key=levels.__getitem__) if len(outcome) else []
    return GroupTable(attributes, {levels[i]: cubes[i] for i in order})


def _renumbered(code: Cube) -> tuple[Cube, list[int]]:
    """The codes that occur, in order, and each row's place among them: combinations that nobody has cost nothing."""
    if not len(code) or int(code.max()) > MAX_DENSE:
        seen, place = np.unique(code, return_inverse=True)
        return place.astype(np.int64), seen.tolist()
    seen = np.flatnonzero(np.bincount(code))
    place = np.zeros(int(code.max()) + 1, dtype=np.int64)
    place[seen] = np.arange(len(seen))
    return place[code], seen.tolist()
