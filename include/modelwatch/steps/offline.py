"""`check` and `backtest`: the same profile, measures and verdict on a file, with no database and no network."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.config import Monitor
from modelwatch.domain import Schema, Window, iso
from modelwatch.errors import DataError, SettingsError
from modelwatch.profile import profile_rows
from modelwatch.profile.window import add_groups
from modelwatch.report.document import Evaluation
from modelwatch.report.policy import Keys, alert_keys, would_page
from modelwatch.schedule import windows_between
from modelwatch.settings import Settings
from modelwatch.sources import files
from modelwatch.steps.measure import MEASURES
from modelwatch.steps.reference import Reference, load_reference
from modelwatch.steps.rows import multivariate_drift
from modelwatch.steps.segments import told_by_segment
from modelwatch.verdict import judge


@dataclass(frozen=True)
class Current:
    """A file of requests, typed, each request once."""

    rows: pa.Table
    type_errors: dict[str, int]
    n_rejected: int
    schema: Schema


def check_file(
    monitor: Monitor,
    settings: Settings,
    current: str,
    *,
    labels: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Evaluation:
    """Judge the file's requests, or those in ``[start, end)``, as one window.

    Raises:
        DataError: the file cannot be used; MonitorConfigError, SettingsError: neither can the monitor or the dates.
    """
    reference, data = load_reference(monitor, settings), read_current(monitor, current, labels)
    if start is None and end is None:
        window = _whole(data, monitor)
        return _evaluate(monitor, settings, reference, data, data.rows, data.rows, window, earlier=[])
    window = _asked(start, end, data, monitor, current)
    rows, lookback = between(data, window), between(data, _fairness_window(monitor, window))
    return _evaluate(monitor, settings, reference, data, rows, lookback, window, earlier=[])


def backtest_file(
    monitor: Monitor, settings: Settings, current: str, *, every: timedelta, labels: str | None = None
) -> Iterator[Evaluation]:
    """Judge every calendar window of the file in order, persistence included.

    Raises:
        DataError: the file cannot be used, or has no timestamps to cut it by.
    """
    reference, data = load_reference(monitor, settings), read_current(monitor, current, labels)
    first, last = _span(data, monitor, current)
    earlier: list[Keys] = []
    for window in windows_between(first, last, length=every, timezone=monitor.tzinfo):
        rows, lookback = between(data, window), between(data, _fairness_window(monitor, window))
        evaluation = _evaluate(monitor, settings, reference, data, rows, lookback, window, earlier=earlier)
        if evaluation.judgement.verdict in ("ok", "warning", "alert"):
            earlier.insert(0, alert_keys(evaluation.judgement))
        yield evaluation


def read_current(monitor: Monitor, current: str, labels: str | None) -> Current:
    """Read and type the file, join the labels by request id, and keep each request id once."""
    schema = monitor.schema()
    present = files.column_names(current)
    optional = {schema.label, schema.model_version} - {None}
    absent = {
        c.name for c in schema.columns if c.name in optional and c.path[0] not in present and c.name not in present
    }
    schema = _without(schema, absent)
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
    window: Window | None,
    *,
    earlier: list[Keys],
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
    open_after = monitor.alerts.open_after
    page = would_page(alert_keys(judgement), earlier, windows=open_after.windows, of=open_after.of)
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


def _without(schema: Schema, absent: set[str]) -> Schema:
    return replace(
        schema,
        columns=tuple(column for column in schema.columns if column.name not in absent),
        label=None if schema.label in absent else schema.label,
        model_version=None if schema.model_version in absent else schema.model_version,
    )


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


def _whole(data: Current, monitor: Monitor) -> Window | None:
    """The calendar days that hold all rows, or None without timestamps."""
    if data.schema.timestamp is None or data.rows.num_rows == 0:
        return None
    first, last = _span(data, monitor, "")
    days = windows_between(first, last, length=timedelta(days=1), timezone=monitor.tzinfo)
    return Window(days[0].start, days[-1].end)


def _asked(start: datetime | None, end: datetime | None, data: Current, monitor: Monitor, current: str) -> Window:
    if start is None or end is None:
        first, last = _span(data, monitor, current)
        start, end = start or first, end or last
    if data.schema.timestamp is None:
        message = f"{current}: --from and --to need timestamps: set columns.timestamp in {monitor.path}"
        raise DataError(message)
    if end <= start:
        message = f"--to must be after --from, and both about when {current} has requests: {iso(start)} to {iso(end)}"
        raise SettingsError(message)
    return Window(start, end)
