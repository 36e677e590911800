"""`check`: a file judged as one window, with no database, no network, and no more memory for more rows."""

from datetime import datetime, timedelta
from functools import partial

import pyarrow as pa

from modelwatch.config import Monitor
from modelwatch.domain import Window, iso
from modelwatch.episodes import Replay, judged_window
from modelwatch.errors import DataError, SettingsError
from modelwatch.report.document import Evaluation
from modelwatch.schedule import windows_between
from modelwatch.settings import Settings
from modelwatch.steps.kinds import told_by_kind
from modelwatch.steps.measure import MEASURES
from modelwatch.steps.multivariate import multivariate_drift, rows_before
from modelwatch.steps.past import against
from modelwatch.steps.policy import UNDATED, policy_of
from modelwatch.steps.queue import Queue, measure_queue
from modelwatch.steps.reasons import with_reasons
from modelwatch.steps.reference import load_reference
from modelwatch.steps.rejects import unparsed
from modelwatch.steps.stream import Counted, count_file, time_span
from modelwatch.steps.traffic import told_by_traffic
from modelwatch.steps.widen import measure_check
from modelwatch.verdict import judge


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
    reference = load_reference(monitor, settings)
    window = None if start is None and end is None else _asked(start, end, monitor, current)
    longer = monitor.fairness.window if monitor.fairness and window else None
    counted = count_file(
        current,
        monitor,
        reference.cells,
        labels=labels,
        window=window,
        longer=window.back(longer) if window and longer else None,
        kept_rows=max(monitor.multivariate.rows, monitor.performance.rows if monitor.columns.label else 0),
    )
    window = window or _whole(counted, monitor)
    compared = against(monitor, reference, [], window)
    measured = [m for check in MEASURES for m in measure_check(check, compared, counted.profile, [], monitor)]
    measured += multivariate_drift(monitor, settings, reference, compared, counted.rows, [])
    if counted.queued:
        measured += measure_queue(Queue(monitor), pa.concat_tables(counted.queued), settings, reference.digest)
    before = partial(rows_before, monitor, settings, reference, compared)
    measured = with_reasons(measured, monitor, reference.cells, before, counted.rows)
    measured = told_by_kind(measured, monitor, settings, reference, counted.rows)
    measured = told_by_traffic(measured, monitor, settings, reference.digest, counted.rows)
    rules, n_current = monitor.rules(), counted.profile.n_rows
    unmeasured = unparsed(counted.rejects.all(), counted.n_read, rules.max_rejected)
    judgement = judge(measured, rules, n_current=n_current, unmeasured=unmeasured)
    page = Replay(policy_of(monitor)).add(judged_window(window or UNDATED, judgement, n_current=n_current))
    return Evaluation(monitor.monitor, window, judgement, compared.profile.n_rows, n_current, 1.0, page)


def _whole(counted: Counted, monitor: Monitor) -> Window | None:
    """The calendar days that hold all rows, or None without timestamps."""
    if counted.span is None:
        return None
    days = windows_between(*counted.span, length=timedelta(days=1), timezone=monitor.tzinfo)
    return Window(days[0].start, days[-1].end)


def _asked(start: datetime | None, end: datetime | None, monitor: Monitor, current: str) -> Window:
    """The window of --from and --to; one that is left out is where the file's requests begin or end."""
    column = monitor.schema().timestamp
    if column is None:
        message = f"{current}: --from and --to need timestamps: set columns.timestamp in {monitor.path}"
        raise DataError(message)
    if start is None or end is None:
        span = time_span(current, monitor)
        if span is None:
            message = f"{current}: column '{column}' has no timestamps"
            raise DataError(message)
        start, end = start or span[0], end or span[1]
    if end <= start:
        message = f"--to must be after --from, and both about when {current} has requests: {iso(start)} to {iso(end)}"
        raise SettingsError(message)
    return Window(start, end)
