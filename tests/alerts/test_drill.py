"""A fire drill goes the whole way to the test channel, and fails loudly when it does not arrive."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from modelwatch import steps
from modelwatch.errors import AlertError, DrillError, SettingsError
from support.alert_days import AlertDays, alert_days
from support.churn_days import ChurnDays

CHANNEL = "#modelwatch-test"
ALERTS = 'alerts: {slack: {connection: slack_oncall, channel: "#oncall"}, drill: {channel: "#modelwatch-test"}}'


@pytest.fixture
def churn(tmp_path: Path, database_url: str) -> ChurnDays:
    days = ChurnDays(tmp_path, database_url)
    days.day(0)
    return days


@pytest.fixture
def slack(tmp_path: Path, database_url: str) -> Iterator[AlertDays]:
    with alert_days(database_url, tmp_path) as surrounding:
        yield surrounding


def test_the_drift_arrives_in_the_test_channel_and_nowhere_else(churn: ChurnDays, slack: AlertDays) -> None:
    path = churn.write(ALERTS.replace("slack: {", "runbook: https://wiki.example.com/fraud, slack: {"))
    churn.judge(0, path)
    for name in ("drill_1", "drill_2"):
        said = steps.fire_drill(churn.run(0, path, name=name), slack.connect)
        assert said.startswith("churn: tenure_months was changed, found and told in #modelwatch-test: ")
    assert [one["channel"] for one in slack.slack.messages] == [CHANNEL, CHANNEL]
    assert "FIRE DRILL churn: tenure_months moved" in slack.slack.messages[0]["text"]
    assert "nothing is wrong" in str(slack.slack.messages[0]["blocks"])
    assert "https://wiki.example.com/fraud#fire-drill" in str(slack.slack.messages[0]["blocks"])
    assert slack.rows("SELECT count(*) FROM episode") == [(0,)]
    assert slack.rows("SELECT count(*) FROM evaluation") == [(1,)]


def test_a_file_without_a_channel_for_drills_says_so(churn: ChurnDays, slack: AlertDays) -> None:
    with pytest.raises(SettingsError, match=r"alerts\.drill"):
        steps.fire_drill(churn.run(0, churn.write()), slack.connect)


def test_no_sample_is_a_failed_drill(churn: ChurnDays, slack: AlertDays) -> None:
    path = churn.write(ALERTS)
    with pytest.raises(DrillError, match="no stored sample"):
        steps.fire_drill(churn.run(0, path), slack.connect)
    churn.judge(0, path)
    for sample in churn.folder.glob("samples/**/sample*"):
        sample.unlink()
    with pytest.raises(DrillError, match="cannot be read"):
        steps.fire_drill(churn.run(0, path), slack.connect)


def test_a_monitor_that_would_not_see_it_fails_the_drill(churn: ChurnDays, slack: AlertDays) -> None:
    path = churn.write(ALERTS)
    path.write_text(path.read_text().replace("minimum: 300", "minimum: 2000"))
    churn.judge(0, path)
    with pytest.raises(DrillError, match="a real change like it would not be told"):
        steps.fire_drill(churn.run(0, path), slack.connect)


def test_a_message_that_does_not_arrive_fails_the_drill(churn: ChurnDays, slack: AlertDays) -> None:
    path = churn.write(ALERTS)
    churn.judge(0, path)
    slack.slack.trouble = lambda method: "is_archived" if method == "chat.postMessage" else None
    with pytest.raises(AlertError, match="archived"):
        steps.fire_drill(churn.run(0, path), slack.connect)
    slack.slack.trouble = lambda _: None
    post = slack.slack.methods["chat.postMessage"]

    def swallow(body: dict[str, object]) -> dict[str, object]:
        answer = post(body)
        slack.slack.messages.clear()
        return answer

    slack.slack.methods["chat.postMessage"] = swallow
    with pytest.raises(DrillError, match="not in #modelwatch-test"):
        steps.fire_drill(replace(churn.run(0, path), run_id="again"), slack.connect)
    assert slack.rows("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == [(0,)], "no later run drills anybody"
