"""Which stored requests are in which segment: values of categorical features, quarters of numeric ones, groups."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.calibration.paired import Flags
from modelwatch.domain import Schema
from modelwatch.profile.groups import MISSING, group_levels
from modelwatch.redeploy.asking import StoredRequest, Value
from modelwatch.words import number

MOST_VALUES = 12
QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)


def stored_requests(rows: pa.Table, schema: Schema) -> list[StoredRequest]:
    """The rows of a sample as requests that can be sent again."""
    given = [*schema.features, *(one.name for one in schema.sensitive if one.name not in schema.features)]
    ids = [str(i) for i in range(rows.num_rows)] if schema.id is None else rows[schema.id].to_pylist()
    outputs = {
        role: rows[name].to_pylist() if name is not None else [None] * rows.num_rows
        for role, name in (("version", schema.model_version), ("score", schema.score), ("decision", schema.decision))
    }
    values = rows.select(given).to_pylist()
    return [
        StoredRequest(ids[i], values[i], outputs["version"][i], outputs["score"][i], outputs["decision"][i])
        for i in range(rows.num_rows)
    ]


def segments_of(rows: pa.Table, schema: Schema) -> dict[str, Flags]:
    """``"channel=atm"`` and ``"amount 12 to 40"`` -> ``(n_rows,)`` which rows are in it.

    A sensitive feature has its groups instead (`memberships`).
    """
    found: dict[str, Flags] = {}
    sensitive = {one.name for one in schema.sensitive}
    for name, kind in ((name, kind) for name, kind in schema.features.items() if name not in sensitive):
        found |= _values(rows[name], name) if kind == "categorical" else _quarters(rows[name], name)
    return found


def labels_of(rows: pa.Table, schema: Schema) -> dict[str, list[str]]:
    """For each sensitive feature the group of each row."""
    return {one.name: group_levels(rows, one).to_pylist() for one in schema.sensitive}


def groups_of(labels: Mapping[str, Sequence[str]], requests: Sequence[StoredRequest]) -> dict[str, dict[str, Value]]:
    """For each sensitive feature its most frequent groups, each with the value in the middle of its requests'."""
    found: dict[str, dict[str, Value]] = {}
    for name, by_row in labels.items():
        members: dict[str, list[Value]] = {}
        for label, request in zip(by_row, requests, strict=True):
            if label != MISSING:
                members.setdefault(label, []).append(request.values[name])
        largest = sorted(members, key=lambda label: (-len(members[label]), label))[:MOST_VALUES]
        found[name] = {label: _middle(members[label]) for label in largest}
    return found


def _middle(values: list[Value]) -> Value:
    return sorted(values, key=lambda value: (str(type(value)), value))[len(values) // 2]


def memberships(labels: Mapping[str, Sequence[str]]) -> dict[str, Flags]:
    """``"gender=F"`` -> ``(n_rows,)`` whose group it is."""
    return {
        f"{name}={label}": np.asarray([one == label for one in by_row], dtype=np.bool_)
        for name, by_row in labels.items()
        for label in sorted(set(by_row))
    }


def _values(column: pa.ChunkedArray, name: str) -> dict[str, Flags]:
    counted = pc.value_counts(column).to_pylist()
    frequent = sorted(counted, key=lambda one: (-one["counts"], str(one["values"])))[:MOST_VALUES]
    texts = np.asarray(column.to_pylist(), dtype=object)
    return {
        f"{name}={MISSING if one['values'] is None else one['values']}": np.asarray(texts == one["values"], np.bool_)
        for one in frequent
    }


def _quarters(column: pa.ChunkedArray, name: str) -> dict[str, Flags]:
    values = np.asarray(column.to_numpy(), dtype=np.float64)
    known = values[np.isfinite(values)]
    if len(known) == 0:
        return {}
    edges = np.unique(np.quantile(known, QUARTERS))
    found: dict[str, Flags] = {f"{name}={MISSING}": np.isnan(values)} if np.isnan(values).any() else {}
    for low, high in pairwise(edges.tolist()):
        inside = (values >= low) & ((values < high) | (high == edges[-1]) & (values <= high))
        found[f"{name} {number(low)} to {number(high)}"] = inside
    return found
