"""Evaluations in a real MLflow tracking server, through its client; skipped where either is not installed."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from modelwatch.config.mlflow import Mlflow
from modelwatch.domain import Connection
from modelwatch.errors import TrackingError
from modelwatch.steps.tracking import log_to_mlflow
from support.free_port import free_port
from support.label_days import LabelDays, window_of

mlflow = pytest.importorskip("mlflow", reason="the client is an extra: pip install 'modelwatch[mlflow]'")
SERVER = shutil.which("mlflow")
pytestmark = pytest.mark.skipif(SERVER is None, reason="the server is not installed: pip install mlflow")
STARTS = 90  # seconds


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Connection]:
    """A tracking server of its own, empty."""
    port, store = free_port(), f"sqlite:///{tmp_path}/mlflow.db"
    given = ["server", "--backend-store-uri", store, "--artifacts-destination", str(tmp_path), "--workers", "1"]
    with (tmp_path / "server.log").open("wb") as log:
        started = subprocess.Popen([SERVER or "", *given, "--port", str(port)], stdout=log, stderr=log)
    connection = Connection("tracking", "http", "127.0.0.1", port=port)
    until = time.monotonic() + STARTS
    try:
        while not _answers(port) and time.monotonic() < until:
            time.sleep(0.5)
        yield connection
    finally:
        started.terminate()
        started.wait(30)


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/health", timeout=5).ok
    except requests.RequestException:
        return False


def test_each_evaluation_is_one_run_however_often_it_is_logged(
    server: Connection, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = LabelDays(database_url, tmp_path)
    days.nights(range(4))
    ids = [one for (one,) in days.rows_of("SELECT id FROM evaluation ORDER BY id")]
    run = days.run(3)
    run = replace(run, monitor=run.monitor.model_copy(update={"mlflow": Mlflow(connection="tracking", experiment="e")}))

    def connect(conn_id: str) -> Connection:
        assert conn_id == "tracking"
        return server

    assert log_to_mlflow(run, connect, ids) == len(ids) == 5
    assert log_to_mlflow(run, connect, ids) == 0
    client = mlflow.MlflowClient(tracking_uri=f"http://{server.host}:{server.port}")
    found = client.search_runs([client.get_experiment_by_name("e").experiment_id])
    assert len(found) == len(ids)
    judged = [one for one in found if "performance.roc_auc" in one.data.metrics]
    assert [one.data.tags["modelwatch.window_start"] for one in judged] == ["2026-03-01T00:00:00Z"]
    roc_auc = "SELECT value FROM result WHERE metric = 'roc_auc' AND value IS NOT NULL"
    assert [(judged[0].data.metrics["performance.roc_auc"],)] == days.rows_of(roc_auc)
    assert judged[0].info.start_time == window_of(0).start.timestamp() * 1000
    _cut_short(client, judged[0])
    assert log_to_mlflow(run, connect, ids) == 1
    assert len(client.search_runs([judged[0].info.experiment_id])) == len(ids)
    assert [m.step for m in client.get_metric_history(judged[0].info.run_id, "performance.roc_auc")] == [2]


def _cut_short(client: Any, run: Any) -> None:
    """As a task that was killed before it was done leaves it."""
    client.update_run(run.info.run_id, status="RUNNING")


def test_a_server_that_is_not_there_is_named(database_url: str, tmp_path: Path) -> None:
    days = LabelDays(database_url, tmp_path)
    days.nights([0])
    run = days.run(0)
    run = replace(run, monitor=run.monitor.model_copy(update={"mlflow": Mlflow(connection="tracking", experiment="e")}))
    nobody = Connection("tracking", "http", "127.0.0.1", port=free_port())
    with pytest.raises(TrackingError, match=f"http://127.0.0.1:{nobody.port} did not take the metrics"):
        log_to_mlflow(run, lambda _: nobody, [1])
