"""Receivers besides Slack through Airflow's own providers, against servers that behave as the real ones do."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from email.message import Message
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest

from demo.serving import serving
from modelwatch import steps
from modelwatch.errors import AlertError
from modelwatch_airflow.receivers import RECEIVERS
from support.airflow_runs import load_dags
from support.alert_days import AlertDays, alert_days, judgement
from support.killed import start, wait
from support.receiver_servers import GENIE_KEY, ROUTING_KEY, Mailbox, Opsgenie, PagerDuty, Webhook

pytestmark = [
    pytest.mark.airflow,
    # The clients of PagerDuty and Opsgenie leave their connections to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
# Not by looking for the module: that would import Airflow before its environment is set.
INSTALLED = [kind for kind in ("pagerduty", "opsgenie") if [*distributions(name=f"apache-airflow-providers-{kind}")]]
ABSENT = [kind for kind in ("pagerduty", "opsgenie") if kind not in INSTALLED]
KINDS = [*INSTALLED, "email", "webhook"]
TO = "{type: email, connection: at_email, to: [oncall@example.com]}"
ENTRIES = ", ".join(TO if kind == "email" else f"{{type: {kind}, connection: at_{kind}}}" for kind in KINDS)
HOURS = [2, 5, 0.1, 0.1]  # opens, becomes critical, is quiet, is over


@dataclass
class Others:
    """The servers, and the monitor that names them."""

    days: AlertDays
    pagerduty: PagerDuty = field(default_factory=PagerDuty)
    opsgenie: Opsgenie = field(default_factory=Opsgenie)
    webhook: Webhook = field(default_factory=Webhook)
    email: Mailbox = field(default_factory=Mailbox)

    def judge(self, day: int) -> Any:  # a Run
        run = self.days.run(day)
        self.days.judge(run, judgement(amount=HOURS[day]))
        return run

    def send(self, day: int, receivers: Any = RECEIVERS) -> None:  # as `steps` takes them
        steps.send_slack_alert(self.days.run(day), self.days.connect, receivers)

    def night(self, day: int) -> None:
        self.judge(day)
        self.send(day)

    def unsent(self) -> list[str]:
        return [one for (one,) in self.days.rows("SELECT receiver FROM outbox WHERE sent_at IS NULL ORDER BY id")]

    def mails(self) -> list[Message]:
        """The mails as a reader who knows a Message-ID again has them."""
        return list({mail["Message-ID"]: mail for mail in self.email.mails}.values())


@pytest.fixture
def others(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Others]:
    with ExitStack() as stack:
        days = stack.enter_context(
            alert_days(database_url, tmp_path, f"  receivers: [{ENTRIES}]\n  runbook: https://wiki.example.com/fraud")
        )
        found = Others(days)
        hook, port = stack.enter_context(serving(found.webhook.app())), stack.enter_context(found.email.serving())
        mail = {"disable_ssl": True, "disable_tls": True, "from_email": "modelwatch@example.com", "retry_limit": 0}
        connections = {
            "webhook": {"conn_type": "http", "host": f"{hook}/hooks/oncall"},
            "email": {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": mail},
        }
        if "pagerduty" in INSTALLED:
            from pagerduty import EventsApiV2Client

            address = stack.enter_context(serving(found.pagerduty.app()))
            # It knows one address, and takes no other that is not https.
            monkeypatch.setattr(EventsApiV2Client, "normalize_url", lambda _, path, host=address: f"{host}{path}")
            monkeypatch.setattr(EventsApiV2Client, "sleep_timer", 0.01)
            connections["pagerduty"] = {"conn_type": "pagerduty_events", "password": ROUTING_KEY}
        if "opsgenie" in INSTALLED:
            address = stack.enter_context(serving(found.opsgenie.app()))
            connections["opsgenie"] = {"conn_type": "opsgenie", "host": address, "password": GENIE_KEY}
        for kind, connection in connections.items():
            monkeypatch.setenv(f"AIRFLOW_CONN_AT_{kind.upper()}", json.dumps(connection))
        yield found


def check_one_incident(others: Others) -> None:
    """An episode that opened, became critical and is over is one thing everywhere, told in three steps."""
    assert others.unsent() == []
    said = list(others.webhook.taken.values())
    assert [(one["event"], one["severity"]) for one in said] == [
        ("open", "alert"),
        ("escalate", "critical"),
        ("close", "critical"),
    ]
    assert {one["runbook"] for one in said} == {"https://wiki.example.com/fraud#feature-drift"}
    first, *later = others.mails()
    assert [mail["Subject"].split("]")[0] for mail in (first, *later)] == ["[open", "[escalate", "[close"]
    assert {mail["References"] for mail in later} == {first["Message-ID"]}
    assert "wiki.example.com/fraud#feature-drift" in str(first.get_payload(0).get_payload(decode=True))
    if "pagerduty" in INSTALLED:
        (incident,) = others.pagerduty.incidents
        assert (incident["key"], incident["status"]) == ("modelwatch-fraud-1", "resolved")
        severities = [event["payload"]["severity"] for event in incident["events"]]
        assert (severities[0], severities[-1]) == ("error", "critical")
        assert incident["events"][0]["links"][-1]["href"] == "https://wiki.example.com/fraud#feature-drift"
    if "opsgenie" in INSTALLED:
        (alert,) = others.opsgenie.alerts
        assert (alert["alias"], alert["priority"], alert["status"]) == ("modelwatch-fraud-1", "P1", "closed")


def test_an_episode_is_one_incident_from_its_first_day_to_its_end(others: Others) -> None:
    for day in range(4):
        others.night(day)
        others.night(day)  # a run that is cleared tells nothing twice
    check_one_incident(others)
    assert others.webhook.n_calls == len(others.email.mails) == 3


def test_what_is_refused_waits_and_arrives_in_its_order_with_the_next_run(others: Others) -> None:
    others.webhook.refuse, others.email.refuse = [503, 429], [451, 451]
    for day in range(4):
        others.judge(day)
        if day < 2:
            with pytest.raises(AlertError, match="connection 'at_webhook' did not take the message") as caught:
                others.send(day)
            assert "connection 'at_email' did not take the message" in str(caught.value)
            assert set(others.unsent()) == {"email:at_email", "webhook:at_webhook"}
        else:
            others.send(day)
    check_one_incident(others)
    assert len(others.days.roots()) == 1, "Slack heard all the same"


def test_a_kill_between_sending_and_noting_it_makes_no_second_incident(others: Others) -> None:
    def killed_by(kind: str) -> Callable[..., None]:
        def act(conn_id: str, message: Any) -> None:  # as receivers are told
            RECEIVERS[kind](conn_id, message)
            os.kill(os.getpid(), signal.SIGKILL)

        return act

    for day in range(4):
        others.judge(day)
        for kind in KINDS if day in (0, 1, 3) else ():
            deadly = {**RECEIVERS, kind: killed_by(kind)}
            child = start(lambda deadly=deadly, day=day: others.send(day, deadly), others.days.url)
            assert wait(child) == -signal.SIGKILL
        others.send(day)
    check_one_incident(others)
    assert others.webhook.n_calls == len(others.email.mails) == 6, "each was sent twice, under one key"


@pytest.mark.skipif(not INSTALLED, reason="the providers of PagerDuty and Opsgenie are not installed")
def test_keys_that_are_refused_and_limits_that_are_reached_lose_nothing(
    others: Others, monkeypatch: pytest.MonkeyPatch
) -> None:
    others.pagerduty.refuse, others.opsgenie.refuse = [429], [429]  # their clients wait and try again
    others.night(0)
    for day, kind in ((1, INSTALLED[0]), (3, INSTALLED[-1])):
        name = f"AIRFLOW_CONN_AT_{kind.upper()}"
        good = os.environ[name]
        monkeypatch.setenv(name, json.dumps({**json.loads(good), "password": "wrong"}))
        others.judge(day)
        with pytest.raises(AlertError, match=f"connection 'at_{kind}' did not take the message"):
            others.send(day)
        assert others.unsent() == [f"{kind}:at_{kind}"]
        monkeypatch.setenv(name, good)
        others.send(day)
        others.night(2)
    check_one_incident(others)


def test_who_has_no_slack_hears_of_outages_as_well(others: Others) -> None:
    from support.alert_days import UNMEASURED

    path = others.days.folder / "fraud.yaml"
    others.days.run(0)
    text = "".join(line for line in path.read_text().splitlines(True) if "slack:" not in line and "health:" not in line)
    for day, judged in enumerate([UNMEASURED, UNMEASURED, judgement()]):
        run = others.days.run(day, text=text)
        others.days.judge(run, judged, 0)
        steps.send_slack_alert(run, others.days.connect, RECEIVERS)
    said = list(others.webhook.taken.values())
    assert [(one["event"], one["title"]) for one in said] == [
        ("open", "fraud: could not be measured"),
        ("close", "fraud: could not be measured"),
    ]
    assert said[0]["runbook"] == "https://wiki.example.com/fraud#not-measured"


@pytest.mark.skipif(not ABSENT, reason="the providers of PagerDuty and Opsgenie are installed")
def test_a_provider_that_is_not_installed_is_named_and_its_monitor_runs(
    write_monitor: Callable[..., Path],
) -> None:
    entries = ", ".join(f"{{type: {kind}, connection: duty}}" for kind in ABSENT)
    write_monitor("alpha", more=f"alerts: {{receivers: [{entries}, {{type: webhook, connection: hook}}]}}\n")
    loaded = load_dags()
    assert "monitor_alpha" in loaded.dags
    shown = loaded.errors["monitor_config_check.py"]
    for position, kind in enumerate(ABSENT):
        package = f"apache-airflow-providers-{kind}"
        assert f"alerts.receivers[{position}]: a receiver of type {kind} needs the package {package}" in shown
        with pytest.raises(AlertError, match=f"needs the package {package}, which is not installed: add it to"):
            RECEIVERS[kind]("duty", {"event": "open", "severity": "alert", "title": "t", "monitor": "m", "episode": 1})
    assert "webhook" not in shown


def test_a_receiver_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_HOOK", json.dumps({"conn_type": "http", "host": "http://127.0.0.1:9"}))
    with pytest.raises(AlertError, match="connection 'hook' did not take the message"):
        RECEIVERS["webhook"]("hook", {"key": "episode:1:open:1:webhook:hook"})
