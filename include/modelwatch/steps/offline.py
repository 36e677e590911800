"""`backtest`: the same profile, measures and verdict on every window of a file, with no database and no network."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.config import Monitor
from modelwatch.domain import Reject, Schema, Window, iso
from modelwatch.episodes import Replay, judged_window
from modelwatch.errors import DataError
from modelwatch.profile import Outcomes, Profile, profile_rows
from modelwatch.report.document import Evaluation
from modelwatch.schedule import windows_between
from modelwatch.settings import Settings
from modelwatch.sources import files
from modelwatch.steps.estimates import why_uncalibrated, withheld
from modelwatch.steps.kinds import told_by_kind
from modelwatch.steps.measure import MEASURES, worsening
from modelwatch.steps.multivariate import multivariate_drift, rows_before
from modelwatch.steps.past import HISTORY, Past, against, needed
from modelwatch.steps.policy import policy_of
from modelwatch.steps.queue import Queue, measure_queue
from modelwatch.steps.reasons import with_reasons
from modelwatch.steps.reference import Reference, load_reference
from modelwatch.steps.rejects import unparsed, with_rejects
from modelwatch.steps.rows import comparable
from modelwatch.steps.stream import present_schema, read_labels, with_labels, within
from modelwatch.steps.traffic import told_by_traffic
from modelwatch.steps.widen import measure_check, requests_judged, windows_back
from modelwatch.verdict import judge

MOST_WINDOWS = 20_000  # fifty years of days, two of hours


@dataclass(frozen=True)
class Current:
    """A file of requests, typed, each request once."""

    rows: pa.Table
    rejects: tuple[Reject, ...]
    schema: Schema


@dataclass
class Before:
    """What is known of the windows before: the episodes, whom the queue found, the profiles that may be looked at.

    Attributes:
        uncalibrated: why no performance is estimated: the newest window with labels was not calibrated.
        outcomes: what came of the windows of the rolling past; None of one that was not measured.
    """

    replay: Replay
    queue: Queue
    uncalibrated: str | None = None
    past: list[Past] = field(default_factory=list)
    outcomes: deque[Outcomes | None] = field(default_factory=lambda: deque(maxlen=HISTORY))

    def add(self, one: Past, span: timedelta) -> None:
        """One window more; those from longer ago than the span are let go."""
        self.past = [other for other in self.past if other.window.end > one.window.start - span] if span else []
        self.past.append(one)
        self.outcomes.append(None if one.verdict == "not_measured" else one.profile.outcomes)


def backtest_file(
    monitor: Monitor, settings: Settings, current: str, *, every: timedelta, labels: str | None = None
) -> Iterator[Evaluation]:
    """Judge every calendar window of the file in order, persistence included.

    Raises:
        DataError: the file cannot be used, or has no timestamps to cut it by.
    """
    monitor = monitor.model_copy(update={"window": every})  # whose natural variation is that of windows so long
    reference, data = load_reference(monitor, settings), read_current(monitor, current, labels)
    first, last = _span(data, monitor, current)
    if (last - first) / every > MOST_WINDOWS:
        message = (
            f"{current}: column '{data.schema.timestamp}' runs from {iso(first)} to {iso(last)}, "
            f"more than {MOST_WINDOWS:,} windows; correct the wrong times, or write a longer --every"
        )
        raise DataError(message)
    windows = windows_between(first, last, length=every, timezone=monitor.tzinfo)
    yield from backtest(monitor, settings, reference, data, windows)


def backtest(
    monitor: Monitor, settings: Settings, reference: Reference, data: Current, windows: Sequence[Window]
) -> Iterator[Evaluation]:
    """Judge the windows in order; the earlier ones are to each what the store is to a window of the Dag."""
    before = Before(Replay(policy_of(monitor)), Queue(monitor))
    for window in windows:
        rows = within(data.rows, data.schema, window)
        profile = profile_rows(rows, reference.cells, data.schema)
        together = _fairness_profile(monitor, data, profile, window)
        evaluation = _evaluate(monitor, settings, reference, data, rows, together, window, before)
        past = Past(window, profile, evaluation.judgement.verdict, rows=_kept_rows(monitor, rows))
        before.add(past, needed(monitor, reference, window))
        before.uncalibrated = why_uncalibrated(evaluation.judgement.results, window, before.uncalibrated)
        yield evaluation


def _kept_rows(monitor: Monitor, rows: pa.Table) -> Callable[[], pa.Table | None]:
    """What the window's rows are to later ones; kept in memory only where they are looked back at."""
    if not rows.num_rows or (monitor.reference.type == "file" and monitor.lookback is None):
        return lambda: None
    kept = comparable(monitor, rows)
    return lambda: kept


def read_current(monitor: Monitor, current: str, labels: str | None) -> Current:
    """Read and type the file, join the labels by request id, and keep each request id once."""
    schema = present_schema(current, monitor)
    page = files.read_table(current, schema, timezone=monitor.tzinfo)
    known = None if labels is None else read_labels(labels, monitor)
    schema = replace(schema, label=monitor.schema().label)
    rows = with_labels(_each_once(page.rows, schema.id), known, schema)
    return Current(rows, page.rejects, schema)


def _evaluate(
    monitor: Monitor,
    settings: Settings,
    reference: Reference,
    data: Current,
    rows: pa.Table,
    profile: Profile,
    window: Window,
    before: Before,
) -> Evaluation:
    profile = with_rejects(profile, data.rejects)
    compared = against(monitor, reference, before.past, window)
    back = windows_back(monitor, before.past, window)
    measured = [m for check in MEASURES for m in measure_check(check, compared, profile, back, monitor)]
    measured = withheld(measured, before.uncalibrated)
    measured += multivariate_drift(monitor, settings, reference, compared, rows, back)
    measured += measure_queue(before.queue, rows, settings, reference.digest)
    before_rows = partial(rows_before, monitor, settings, reference, compared)
    measured = with_reasons(measured, monitor, reference.cells, before_rows, rows)
    measured = told_by_kind(measured, monitor, settings, reference, rows)
    if monitor.reference.type == "file":  # a moving one is the rolling past already
        measured += worsening([one for one in before.outcomes if one is not None], profile.outcomes, monitor)
    measured = told_by_traffic(measured, monitor, settings, reference.digest, rows)
    rules, n_rows = monitor.rules(), rows.num_rows
    unmeasured = unparsed(data.rejects, data.rows.num_rows, rules.max_rejected)
    n_current = requests_judged(measured, n_rows)
    judgement = judge(measured, rules, n_current=n_current, unmeasured=unmeasured)
    page = before.replay.add(judged_window(window, judgement, n_current=n_rows))
    return Evaluation(monitor.monitor, window, judgement, compared.profile.n_rows, n_rows, 1.0, page)


def _fairness_profile(monitor: Monitor, data: Current, profile: Profile, window: Window) -> Profile:
    """The window's profile with the groups of the whole fairness window."""
    longer = _fairness_window(monitor, window)
    if longer == window:
        return profile
    return replace(profile, groups=profile_rows(within(data.rows, data.schema, longer), {}, data.schema).groups)


def _each_once(rows: pa.Table, id_column: str | None) -> pa.Table:
    if id_column is None or pc.count_distinct(rows[id_column]).as_py() == rows.num_rows:
        return rows
    codes = rows[id_column].combine_chunks().dictionary_encode().indices.to_numpy()
    _, first = np.unique(codes, return_index=True)
    return rows.take(np.sort(first))


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
