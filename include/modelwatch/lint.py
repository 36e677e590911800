"""`modelwatch lint`: a monitor file, and whether its reference fits it, without Airflow."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.config import Monitor, load_monitor
from modelwatch.domain import Page
from modelwatch.errors import DataError, MonitorConfigError, SettingsError, did_you_mean
from modelwatch.settings import connection_from_env
from modelwatch.sources import files
from modelwatch.sources.rows import parse_table

MAX_GROUPS = 50


def lint_monitor(path: Path, environ: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """What is wrong with a monitor file, and what cannot be told from here.

    Args:
        path: the file.
        environ: where commands outside Airflow find connections.

    Returns:
        Problems, which keep the monitor from working, and notes, each a line that names the file or the fix.
    """
    try:
        monitor = load_monitor(path)
    except MonitorConfigError as error:
        return str(error).splitlines(), []
    return [f"{path}: {problem}" for problem in _of_reference(monitor)], _of_connections(monitor, environ)


def _of_reference(monitor: Monitor) -> list[str]:
    try:
        raw = files.read_raw(monitor.reference_uri)
    except DataError as error:
        return [f"reference.uri: {error}"]
    absent = _absent_columns(monitor, raw)
    if absent:
        return absent
    try:
        page = parse_table(raw, monitor.schema(), timezone=monitor.tzinfo, where=monitor.reference_uri)
    except DataError as error:
        return [str(error)]
    return [*_misfits(monitor, page), *_sensitive(monitor, page)]


def _absent_columns(monitor: Monitor, raw: pa.Table) -> list[str]:
    """Columns of the monitor that the reference does not have; labels and versions may come later."""
    optional = {monitor.columns.label, monitor.columns.model_version}
    problems = []
    for column in monitor.schema().columns:
        whole = ".".join(column.path)
        if column.name in optional or {whole, column.path[0]} & set(raw.column_names):
            continue
        hint = did_you_mean(whole, raw.column_names)
        names = ", ".join(raw.column_names[:30])
        problems.append(
            f"{_key(monitor, column.name)}: not in the reference {monitor.reference_uri}; it has {names}{hint}"
        )
    return problems


def _key(monitor: Monitor, name: str) -> str:
    """Where in the monitor file a column is named."""
    if name in monitor.features:
        return f"features.{name}"
    roles = [role for role, column in monitor.columns if column == name]
    return f"columns.{roles[0]}: {name}" if roles else f"fairness.sensitive: {name}"


def _misfits(monitor: Monitor, page: Page) -> list[str]:
    total = page.rows.num_rows + sum(reject.count for reject in page.rejects)
    if total == 0:
        return [f"reference.uri: {monitor.reference_uri} has no rows; it needs the requests to compare with"]
    limit = monitor.source.max_rejected_share * total
    return [
        f"{_key(monitor, reject.column)}: {reject.count} of {total} rows of the reference do not parse "
        f"({reject.problem}); correct its type here or the file"
        for reject in page.rejects
        if reject.count > limit
    ]


def _sensitive(monitor: Monitor, page: Page) -> list[str]:
    problems = []
    for sensitive in monitor.schema().sensitive:
        n_groups = pc.count_distinct(page.rows[sensitive.name]).as_py()
        if not sensitive.bands and n_groups > MAX_GROUPS:
            problems.append(
                f"fairness.sensitive: {sensitive.name} has {n_groups} values, too many to compare; "
                f"add fairness.bands such as {{{sensitive.name}: [25, 35, 50]}}"
            )
    return problems


def _of_connections(monitor: Monitor, environ: Mapping[str, str]) -> list[str]:
    """Connections that commands outside Airflow would not find; Airflow may well have them."""
    wanted = [("source.connection", monitor.source.connection)]
    if monitor.alerts.slack is not None:
        wanted.append(("alerts.slack.connection", monitor.alerts.slack.connection))
    notes = []
    for key, conn_id in wanted:
        if conn_id is None:
            continue
        try:
            connection_from_env(conn_id, environ)
        except SettingsError:
            variable = f"AIRFLOW_CONN_{conn_id.upper()}"
            notes.append(f"{key}: '{conn_id}' must be defined in Airflow; outside Airflow set {variable}")
    return notes
