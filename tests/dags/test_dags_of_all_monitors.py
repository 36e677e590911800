"""The watchdog and the fire drill as Dags."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.serving import serving
from demo.slack import FakeSlack, create_app
from support.airflow_runs import load_dags, run_dag
from support.churn_days import ChurnDays

pytestmark = pytest.mark.airflow
TOKEN = "xoxb-token-of-slack"
DRILL = (
    'alerts: {slack: {connection: slack_oncall, channel: "#oncall"}, drill: {channel: "#modelwatch-test"},\n'
    '  health: {connection: slack_oncall, channel: "#modelwatch-health"}}'
)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSlack]:
    fake = FakeSlack(token=TOKEN, interval=0)
    with serving(create_app(fake)) as url:
        connection = {"conn_type": "slack", "password": TOKEN, "extra": {"base_url": f"{url}/api/"}}
        monkeypatch.setenv("AIRFLOW_CONN_SLACK_ONCALL", json.dumps(connection))
        yield fake


@pytest.fixture
def churn(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> ChurnDays:
    days = ChurnDays(tmp_path, database_url)
    days.day(0)
    days.judge(0, days.write(DRILL))
    for name, value in (
        ("MONITORS_DIR", str(tmp_path)),
        ("SAMPLES_URL", days.settings.samples_url),
        ("DATABASE_URL", database_url),
    ):
        monkeypatch.setenv(f"MODELWATCH_{name}", value)
    return days


def test_the_watchdog_is_on_from_the_start_and_tells_of_a_monitor_that_stopped(
    churn: ChurnDays, slack: FakeSlack
) -> None:
    dag = load_dags().dags["modelwatch_watchdog"]
    assert dag.is_paused_upon_creation is False
    run = run_dag(dag, NOON)
    assert run.state == "success"
    assert [one["channel"] for one in slack.messages] == ["#modelwatch-health"]
    assert "did not run" in slack.messages[0]["text"]


def test_the_drill_has_a_task_per_monitor_that_asks_for_one(churn: ChurnDays, slack: FakeSlack) -> None:
    dag = load_dags().dags["modelwatch_drill"]
    assert [task.task_id for task in dag.tasks] == ["drill_churn"]
    assert run_dag(dag, NOON).state == "success"
    assert [one["channel"] for one in slack.messages] == ["#modelwatch-test"]


def test_without_a_channel_for_drills_there_is_no_drill(write_monitor: Callable[..., Path]) -> None:
    write_monitor("alpha")
    assert "modelwatch_drill" not in load_dags().dags
