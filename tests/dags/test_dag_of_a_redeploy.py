"""The Dag of a redeploy: what follows what, who decides, what each task is told, and what starts it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support.airflow_runs import answering, asset_events, clear_and_run, load_dags, run_dag
from support.noted_steps import NotedSteps

pytestmark = pytest.mark.airflow
NIGHT = datetime(2026, 11, 10, 3, tzinfo=UTC)
MONITOR = """\
monitor: fraud
source: {type: files, uri: requests.parquet}
columns: {id: request_id, timestamp: requested_at, score: score, decision: flagged, model_version: version}
reference: {uri: reference.parquet}
features: {amount: numeric}
probe: {enabled: true, connection: model, path: /predict, requests: 300}
"""
FORM = {"new_version": "v2", "old_version": "v1", "since": "2026-11-09T12:00:00Z"}
STEPS = {
    "notice_version": None,
    "compare_traffic": None,
    "judge_versions": "**unfair**",
    "send_verdict": None,
    "decide": "v2 was rejected by on-call",
}


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> NotedSteps:
    return NotedSteps(monkeypatch, {**STEPS, "ask_probes": iter([False, True])})


@pytest.fixture
def dags(monitors_dir: Path) -> Any:
    (monitors_dir / "fraud.yaml").write_text(MONITOR)
    loaded = load_dags()
    assert loaded.errors == {}
    for sensor in (one for one in loaded.dags["redeploy_fraud"].tasks if one.task_id == "ask_model"):
        sensor.poke_interval = 0
    return loaded.dags


@pytest.mark.parametrize(
    ("option", "decision"), [("Approve", "accepted"), ("Reject", "rejected")], ids=["approved", "rejected"]
)
def test_a_person_decides_and_the_answer_is_recorded(dags: Any, noted: NotedSteps, option: str, decision: str) -> None:
    with answering("redeploy_fraud", "accept_version", option):
        run = run_dag(dags["redeploy_fraud"], None, FORM)
    assert run.state == "success"
    assert noted.calls.count("ask_probes") == 2  # a slice that did not suffice, and the one that did
    assert noted.named["decide"] == {"decision": decision, "by": "on-call", "reason": None}
    assert run.tasks["record_decision"] == "success"
    one = noted.told["judge_versions"]
    assert (one.new, one.old, one.budget, one.run_id) == ("v2", "v1", 300, run.run_id)
    assert one.window.start == datetime(2026, 11, 9, 12, tzinfo=UTC)
    assert {told.window for name, told in noted.told.items() if name in ("compare_traffic", "decide")} == {one.window}


@pytest.mark.parametrize("form", [{"new_version": "v2"}, {**FORM, "since": "2999-01-01"}], ids=["missing", "ahead"])
def test_without_versions_or_their_time_it_fails_at_once(dags: Any, noted: NotedSteps, form: dict[str, str]) -> None:
    run = run_dag(dags["redeploy_fraud"], None, form)
    assert run.state == "failed"
    assert run.tries["compare_traffic"] == 1
    assert "compare_traffic" not in noted.calls


def test_a_new_version_in_the_traffic_starts_it(dags: Any, noted: NotedSteps) -> None:
    quiet = run_dag(dags["monitor_fraud"], NIGHT)
    assert quiet.tasks["notice_version"] == "skipped"
    assert quiet.state == "success"
    noted.returns["notice_version"] = FORM
    run = run_dag(dags["monitor_fraud"], NIGHT.replace(day=11))
    [event] = asset_events("modelwatch/fraud/version", run.run_id)
    assert event.extra == FORM
    with answering("redeploy_fraud", "accept_version", "Reject"):
        started = run_dag(dags["redeploy_fraud"], None, run_type="asset_triggered", event=event)
    assert started.state == "success"
    assert (noted.told["judge_versions"].new, noted.told["judge_versions"].old) == ("v2", "v1")


def test_a_version_starts_it_once_however_often_it_is_noticed(dags: Any, noted: NotedSteps) -> None:
    noted.returns["notice_version"] = {**FORM, "new_version": "v3"}
    run = run_dag(dags["monitor_fraud"], NIGHT.replace(day=12))
    assert run.tasks["notice_version"] == "success"
    assert clear_and_run(dags["monitor_fraud"], run.run_id, "notice_version") == "skipped"
    assert len(asset_events("modelwatch/fraud/version", run.run_id)) == 1


def test_a_monitor_whose_requests_name_no_version_has_no_such_dag(monitors_dir: Path) -> None:
    (monitors_dir / "fraud.yaml").write_text(MONITOR.replace(", model_version: version", "").partition("probe:")[0])
    assert set(load_dags().dags) & {"monitor_fraud", "redeploy_fraud"} == {"monitor_fraud"}
