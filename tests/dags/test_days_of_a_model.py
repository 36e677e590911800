"""Whole Dag runs on a real API, a real store and a strict stand-in for Slack: what is stored and who hears of it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from demo.api import Faults
from demo.slack import render
from modelwatch.store import engine
from support.watched_model import (
    API_KEY,
    CAMPAIGN_DAY,
    CENTS_DAY,
    QUIET_DAY,
    SLACK_TOKEN,
    WatchedModel,
    model_api,
    watched_model,
)

pytestmark = pytest.mark.airflow


@pytest.fixture(scope="module")
def faults() -> Faults:
    return Faults()


@pytest.fixture(scope="module")
def api(faults: Faults) -> Iterator[str]:
    with model_api(faults) as url:
        yield url


@pytest.fixture
def model(
    api: str, faults: Faults, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WatchedModel]:
    faults.__dict__.update(Faults().__dict__)
    with watched_model(api, faults, database_url, tmp_path, monkeypatch) as surrounding:
        yield surrounding


def test_a_quiet_day_is_stored_green_and_nobody_hears_of_it(model: WatchedModel) -> None:
    run = model.run(QUIET_DAY)
    day = model.only(QUIET_DAY)
    assert run.state == "success"
    assert run.tasks["stay_quiet"] == "success"
    assert (day.verdict, day.page, day.reason) == ("ok", False, None)
    assert day.coverage == 1.0
    assert day.n_current > 3_000
    assert {result.measurement.check for result in day.results} == {
        "quality",
        "feature_drift",
        "prediction_drift",
        "multivariate_drift",
        "fairness",
    }
    assert model.slack.messages == []


def test_a_drifted_day_alerts_with_what_moved_first(model: WatchedModel) -> None:
    run = model.run(CENTS_DAY)
    day = model.only(CENTS_DAY)
    assert run.state == "success"
    assert (day.verdict, day.page) == ("alert", True)
    assert "amount" in {result.measurement.feature for result in day.findings[:2]}
    (message,) = model.roots()
    shown = render(message)
    assert message["channel"] == "#fraud-oncall"
    assert "fraud" in shown
    assert "amount" in shown
    assert "https://airflow.example.com/dags/monitor_fraud/runs/" in str(message)


def test_a_gap_between_groups_is_found_by_the_fairness_task(model: WatchedModel) -> None:
    model.run(CAMPAIGN_DAY)
    day = model.only(CAMPAIGN_DAY)
    gaps = [one.measurement for one in day.findings if one.measurement.check == "fairness" and one.status == "alert"]
    assert "demographic_parity_difference" in {one.metric for one in gaps}
    assert "age_band" in {one.group for one in gaps}


def test_an_empty_day_is_insufficient_and_not_green(model: WatchedModel) -> None:
    model.faults.empty = True
    run = model.run(QUIET_DAY)
    day = model.only(QUIET_DAY)
    assert run.state == "success"
    assert (day.verdict, day.n_current, day.page) == ("insufficient_data", 0, False)
    (message,) = model.roots()
    assert "gets no requests" in str(message["text"]), "silence is not a quiet day"


def test_an_api_that_goes_down_half_way_is_not_measured_and_red(model: WatchedModel) -> None:
    model.faults.fail_after_pages = 3
    run = model.run(QUIET_DAY)
    day = model.only(QUIET_DAY)
    assert run.state == "failed"
    assert {name for name, state in run.tasks.items() if state == "failed"} == {"fetch_sample", "report_failures"}
    assert run.tries["fetch_sample"] == 4, "a 503 is tried again"
    assert (day.verdict, day.page, day.results) == ("not_measured", False, ())
    assert "503" in (day.reason or "")
    (message,) = model.roots()
    assert "could not be measured" in str(message["text"])


def test_a_wrong_key_fails_at_once_and_is_stored_with_its_reason(
    model: WatchedModel, api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {"conn_type": "http", "host": api, "password": "wr0ng-key"}
    monkeypatch.setenv("AIRFLOW_CONN_FRAUD_API", json.dumps(wrong))
    run = model.run(QUIET_DAY)
    day = model.only(QUIET_DAY)
    assert run.state == "failed"
    assert run.tries["fetch_sample"] == 1, "a 401 is not tried again"
    assert day.verdict == "not_measured"
    assert "401" in (day.reason or "")
    assert "wr0ng-key" not in (day.reason or "")


def test_many_bad_rows_make_a_day_not_measured(model: WatchedModel) -> None:
    model.faults.malformed_every = 5
    run = model.run(QUIET_DAY)
    day = model.only(QUIET_DAY)
    assert run.state == "success"
    assert day.verdict == "not_measured"
    assert "amount" in (day.reason or "")


def test_a_few_bad_rows_are_kept_out_and_counted(model: WatchedModel) -> None:
    model.faults.malformed_every = 100
    model.run(QUIET_DAY)
    day = model.only(QUIET_DAY)
    assert day.verdict in ("ok", "warning", "alert")
    with engine.session(model.database_url) as session:
        rejected = session.scalar(sa.text("SELECT (sample->>'n_rejected')::int FROM evaluation"))
    assert rejected == pytest.approx(day.n_current / 99, abs=2)


def test_a_rerun_adds_a_number_and_measures_the_same(model: WatchedModel) -> None:
    model.run(QUIET_DAY)
    model.run(QUIET_DAY)
    first, second = model.stored(QUIET_DAY)
    assert (first.number, second.number) == (1, 2)
    assert first.run_id != second.run_id
    assert first.results == second.results


def test_a_backfill_stores_what_the_daily_run_would_have_and_pages_nobody(model: WatchedModel) -> None:
    daily = model.run(CENTS_DAY, run_type="scheduled")
    backfilled = model.run(CENTS_DAY, run_type="backfill")
    first, second = model.stored(CENTS_DAY)
    assert (first.run_type, second.run_type) == ("scheduled", "backfill")
    assert (first.verdict, first.results, first.findings) == (second.verdict, second.results, second.findings)
    assert daily.tasks["send_slack_alert"] == backfilled.tasks["send_slack_alert"] == "success"
    alarm, summary = model.roots()
    assert "moved" in str(alarm["text"])
    assert "a backfill judged 1 windows" in str(summary["text"])


def test_a_backfill_that_is_asked_to_notify_does(model: WatchedModel) -> None:
    model.run(CENTS_DAY, run_type="backfill", notify=True)
    assert len(model.roots()) == 1


def test_a_message_that_slack_refused_is_sent_by_the_retry_and_once(model: WatchedModel) -> None:
    answers = iter(["fatal_error", "fatal_error"])
    model.slack.fail = lambda: next(answers, None)
    run = model.run(CENTS_DAY)
    assert run.state == "success"
    assert run.tries["send_slack_alert"] == 3
    assert len(model.roots()) == 1


def test_slack_staying_away_leaves_the_verdict_stored_and_the_run_red(model: WatchedModel) -> None:
    model.slack.fail = lambda: "fatal_error"
    run = model.run(CENTS_DAY)
    assert run.state == "failed"
    assert model.only(CENTS_DAY).verdict == "alert"
    assert model.slack.messages == []


def test_only_references_go_from_task_to_task_and_no_secret_is_shown(
    model: WatchedModel, database_url: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    run = model.run(CENTS_DAY)
    passed = {task: value for (task, key), value in run.xcoms.items() if key == "return_value"}
    assert passed.pop("judge_and_store") == model.only(CENTS_DAY).id
    assert len(passed) == 7
    assert all(isinstance(value, str) and value.startswith("file://") for value in passed.values())
    captured = capfd.readouterr()
    shown = repr(run.xcoms) + caplog.text + captured.out + captured.err
    assert run.run_id in captured.out, "the tasks' logs were not captured"
    for secret in (API_KEY, SLACK_TOKEN, database_url):
        assert secret not in shown
