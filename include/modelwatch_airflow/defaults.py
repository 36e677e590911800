"""What every monitor's Dag has in common, and which monitor files have one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, CronDataIntervalTimetable, ExceptionRetryPolicy, RetryAction, RetryRule

from modelwatch import errors
from modelwatch.config import Monitor, find_monitors, load_monitor
from modelwatch_airflow.form import trigger_form

# A run with the same mistake fails again however often it is tried; a system that does not answer may come back.
RETRIES = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception=[
                errors.SourceAuthError,
                errors.SourceConfigError,
                errors.MonitorConfigError,
                errors.SettingsError,
                errors.DataError,
                errors.MetricInputError,
            ],
            action=RetryAction.FAIL,
            reason="trying again cannot help: credentials, monitor file, settings or data are at fault",
        ),
        RetryRule(
            exception=[errors.SourceTimeout, errors.StoreError, errors.AlertError, errors.TrackingError],
            action=RetryAction.RETRY,
            reason="it did not answer; trying again with growing delays",
        ),
    ]
)

TASK_DEFAULTS: dict[str, Any] = {
    "retries": 3,
    "retry_delay": timedelta(minutes=1),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=20),
    "retry_policy": RETRIES,
    "execution_timeout": timedelta(minutes=20),
}


def dag_id(name: str) -> str:
    """The id of a monitor's Dag."""
    return f"monitor_{name}"


def load_monitors(folder: Path, only: str | None = None) -> tuple[list[Monitor], list[str]]:
    """Read the monitor files of a folder.

    Args:
        folder: where the files are; one that does not exist holds none.
        only: the id of the one Dag that is wanted; None wants all.

    Returns:
        The monitors that have a Dag, sorted by name, and for each other file what is wrong with it.
    """
    monitors, problems = [], []
    for name, path in find_monitors(folder).items():
        if only not in (None, dag_id(name)):
            continue
        try:
            monitor = load_monitor(path)
            DAG(schedule=timetable(monitor), **dag_arguments(monitor))
        except errors.MonitorConfigError as error:
            problems.append(str(error))
        except Exception as error:  # noqa: BLE001  # whatever Airflow refuses must stop this monitor only
            problems.append(f"{path}: Airflow refuses its Dag: {error}")
        else:
            monitors.append(monitor)
    return monitors, problems


def timetable(monitor: Monitor) -> CronDataIntervalTimetable:
    """When a monitor's Dag runs; unlike a bare cron text it gives each run the interval since the one before."""
    return CronDataIntervalTimetable(monitor.schedule, timezone=monitor.timezone)


def dag_arguments(monitor: Monitor, *, about: str | None = None) -> dict[str, Any]:
    """A Dag's settings beside its schedule: how far back it may run, whose it is, and how it is shown.

    Args:
        monitor: the monitor whose Dag it is.
        about: what the Dag does, for the page of its documentation.
    """
    return {
        **common_arguments(monitor, about=about),
        "dag_id": dag_id(monitor.monitor),
        # One at a time, oldest first: whether a window pages depends on the windows before it.
        "max_active_runs": 1,
        "dagrun_timeout": timedelta(hours=6),
        "params": trigger_form(),
    }


def common_arguments(monitor: Monitor, *, about: str | None = None) -> dict[str, Any]:
    """What all Dags of a monitor have in common."""
    title = f"**{monitor.monitor}**: {monitor.description}\n\n" if monitor.description else ""
    return {
        # Long before any window one may want to look back at: a backfill cannot go further than this.
        "start_date": datetime(2020, 1, 1, tzinfo=UTC),
        "catchup": False,
        "description": monitor.description,
        "doc_md": title + (about or ""),
        "tags": sorted({"modelwatch", *monitor.tags}),
        "default_args": {**TASK_DEFAULTS, "owner": monitor.owner or "modelwatch"},
    }


def upkeep_arguments(about: str | None) -> dict[str, Any]:
    """The settings, beside its schedule, of a Dag that looks after all monitors rather than being one's own.

    Args:
        about: what the Dag does, for the page of its documentation.
    """
    return {
        "start_date": datetime(2020, 1, 1, tzinfo=UTC),
        "catchup": False,
        "max_active_runs": 1,
        "doc_md": about,
        "tags": ["modelwatch"],
        "default_args": {**TASK_DEFAULTS, "owner": "modelwatch"},
    }
