"""From the running task's Dag run and Airflow Connections to what `modelwatch.steps` is told."""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from airflow.sdk import get_current_context

from modelwatch import errors
from modelwatch.config import Monitor
from modelwatch.schedule import resolve_window
from modelwatch.settings import Settings

if TYPE_CHECKING:
    from modelwatch.domain import Connection
    from modelwatch.steps import Run


# Runs started by an asset or another Dag are somebody's wish, as manual ones are.
STARTED_BY: dict[str, Literal["scheduled", "backfill"]] = {"scheduled": "scheduled", "backfill": "backfill"}


def connect(conn_id: str) -> "Connection":
    """Read an Airflow Connection; only the task that needs it calls this, so nothing secret is stored with the run.

    Raises:
        SettingsError: Airflow has no such connection.
    """
    from airflow.sdk import Connection as AirflowConnection
    from airflow.sdk.exceptions import AirflowNotFoundException

    from modelwatch.domain import Connection

    try:
        found = AirflowConnection.get(conn_id)
    except AirflowNotFoundException:
        message = (
            f"the Airflow Connection '{conn_id}' is not defined; add it under Admin > Connections, "
            f"with `airflow connections add {conn_id}`, or as AIRFLOW_CONN_{conn_id.upper()}"
        )
        raise errors.SettingsError(message) from None
    texts = {name: getattr(found, name) or "" for name in ("conn_type", "host", "schema", "login", "password")}
    return Connection(conn_id, port=found.port, extra=found.extra_dejson, **texts)


def settings_of_task() -> Settings:
    """The settings, with the store's URL from its Airflow Connection when they name one."""
    settings = Settings.from_env()
    if settings.database_url or not settings.store_connection:
        return settings
    from modelwatch.store.engine import database_url

    return replace(settings, database_url=database_url(connect(settings.store_connection)))


def current_run(monitor: Monitor) -> "Run":
    """What the running task is to examine, from its Dag run and the trigger form.

    Raises:
        SettingsError: the run has no data interval and its parameters name no window, or a setting is missing.
    """
    from modelwatch.steps import Run
    from modelwatch.steps.accepted import with_accepted_reference

    context = get_current_context()
    dag_run, params = context["dag_run"], context["params"]
    settings = settings_of_task()
    return Run(
        monitor=with_accepted_reference(monitor, settings),
        window=resolve_window(
            length=monitor.window,
            timezone=monitor.tzinfo,
            data_interval_end=dag_run.data_interval_end,
            window_start=params["window_start"],
            window_end=params["window_end"],
        ),
        run_id=dag_run.run_id,
        run_type=STARTED_BY.get(dag_run.run_type.value, "manual"),
        settings=settings,
        notify=params["notify"],
        model_version=params["model_version"],
        run_url=run_page(settings.base_url, dag_run.dag_id, dag_run.run_id),
    )


def run_page(base_url: str | None, dag_id: str, run_id: str) -> str | None:
    """The run's page in Airflow's UI, for links; None when the UI's address is not set."""
    return f"{base_url.rstrip('/')}/dags/{dag_id}/runs/{quote(run_id, safe='')}" if base_url else None
