"""The Dag of a monitor whose labels come later: what follows what, and what is asked for when performance is worse."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from modelwatch import errors, steps
from support.airflow_runs import ROOT, answering, asset_events, clear_and_run, load_dags, run_dag
from support.noted_steps import NotedSteps

pytestmark = pytest.mark.airflow
NIGHT = datetime(2026, 11, 10, 3, tzinfo=UTC)
MONITOR = """\
monitor: fraud
source: {type: files, uri: requests.parquet}
columns: {id: request_id, timestamp: requested_at, score: score, decision: flagged, label: is_fraud}
reference: {uri: reference.parquet}
features: {amount: numeric}
labels:
  source: {type: files, uri: labels.parquet}
retraining: {cooldown: P14D}
mlflow: {connection: tracking, experiment: fraud}
"""
EVIDENCE = {
    "request": 3,
    "episode": 7,
    "since": "2026-10-08T00:00:00Z",
    "window": {"start": "2026-10-10T00:00:00Z", "end": "2026-10-11T00:00:00Z"},
    "findings": [{"metric": "recall", "evidence": "0.81 -> 0.42"}],
}
STEPS = {"fetch_labels": "5 labelled requests", "judge_matured": [8], "request_retraining": None, "log_to_mlflow": 2}


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> NotedSteps:
    return NotedSteps(monkeypatch, STEPS)


@pytest.fixture
def dag(monitors_dir: Path) -> Any:
    (monitors_dir / "fraud.yaml").write_text(MONITOR)
    return load_dags().dags["monitor_fraud"]


def test_labels_are_fetched_after_the_verdict_and_before_anybody_is_told(dag: Any) -> None:
    after = {task.task_id: set(task.downstream_task_ids) for task in dag.tasks}
    assert after["check_performance"] == {"judge_and_store"}
    assert after["judge_and_store"] == {"fetch_labels", "log_to_mlflow", "route_alert"}
    assert after["fetch_labels"] == {"judge_matured"}
    assert after["judge_matured"] == {"log_to_mlflow", "request_retraining", "route_alert"}
    assert after["request_retraining"] == after["log_to_mlflow"] == {"report_failures"}


def test_nothing_is_asked_for_while_performance_holds(dag: Any, noted: NotedSteps) -> None:
    run = run_dag(dag, NIGHT)
    assert run.state == "success"
    assert (run.tasks["request_retraining"], run.tasks["report_failures"]) == ("skipped", "success")
    assert asset_events("modelwatch/fraud/retrain", run.run_id) == []
    assert run.xcoms["fetch_labels", "return_value"] == "5 labelled requests"
    assert noted.named["log_to_mlflow"] == {"evaluation_ids": [7, 8]}


def test_labels_that_cannot_be_had_and_metrics_that_cannot_be_logged_are_red_and_hold_up_no_alert(
    dag: Any, noted: NotedSteps
) -> None:
    noted.returns |= {
        "fetch_labels": errors.SourceAuthError("labels: 401"),
        "log_to_mlflow": errors.TrackingError("mlflow: no answer"),
        "should_alert": True,
    }
    run = run_dag(dag, NIGHT)
    assert run.state == "failed"
    failed = {name for name, state in run.tasks.items() if state == "failed"}
    assert failed == {"fetch_labels", "log_to_mlflow", "report_failures"}
    assert run.tasks["send_slack_alert"] == "success"
    assert noted.named["log_to_mlflow"] == {"evaluation_ids": [7]}
    assert (run.tries["fetch_labels"], run.tries["log_to_mlflow"]) == (1, 4)


def test_a_verdict_that_could_not_be_stored_is_told_to_nobody(dag: Any, noted: NotedSteps) -> None:
    noted.returns["judge_and_store"] = errors.DataError("the reference is gone")
    run = run_dag(dag, NIGHT)
    assert {"should_alert", "fetch_labels"}.isdisjoint(noted.calls)
    assert run.tasks["route_alert"] == "upstream_failed"


def test_a_task_that_is_cleared_asks_for_nothing_again(dag: Any, noted: NotedSteps) -> None:
    noted.returns["request_retraining"] = {**EVIDENCE, "request": 4}
    run = run_dag(dag, NIGHT)
    assert run.tasks["request_retraining"] == "success"
    assert clear_and_run(dag, run.run_id, "request_retraining") == "skipped"
    assert [event.extra["request"] for event in asset_events("modelwatch/fraud/retrain", run.run_id)].count(4) == 1
    noted.returns["request_retraining"] = {**EVIDENCE, "request": 5}
    assert clear_and_run(dag, run.run_id, "request_retraining") == "success"


def test_a_request_whose_task_was_killed_before_its_event_is_not_lost(
    dag: Any, noted: NotedSteps, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[int] = []

    def killed_once(_: object) -> dict[str, Any]:
        stored.append(6)  # what a retry is given again
        if len(stored) == 1:
            message = "killed once the request was stored"
            raise RuntimeError(message)
        return {**EVIDENCE, "request": stored[0]}

    monkeypatch.setattr(steps, "request_retraining", killed_once)
    run = run_dag(dag, NIGHT)
    assert run.tries["request_retraining"] == 2
    assert [event.extra["request"] for event in asset_events("modelwatch/fraud/retrain", run.run_id)].count(6) == 1


def test_worse_performance_starts_a_dag_that_waits_for_a_person(
    dag: Any, noted: NotedSteps, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted.returns["request_retraining"] = EVIDENCE
    run = run_dag(dag, NIGHT)
    assert run.state == "success"
    (event,) = asset_events("modelwatch/fraud/retrain", run.run_id)
    assert event.extra == EVIDENCE
    examples = ROOT / "docs" / "examples"
    monkeypatch.setattr("airflow.settings.DAGS_FOLDER", str(examples))
    retrain = load_dags(examples).dags["retrain_fraud"]
    with answering("retrain_fraud", "approve", "Approve"):
        answered = run_dag(retrain, None, run_type="asset_triggered", event=event)
    assert answered.tasks == {"read_evidence": "success", "approve": "success", "train": "success"}
    assert "- recall 0.81 -> 0.42" in answered.xcoms["read_evidence", "return_value"]
