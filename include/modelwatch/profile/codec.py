"""Profiles and cells as compact bytes: a JSON header and integer arrays in the smallest type, deflated."""

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwatch.errors import StoreError
from modelwatch.profile.buckets import EMPTY, Buckets
from modelwatch.profile.cells import CategoricalCells, Cells, NumericCells
from modelwatch.profile.features import CategoricalProfile, FeatureProfile, NumericProfile
from modelwatch.profile.groups import GroupTable
from modelwatch.profile.outcomes import KINDS, Outcomes
from modelwatch.profile.window import CellSet, Profile

VERSION = 2  # 2: numeric columns carry their buckets; the group tables are those of 1


def encode_profile(profile: Profile) -> bytes:
    """The profile without its cells; the same profile always gives the same bytes."""
    header = {
        "n_rows": profile.n_rows,
        "n_rejected": profile.n_rejected,
        "type_errors": dict(profile.type_errors),
        "columns": {name: _column_header(column) for name, column in profile.columns.items()},
        "groups": [_group_header(table) for table in profile.groups.values()],
    }
    arrays = [array for column in profile.columns.values() for array in _column_arrays(column)]
    if profile.outcomes is not None:
        buckets = profile.outcomes.by_score
        header["outcomes"] = {**_buckets_header(buckets), "unscored": profile.outcomes.unscored.tolist()}
        arrays += _bucket_arrays(buckets)
    return _pack(header, arrays)


def decode_profile(data: bytes, cells: CellSet) -> Profile:
    """The profile that `encode_profile` wrote, in the cells it was counted in.

    Raises:
        StoreError: the bytes are of another version or were counted in other cells.
    """
    header, arrays = _unpack(data)
    columns, rest = {}, iter(arrays)
    for name, entry in header["columns"].items():
        counts = next(rest)
        if name not in cells or cells[name].size != len(counts):
            message = f"the stored profile of '{name}' was counted in other cells; run build_profile again"
            raise StoreError(message)
        columns[name] = _column(cells[name], counts, entry, rest)
    return Profile(
        header["n_rows"],
        columns,
        _groups(header),
        header["type_errors"],
        n_rejected=header["n_rejected"],
        outcomes=_outcomes(header.get("outcomes"), rest),
    )


def decode_groups(data: bytes) -> dict[str, GroupTable]:
    """Only the group tables, which need no cells: days with different references can be added, older versions' too."""
    return _groups(_unpack(data, oldest=1)[0])


def decode_outcomes(data: bytes) -> Outcomes | None:
    """Only what came of the requests, which needs no cells either; None of a profile that knows of no labels."""
    header, arrays = _unpack(data, oldest=1)
    entry = header.get("outcomes")
    return None if entry is None else _outcomes(entry, iter(arrays[-2:]))  # written last: keys and counts


def encode_reference(cells: CellSet, profile: Profile) -> bytes:
    """The reference's cells and its profile in them."""
    header = {name: _cells_header(its_cells) for name, its_cells in cells.items()}
    packed = _pack(header, (its.grid for its in cells.values() if isinstance(its, NumericCells)))
    return len(packed).to_bytes(8, "big") + packed + encode_profile(profile)


def decode_reference(data: bytes) -> tuple[dict[str, Cells], Profile]:
    """What `encode_reference` wrote."""
    length = int.from_bytes(data[:8], "big")
    header, arrays = _unpack(data[8 : 8 + length])
    grids = iter(arrays)
    cells: dict[str, Cells] = {
        name: NumericCells(next(grids), entry["complete"])
        if entry["kind"] == "numeric"
        else CategoricalCells(tuple(entry["categories"]), frozenset(entry["rare"]), entry["n_singletons"])
        for name, entry in header.items()
    }
    return cells, decode_profile(data[8 + length :], cells)


def cells_digest(cells: CellSet) -> str:
    """sha256 of the cells: profiles with the same digest can be added."""
    header = {name: _cells_header(its_cells) for name, its_cells in cells.items()}
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(cells):
        its_cells = cells[name]
        if isinstance(its_cells, NumericCells):
            digest.update(its_cells.grid.tobytes())
    return digest.hexdigest()


def _cells_header(cells: Cells) -> dict[str, Any]:
    if isinstance(cells, NumericCells):
        return {"kind": "numeric", "complete": cells.complete}
    return {
        "kind": "categorical",
        "categories": cells.categories,
        "rare": sorted(cells.rare),
        "n_singletons": cells.n_singletons,
    }


def _column_header(column: FeatureProfile) -> dict[str, Any]:
    if isinstance(column, NumericProfile):
        return {"low": column.low, "high": column.high, **_buckets_header(column.buckets)}
    return {"unseen": dict(column.unseen)}


def _buckets_header(buckets: Buckets) -> dict[str, Any]:
    return {"level": buckets.level, "first": [int(key) for key in buckets.keys[:1]]}


def _column_arrays(column: FeatureProfile) -> Iterator[NDArray[Any]]:
    yield column.counts
    if isinstance(column, NumericProfile):
        yield from _bucket_arrays(column.buckets)


def _bucket_arrays(buckets: Buckets) -> Iterator[NDArray[Any]]:
    """The keys are written as steps, which are small."""
    yield np.diff(buckets.keys).view(np.uint64)
    yield buckets.counts.ravel()


def _column(
    cells: Cells, counts: NDArray[Any], entry: Mapping[str, Any], rest: Iterator[NDArray[Any]]
) -> FeatureProfile:
    counts = counts.astype(np.int64)
    if isinstance(cells, CategoricalCells):
        return CategoricalProfile(cells, counts, entry["unseen"])
    buckets = _buckets(entry, rest)
    return NumericProfile(cells, counts, entry["low"], entry["high"], buckets if len(buckets.keys) else EMPTY)


def _buckets(entry: Mapping[str, Any], rest: Iterator[NDArray[Any]]) -> Buckets:
    steps, held = next(rest).astype(np.uint64).view(np.int64), next(rest).astype(np.int64)
    keys = np.cumsum(np.append(np.array(entry["first"], dtype=np.int64), steps))
    return Buckets(entry["level"], keys, held)


def _outcomes(entry: Mapping[str, Any] | None, rest: Iterator[NDArray[Any]]) -> Outcomes | None:
    """None of a profile without labels, or from before outcomes were counted."""
    if entry is None:
        return None
    buckets = _buckets(entry, rest)
    by_score = Buckets(buckets.level, buckets.keys, buckets.counts.reshape(-1, KINDS * KINDS))
    return Outcomes(by_score, np.array(entry["unscored"], dtype=np.int64))


def _group_header(table: GroupTable) -> dict[str, Any]:
    rows = [[list(levels), cube.ravel().tolist()] for levels, cube in table.counts.items()]
    return {"attributes": list(table.attributes), "counts": rows}


def _groups(header: Mapping[str, Any]) -> dict[str, GroupTable]:
    tables = [
        GroupTable(
            tuple(entry["attributes"]),
            {tuple(levels): np.array(cube, dtype=np.int64).reshape(2, 3) for levels, cube in entry["counts"]},
        )
        for entry in header["groups"]
    ]
    return {table.attribute: table for table in tables}


def _pack(header: Mapping[str, Any], arrays: Iterable[NDArray[Any]]) -> bytes:
    small = [a if a.dtype.kind == "f" else a.astype(np.min_scalar_type(int(a.max(initial=0)))) for a in arrays]
    layout = [[a.dtype.newbyteorder("<").str, len(a)] for a in small]
    head = json.dumps({"version": VERSION, "layout": layout, "header": header}).encode()
    body = b"".join(a.astype(a.dtype.newbyteorder("<")).tobytes() for a in small)
    return zlib.compress(len(head).to_bytes(8, "big") + head + body, 6)


def _unpack(data: bytes, *, oldest: int = VERSION) -> tuple[Any, list[NDArray[Any]]]:
    raw = zlib.decompress(data)
    start = 8 + int.from_bytes(raw[:8], "big")
    head = json.loads(raw[8:start])
    if not oldest <= head["version"] <= VERSION:
        message = f"a profile of version {head['version']} was found; this is version {VERSION}: build it again"
        raise StoreError(message)
    arrays = []
    for dtype, length in head["layout"]:
        arrays.append(np.frombuffer(raw, dtype=dtype, count=length, offset=start))
        start += arrays[-1].nbytes
    return head["header"], arrays
