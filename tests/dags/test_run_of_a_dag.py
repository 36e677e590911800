"""What a Dag run hands from task to task and how it ends, whatever the steps do; the steps here only take notes."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from modelwatch import errors, steps
from modelwatch.domain import Connection, Window
from support.airflow_runs import Finished, load_dags, run_dag

pytestmark = pytest.mark.airflow
NIGHT = datetime(2026, 11, 10, 3, tzinfo=UTC)
SECRET, OTHER_SECRET = "pa55-of-the-api", "t0ken-of-the-api"
CONNECTION = {
    "conn_type": "http",
    "host": "api.example.com",
    "schema": "https",
    "login": "bob",
    "password": SECRET,
    "port": 8443,
    "extra": {"token": OTHER_SECRET},
}
CHECKS = ("quality", "feature_drift", "prediction_drift", "multivariate_drift", "fairness")


class Steps:
    """Stands in for `modelwatch.steps`: records what each task was told, and fails where it is asked to."""

    def __init__(self) -> None:
        self.runs: dict[str, Any] = {}
        self.calls: list[str] = []
        self.judged: Mapping[str, Any] = {}
        self.failing: dict[str, list[Exception]] = {}
        self.alerting = False

    def step(self, name: str, result: object) -> Callable[..., object]:
        def act(run: Any, *args: object, **named: object) -> object:
            self.calls.append(name)
            self.runs[name] = run
            if name == "judge_and_store":
                self.judged = named
            if self.failing.get(name):
                raise self.failing[name].pop(0)
            return self.alerting if name == "should_alert" else result

        return act

    def times(self, name: str) -> int:
        return self.calls.count(name)


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Steps:
    noted = Steps()
    results: dict[str, object] = {"fetch_sample": "memory://sample", "build_profile": "memory://profile"}
    results |= {f"check_{name}": f"memory://{name}" for name in CHECKS}
    results |= {"judge_and_store": 7, "should_alert": False, "send_slack_alert": None}
    for name, result in results.items():
        monkeypatch.setattr(steps, name, noted.step(name, result))
    return noted


@pytest.fixture
def dag(write_monitor: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("MODELWATCH_AIRFLOW_URL", "https://airflow.example.com/")
    write_monitor("alpha")
    return load_dags().dags["monitor_alpha"]


def failed(run: Finished) -> set[str]:
    return {name for name, state in run.tasks.items() if state == "failed"}


def test_a_quiet_run_is_green_and_ends_quietly(dag: Any, noted: Steps) -> None:
    run = run_dag(dag, NIGHT)
    assert run.state == "success"
    assert run.tasks["stay_quiet"] == run.tasks["report_failures"] == "success"
    assert run.tasks["send_slack_alert"] == "skipped"
    assert noted.times("send_slack_alert") == 0
    assert noted.judged["sample_ref"] == "memory://sample"
    assert noted.judged["profile_ref"] == "memory://profile"
    assert dict(noted.judged["results"]) == {name: f"memory://{name}" for name in CHECKS}


def test_an_alert_goes_to_slack_and_is_green(dag: Any, noted: Steps) -> None:
    noted.alerting = True
    run = run_dag(dag, NIGHT)
    assert run.state == "success"
    assert run.tasks["send_slack_alert"] == "success"
    assert run.tasks["stay_quiet"] == "skipped"


def test_every_task_is_told_the_same_window_and_run(dag: Any, noted: Steps) -> None:
    run = run_dag(dag, NIGHT)
    day = Window(datetime(2026, 11, 9, tzinfo=UTC), datetime(2026, 11, 10, tzinfo=UTC))
    assert {told.window for told in noted.runs.values()} == {day}
    assert {told.run_id for told in noted.runs.values()} == {run.run_id}
    told = noted.runs["fetch_sample"]
    assert (told.run_type, told.notify, told.model_version) == ("manual", None, None)
    assert told.run_url.startswith("https://airflow.example.com/dags/monitor_alpha/runs/manual__")


@pytest.mark.parametrize(
    ("run_type", "told"), [("scheduled", "scheduled"), ("backfill", "backfill"), ("asset_triggered", "manual")]
)
def test_a_run_knows_what_started_it(dag: Any, noted: Steps, run_type: str, told: str) -> None:
    run_dag(dag, NIGHT, run_type=run_type)
    assert {run.run_type for run in noted.runs.values()} == {told}


def test_the_form_decides_window_version_and_notification(dag: Any, noted: Steps) -> None:
    conf = {"window_start": "2026-11-01", "window_end": "2026-11-03", "model_version": "1.4", "notify": False}
    run_dag(dag, None, conf)
    told = noted.runs["judge_and_store"]
    assert told.window == Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC))
    assert (told.model_version, told.notify) == ("1.4", False)


def test_a_failed_fetch_is_judged_as_missing_and_the_run_is_red(dag: Any, noted: Steps) -> None:
    noted.failing["fetch_sample"] = [errors.SourceAuthError("401")]
    run = run_dag(dag, NIGHT)
    assert run.state == "failed"
    assert failed(run) == {"fetch_sample", "report_failures"}
    assert noted.times("fetch_sample") == 1, "wrong credentials are not tried again"
    assert noted.judged == {"sample_ref": None, "profile_ref": None, "results": dict.fromkeys(CHECKS)}
    assert run.tasks["stay_quiet"] == "success"


def test_a_source_that_comes_back_is_tried_again(dag: Any, noted: Steps) -> None:
    noted.failing["fetch_sample"] = [errors.SourceTimeout("503"), errors.SourceTimeout("503")]
    run = run_dag(dag, NIGHT)
    assert run.state == "success"
    assert noted.times("fetch_sample") == 3
    assert noted.judged["sample_ref"] == "memory://sample"


def test_a_failed_check_leaves_the_others_and_the_run_red(dag: Any, noted: Steps) -> None:
    noted.failing["check_fairness"] = [errors.DataError("the reference has no gender")]
    run = run_dag(dag, NIGHT)
    assert run.state == "failed"
    assert failed(run) == {"check_fairness", "report_failures"}
    assert noted.judged["results"] == {name: f"memory://{name}" for name in CHECKS} | {"fairness": None}
    assert run.tasks["route_alert"] == "success"


def test_slack_failing_does_not_lose_the_verdict_and_is_red(dag: Any, noted: Steps) -> None:
    noted.alerting = True
    noted.failing["send_slack_alert"] = [errors.AlertError("rate limited")] * 4
    run = run_dag(dag, NIGHT)
    assert run.state == "failed"
    assert failed(run) == {"send_slack_alert", "report_failures"}
    assert noted.times("send_slack_alert") == 4
    assert noted.times("judge_and_store") == 1


def test_a_store_that_stays_away_is_red(dag: Any, noted: Steps) -> None:
    noted.failing["judge_and_store"] = [errors.StoreError("connection refused")] * 4
    run = run_dag(dag, NIGHT)
    assert run.state == "failed"
    assert failed(run) == {"judge_and_store", "report_failures"}
    assert noted.times("judge_and_store") == 4
    assert noted.times("send_slack_alert") == noted.times("should_alert") == 0


def test_a_run_without_a_window_to_examine_says_what_to_give_it(dag: Any, noted: Steps) -> None:
    run = run_dag(dag, None)
    assert run.state == "failed"
    assert noted.calls == []
    assert run.tries["fetch_sample"] == 1


def test_credentials_come_from_the_connection_and_go_no_further(
    dag: Any, noted: Steps, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ALPHA_API", json.dumps(CONNECTION))
    found: list[Connection] = []
    monkeypatch.setattr(steps, "fetch_sample", lambda _, connect: found.append(connect("alpha_api")) or "memory://s")
    run = run_dag(dag, NIGHT)
    assert run.state == "success"
    assert found == [
        Connection("alpha_api", "http", "api.example.com", "https", "bob", 8443, SECRET, {"token": OTHER_SECRET})
    ]
    shown = repr(run.xcoms) + caplog.text + repr(found)
    assert "memory://s" in shown
    assert SECRET not in shown
    assert OTHER_SECRET not in shown


def test_a_connection_that_is_not_there_is_named_with_how_to_add_it(
    dag: Any, noted: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[str] = []

    def fetch(_: object, connect: Callable[[str], Connection]) -> str:
        with pytest.raises(errors.SettingsError) as caught:
            connect("alpha_api")
        refused.append(str(caught.value))
        raise caught.value

    monkeypatch.setattr(steps, "fetch_sample", fetch)
    run = run_dag(dag, NIGHT)
    assert run.state == "failed"
    assert len(refused) == 1, "a missing connection is not tried again"
    assert "'alpha_api' is not defined" in refused[0]
    assert "AIRFLOW_CONN_ALPHA_API" in refused[0]


def test_the_store_may_be_an_airflow_connection(dag: Any, noted: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODELWATCH_DATABASE_URL", raising=False)
    monkeypatch.setenv("MODELWATCH_STORE_CONN_ID", "results")
    monkeypatch.setenv("AIRFLOW_CONN_RESULTS", f"postgres://bob:{SECRET}@db.example.com:5433/results")
    run = run_dag(dag, NIGHT)
    assert run.state == "success"
    url = noted.runs["judge_and_store"].settings.database_url
    assert url == f"postgresql+psycopg2://bob:{SECRET}@db.example.com:5433/results"
    assert SECRET not in repr(run.xcoms)
