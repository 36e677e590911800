"""A verdict reaches Slack once, the command line prints it, and a version in the traffic is noticed."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from demo.model import VERSION
from demo.slack import FakeSlack
from modelwatch.config import Monitor
from modelwatch.domain import Connection, Sample, Window
from modelwatch.report.probed import probed_lines
from modelwatch.settings import Settings
from modelwatch.steps.redeploy import compare_traffic
from modelwatch.steps.redeploy_verdict import judge_redeploy, judge_versions, send_verdict
from modelwatch.steps.run import Run
from modelwatch.steps.versions import notice_version
from modelwatch.store.samples import Artifacts
from support.cli import modelwatch
from support.evaluations import evaluation, save
from support.redeploys import AFTERNOON, NOON, comparison, model_server, write_monitor
from support.slack_client import TOKEN, running

CHANNEL = "#fraud-oncall"


def test_the_verdict_is_told_once_and_again_only_if_it_was_not(monitor: Monitor, settings: Settings) -> None:
    slack = FakeSlack(token=TOKEN, interval=0)
    with model_server("threshold") as server, running(slack) as client:
        one = replace(comparison(monitor, settings, "threshold", budget=0), run_url="https://airflow.example.com/run")
        compare_traffic(one, server.connect)
        summary = judge_versions(one)
        address = Connection("slack_oncall", "slack", password=TOKEN, extra={"base_url": str(client.base_url)})
        for _ in range(2):
            send_verdict(one, lambda _: address)
    [message] = slack.messages
    assert message["channel"] == CHANNEL
    assert "version threshold is" in message["text"]
    assert "after-a-redeploy" in json.dumps(message["blocks"])
    assert f"{VERSION} → threshold" in summary


def test_the_traffic_is_told_against_the_old_version_and_against_the_reference(
    monitor: Monitor, settings: Settings
) -> None:
    with model_server("threshold") as server:
        one = comparison(monitor, settings, "threshold", budget=0)
        compare_traffic(one, server.connect)
    document = judge_redeploy(one, notify=False)
    assert document["traffic"] is not None
    assert document["reference"] is not None


def test_the_command_prints_the_document_and_exits_by_the_verdict(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODELWATCH_DATABASE_URL", database_url)
    write_monitor(tmp_path)
    with model_server("noisy") as server:
        connection = json.dumps({"conn_type": "http", "host": server.url, "password": server.connect("x").password})
        monkeypatch.setenv("AIRFLOW_CONN_FRAUD_API", connection)
        monkeypatch.setenv("AIRFLOW_CONN_FRAUD_PROBE", connection)
        versions = ("--new", "noisy", "--old", VERSION)
        span = ("--since", AFTERNOON.start.isoformat(), "--until", AFTERNOON.end.isoformat())
        said = modelwatch("redeploy", "fraud", *versions, *span, "--requests", "300", "--output", "json")
        wrong = modelwatch("redeploy", "fraud", *versions, "--since", "2026-11-11", "--until", "2026-11-10")
    assert (said.status, said.err) == (1, "")
    assert said.document["verdict"] == "worse"
    assert said.document["findings"][0]["metric"] == "repeat_change_share"
    assert len(server.asked) == 300
    assert wrong.status == 2
    assert "--until must be after --since" in wrong.err


def seen(run: Run, *versions: str) -> str:
    """A window's sample of 50 requests for each version, the later ones of the later version."""
    n = 50 * len(versions)
    rows = pa.table(
        {
            "request_id": [str(i) for i in range(n)],
            "requested_at": pa.array([NOON + timedelta(seconds=i) for i in range(n)], pa.timestamp("us", "UTC")),
            "model_version": [version for version in versions for _ in range(50)],
        }
    )
    return Artifacts(run.settings.samples_url).write_sample(run.folder, Sample(rows, n), run.window)


def test_a_version_that_no_earlier_window_has_seen_is_noticed(monitor: Monitor, settings: Settings) -> None:
    day = Window(datetime(2026, 11, 10, tzinfo=UTC), datetime(2026, 11, 11, tzinfo=UTC))
    run = Run(monitor, day, "scheduled__1", "scheduled", settings)
    assert notice_version(run, seen(run, "v1", "v2")) is None  # nothing is known of before
    before = Window(day.start - timedelta(days=1), day.start)
    save(settings.database_url or "", evaluation(before, sample={"n_seen": 90, "versions": {"v0": 1, "v1": 89}}))
    assert notice_version(run, seen(run, "v1")) is None
    assert notice_version(run, seen(run, "v1", "v2")) == {
        "new_version": "v2",
        "old_version": "v1",
        "since": "2026-11-10T12:00:50Z",
    }


def test_what_was_changed_is_told_overall_and_where_it_counts_most() -> None:
    def result(group: str | None, value: float | None) -> dict[str, object]:
        base = {"metric": "counterfactual_flip_share", "feature": "gender", "group": group, "value": value}
        known = value is not None
        return {
            **base,
            "ci_low": 0.0 if known else None,
            "ci_high": 0.5 if known else None,
            "n_current": 40,
            "reason": None if known else "12 requests; 20 are needed",
        }

    results = [result(None, 0.1), result("gender=F", 0.1), result("channel=atm", None)]
    results += [result(f"channel={name}", value) for name, value in (("a", 0.1), ("b", 0.3), ("c", 0.2), ("d", 0.05))]
    overall, where = probed_lines(results)
    assert overall == "counterfactual_flip_share (gender): 0.1 (0 to 0.5) of 40"
    assert where == (
        "  channel=b 0.3 (0 to 0.5) of 40; channel=c 0.2 (0 to 0.5) of 40; channel=a 0.1 (0 to 0.5) of 40; "
        "1 more segments, 1 with too few requests"
    )
