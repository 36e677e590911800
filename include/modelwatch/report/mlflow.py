"""Runs in MLflow, each once however often it is logged; the client is the extra ``modelwatch[mlflow]``."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from modelwatch.domain import Connection
from modelwatch.errors import SettingsError, TrackingError
from modelwatch.report.tracked import EVALUATION, TrackedRun

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

REFUSED = ("PERMISSION_DENIED", "UNAUTHENTICATED", "CUSTOMER_UNAUTHORIZED")
MOST = 1000  # metrics that MLflow takes at once
SECONDS, RETRIES = "30", "2"  # of each request; Airflow tries the task again


def log_runs(runs: Sequence[TrackedRun], connection: Connection, address: str, experiment: str) -> int:
    """Log the runs that are not there yet; one that was cut short is finished.

    Args:
        runs: to be logged.
        connection: login and password, or a token as its password.
        address: of the tracking server.
        experiment: its name; created when it is not there.

    Returns:
        How many were logged.

    Raises:
        SettingsError: the client is not installed, or the server refuses the credentials.
        TrackingError: the server cannot be reached, or does not take a run.
    """
    with _told(connection, address), _logged_in(connection):
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=address)
        found = client.get_experiment_by_name(experiment)
        experiment_id = found.experiment_id if found else client.create_experiment(experiment)
        return sum(_log(client, experiment_id, run) for run in runs)


def _log(client: "MlflowClient", experiment_id: str, run: TrackedRun) -> bool:
    """Whether it had to be logged. A metric that is logged again with the same time and step is the same one."""
    from mlflow.entities import Metric

    there = _run_of(client, experiment_id, run)
    if there is not None and there.info.status == "FINISHED":
        return False
    if there is None:
        start = _milliseconds(run.window.start)
        there = client.create_run(experiment_id, start_time=start, tags=dict(run.tags), run_name=run.name)
    end = _milliseconds(run.window.end)
    metrics = [Metric(name, value, end, run.step) for name, value in run.metrics.items()]
    for first in range(0, len(metrics), MOST):
        client.log_batch(there.info.run_id, metrics=metrics[first : first + MOST], synchronous=True)
    client.set_terminated(there.info.run_id, end_time=end)
    return True


def _run_of(client: "MlflowClient", experiment_id: str, run: TrackedRun) -> "Run | None":
    wanted = f"tags.`{EVALUATION}` = '{run.tags[EVALUATION]}'"
    return next(iter(client.search_runs([experiment_id], filter_string=wanted, max_results=1)), None)


@contextmanager
def _logged_in(connection: Connection) -> Iterator[None]:
    """The client takes credentials from the environment alone: the connection's are there, and no others, meanwhile."""
    token = "" if connection.login else connection.password
    given = {
        "MLFLOW_TRACKING_USERNAME": connection.login,
        "MLFLOW_TRACKING_PASSWORD": "" if token else connection.password,
        "MLFLOW_TRACKING_TOKEN": token,
        "MLFLOW_HTTP_REQUEST_TIMEOUT": SECONDS,
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": RETRIES,
    }
    before = {name: os.environ.pop(name, None) for name in given}
    os.environ.update({name: text for name, text in given.items() if text})
    try:
        yield
    finally:
        for name, text in before.items():
            os.environ.pop(name, None)
            if text is not None:
                os.environ[name] = text


@contextmanager
def _told(connection: Connection, address: str) -> Iterator[None]:
    """The client's errors as ours."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "mlflow":
            raise
        message = "mlflow: the monitor logs to MLflow, whose client is missing: pip install 'modelwatch[mlflow]'"
        raise SettingsError(message) from None
    except Exception as error:
        code = getattr(error, "error_code", None)
        if code is None:
            raise
        if code in REFUSED or "error 401" in str(error) or "error 403" in str(error):
            message = (
                f"mlflow: {address} refuses connection '{connection.conn_id}' ({code}): mend its login and password"
            )
            raise SettingsError(message) from None
        message = f"mlflow: {address} did not take the metrics ({code}: {str(error)[:300]}); the verdict is stored"
        raise TrackingError(message) from None


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
