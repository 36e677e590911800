"""`backtest`: the same profile, measures and verdict on every window of a file, with no database and no network."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.config import Monitor
from modelwatch.domain import Schema, Window
from modelwatch.episodes import Replay, judged_window
from modelwatch.errors import DataError
from modelwatch.profile import profile_rows
from modelwatch.profile.window import add_groups
from modelwatch.report.document import Evaluation
from modelwatch.schedule import windows_between
from modelwatch.settings import Settings
from modelwatch.sources import files
from modelwatch.steps.episodes import policy_of
from modelwatch.steps.measure import MEASURES
from modelwatch.steps.reference import Reference, load_reference
from modelwatch.steps.rows import multivariate_drift
from modelwatch.steps.segments import told_by_segment
from modelwatch.steps.stream import present_schema
from modelwatch.verdict import judge


@dataclass(frozen=True)
class Current:
    """A file of requests, typed, each request once."""

    rows: pa.Table
    type_errors: dict[str, int]
    n_rejected: int
    schema: Schema


def backtest_file(
    monitor: Monitor, settings: Settings, current: str, *, every: timedelta, labels: str | None = None
) -> Iterator[Evaluation]:
    """Judge every calendar window of the file in order, persistence included.

    Raises:
        DataError: the file cannot be used, or has no timestamps to cut it by.
    """
    reference, data = load_reference(monitor, settings), read_current(monitor, current, labels)
    first, last = _span(data, monitor, current)
    replay = Replay(policy_of(monitor))
    for window in windows_between(first, last, length=every, timezone=monitor.tzinfo):
        rows, lookback = between(data, window), between(data, _fairness_window(monitor, window))
        yield _evaluate(monitor, settings, reference, data, rows, lookback, window, replay=replay)


def read_current(monitor: Monitor, current: str, labels: str | None) -> Current:
    """Read and type the file, join the labels by request id, and keep each request id once."""
    schema = present_schema(current, monitor)
    page = files.read_table(current, schema, timezone=monitor.tzinfo)
    rows = _each_once(page.rows, schema.id)
    if labels is not None:
        rows, schema = _with_labels(rows, monitor, labels)
    type_errors: dict[str, int] = {}
    for reject in page.rejects:
        type_errors[reject.column] = type_errors.get(reject.column, 0) + reject.count
    return Current(rows, type_errors, sum(reject.count for reject in page.rejects), schema)


def between(data: Current, window: Window) -> pa.Table:
    """The rows whose timestamp lies in the window."""
    stamps = data.rows[data.schema.timestamp]
    return data.rows.filter(pc.and_(pc.greater_equal(stamps, window.start), pc.less(stamps, window.end)))


def _evaluate(
    monitor: Monitor,
    settings: Settings,
    reference: Reference,
    data: Current,
    rows: pa.Table,
    lookback: pa.Table,
    window: Window,
    *,
    replay: Replay,
) -> Evaluation:
    profile = profile_rows(rows, reference.cells, data.schema)
    profile = replace(profile, type_errors=data.type_errors, n_rejected=data.n_rejected)
    if lookback.num_rows != rows.num_rows:
        before = profile_rows(lookback, {}, data.schema)
        profile = replace(profile, groups=add_groups(before.groups, {}))
    measured = [m for measure in MEASURES.values() for m in measure(reference.profile, profile, monitor)]
    measured += multivariate_drift(monitor, settings, reference.digest, rows)
    measured = told_by_segment(measured, monitor, settings, reference, rows)
    rules = monitor.rules()
    judgement = judge(measured, rules, n_current=rows.num_rows, unmeasured=_unmeasured(data, rules.max_rejected))
    page = replay.add(judged_window(window, judgement, n_current=rows.num_rows))
    return Evaluation(monitor.monitor, window, judgement, reference.profile.n_rows, rows.num_rows, 1.0, page)


def _unmeasured(data: Current, limit: float) -> str | None:
    total = data.rows.num_rows + data.n_rejected
    if data.n_rejected <= limit * total:
        return None
    column, count = max(data.type_errors.items(), key=lambda item: item[1])
    return f"{data.n_rejected} of {total} rows do not parse, most of them for '{column}' ({count})"


def _each_once(rows: pa.Table, id_column: str | None) -> pa.Table:
    if id_column is None or pc.count_distinct(rows[id_column]).as_py() == rows.num_rows:
        return rows
    codes = rows[id_column].combine_chunks().dictionary_encode().indices.to_numpy()
    _, first = np.unique(codes, return_index=True)
    return rows.take(np.sort(first))


def _with_labels(rows: pa.Table, monitor: Monitor, labels: str) -> tuple[pa.Table, Schema]:
    schema = monitor.schema()
    if schema.id is None or schema.label is None:
        message = f"{labels}: labels are joined by request id: set columns.id and columns.label in the monitor file"
        raise DataError(message)
    wanted = tuple(column for column in schema.columns if column.name in (schema.id, schema.label))
    only = Schema(columns=wanted, features={}, id=schema.id, label=schema.label)
    known = _each_once(files.read_table(labels, only, timezone=monitor.tzinfo).rows, schema.id)
    position = pc.index_in(rows[schema.id], value_set=known[schema.id].combine_chunks())
    label = known[schema.label].combine_chunks().take(position.combine_chunks())
    if schema.label in rows.column_names:
        rows = rows.drop_columns(schema.label)
    return rows.append_column(schema.label, label), schema


def _fairness_window(monitor: Monitor, window: Window) -> Window:
    length = monitor.fairness.window if monitor.fairness else None
    return window.back(length) if length else window


def _span(data: Current, monitor: Monitor, current: str) -> tuple[datetime, datetime]:
    """First timestamp and just after the last."""
    if data.schema.timestamp is None:
        message = f"{current}: windows are cut by time: set columns.timestamp in {monitor.path}"
        raise DataError(message)
    limits = pc.min_max(data.rows[data.schema.timestamp]).as_py()
    if limits["min"] is None:
        message = f"{current}: column '{data.schema.timestamp}' has no timestamps"
        raise DataError(message)
    return limits["min"], limits["max"] + timedelta(microseconds=1)
