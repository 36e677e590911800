"""The stand-in for Slack, called with Slack's own client: limits, tokens, rate limits, threads, and the text form."""

import json
from pathlib import Path

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from demo.slack import FakeSlack, render
from support.slack_client import CHANNEL, TOKEN, buttons, context, fields, header, refusal, running, section


def test_a_message_is_kept_as_it_was_sent(client: WebClient, slack: FakeSlack) -> None:
    metadata = {"event_type": "alert", "event_payload": {"evaluation": 3}}
    answer = client.chat_postMessage(channel=CHANNEL, text="hello", blocks=[section("*hello*")], metadata=metadata)
    (kept,) = slack.messages
    assert (kept["channel"], kept["text"], kept["blocks"]) == (CHANNEL, "hello", [section("*hello*")])
    assert json.loads(kept["metadata"]) if isinstance(kept["metadata"], str) else kept["metadata"] == metadata
    assert answer["channel"].startswith("C")
    assert answer["ts"] == kept["ts"]
    assert answer["message"]["text"] == "hello"


def test_a_form_is_taken_like_json(client: WebClient, slack: FakeSlack) -> None:
    answer = requests.post(
        f"{client.base_url}chat.postMessage",
        data={"channel": "fraud-oncall", "text": "hello", "blocks": json.dumps([section("*hello*")])},
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=10,
    )
    assert answer.json()["ok"]
    assert slack.messages[0]["blocks"] == [section("*hello*")]


def test_every_accepted_message_is_a_line_of_the_log(tmp_path: Path) -> None:
    log = tmp_path / "build" / "slack.jsonl"
    with running(FakeSlack(token=TOKEN, log=log, interval=0)) as client:
        parent = client.chat_postMessage(channel=CHANNEL, text="first", blocks=[section("first")])
        client.chat_postMessage(channel=CHANNEL, text="second", thread_ts=parent["ts"])
        refusal(client, blocks=[header("x" * 151)])
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["text"] for line in lines] == ["first", "second"]
    assert lines[0]["blocks"] == [section("first")]
    assert lines[1]["thread_ts"] == lines[0]["ts"]
    assert TOKEN not in log.read_text()


@pytest.mark.parametrize(
    ("token", "error"), [("xoxb-wrong", "invalid_auth"), ("tok\u00e9n", "invalid_auth"), ("", "not_authed")]
)
def test_a_wrong_token_is_refused_by_every_method(client: WebClient, token: str, error: str) -> None:
    headers = {"Authorization": f"Bearer {token}".encode()} if token else {}
    for method in ("auth.test", "chat.postMessage", "conversations.history", "no.such.method"):
        answer = requests.post(f"{client.base_url}{method}", json={}, headers=headers, timeout=10)
        assert (answer.status_code, answer.json()) == (200, {"ok": False, "error": error})


def test_the_right_token_is_confirmed(client: WebClient) -> None:
    assert client.auth_test()["ok"]


@pytest.mark.parametrize("channel", ["#nobody", "C999", ""])
def test_an_unknown_channel_is_not_found(client: WebClient, slack: FakeSlack, channel: str) -> None:
    assert refusal(client, channel=channel)["error"] == "channel_not_found"
    assert slack.messages == []


def test_too_many_messages_are_told_to_wait_and_another_channel_is_not() -> None:
    with running(FakeSlack(token=TOKEN, interval=30.0, burst=2)) as client:
        for _ in range(2):
            client.chat_postMessage(channel=CHANNEL, text="t")
        with pytest.raises(SlackApiError) as caught:
            client.chat_postMessage(channel=CHANNEL, text="t")
        assert caught.value.response.status_code == 429
        assert caught.value.response["error"] == "ratelimited"
        assert 55 <= int(caught.value.response.headers["Retry-After"]) <= 60
        assert client.chat_postMessage(channel="#oncall", text="t")["ok"]


def test_after_the_wait_messages_are_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("demo.slack.time.monotonic", lambda: clock[0])
    slack = FakeSlack(token=TOKEN, burst=1)
    assert slack.call("chat.postMessage", {"channel": CHANNEL, "text": "t"})["ok"]
    clock[0] += 1.0
    assert slack.call("chat.postMessage", {"channel": CHANNEL, "text": "t"})["ok"]


def test_slack_can_be_made_to_fail(client: WebClient, slack: FakeSlack) -> None:
    slack.fail = lambda: "fatal_error"
    assert refusal(client)["error"] == "fatal_error"


def test_a_message_is_changed_by_the_channel_s_id(client: WebClient, slack: FakeSlack) -> None:
    posted = client.chat_postMessage(channel=CHANNEL, text="alert")
    client.chat_update(channel=posted["channel"], ts=posted["ts"], text="recovered")
    assert [(one["text"], one["channel"]) for one in slack.messages] == [("recovered", CHANNEL)]
    for channel, ts, error in (
        (CHANNEL, posted["ts"], "channel_not_found"),
        (posted["channel"], "1.0", "message_not_found"),
    ):
        with pytest.raises(SlackApiError, match=error):
            client.chat_update(channel=channel, ts=ts, text="x")


def test_threads_and_history_are_read_as_in_slack(client: WebClient) -> None:
    first = client.chat_postMessage(channel=CHANNEL, text="first")
    client.chat_postMessage(channel=CHANNEL, text="reply", thread_ts=first["ts"])
    client.chat_postMessage(channel=CHANNEL, text="second")
    channel = first["channel"]
    history = client.conversations_history(channel=channel)
    assert [one["text"] for one in history["messages"]] == ["second", "first"]
    newest = client.conversations_history(channel=channel, limit=1)
    assert ([one["text"] for one in newest["messages"]], newest["has_more"]) == (["second"], True)
    thread = client.conversations_replies(channel=channel, ts=first["ts"])
    assert [one["text"] for one in thread["messages"]] == ["first", "reply"]
    with pytest.raises(SlackApiError, match="thread_not_found"):
        client.conversations_replies(channel=channel, ts="1.0")


def test_reactions_are_read_with_their_people(client: WebClient, slack: FakeSlack) -> None:
    posted = client.chat_postMessage(channel=CHANNEL, text="alert")
    slack.react(posted["ts"], "eyes", "U1")
    message = client.reactions_get(channel=posted["channel"], timestamp=posted["ts"])["message"]
    assert message["reactions"] == [{"name": "eyes", "users": ["U1"], "count": 1}]


def test_timestamps_are_unique_and_in_order(slack: FakeSlack) -> None:
    for _ in range(200):
        slack.call("chat.postMessage", {"channel": CHANNEL, "text": "t"})
    stamps = [float(one["ts"]) for one in slack.messages]
    assert stamps == sorted(set(stamps))
    assert len({one["ts"] for one in slack.messages}) == 200


def test_a_message_is_shown_as_text() -> None:
    shown = render(
        {
            "channel": CHANNEL,
            "text": "fallback",
            "blocks": [
                header("fraud: alert"),
                section("*amount_eur* psi &gt; 0.25\n:red_circle: _worst first_"),
                fields(2, 3),
                {"type": "divider"},
                buttons(1, "Open the run", "https://airflow.example.com/dags/monitor_fraud"),
                context("owner payments-ml"),
            ],
        }
    )
    lines = shown.splitlines()
    assert lines[0].startswith(f"┌─ {CHANNEL}")
    assert lines[1] == "│ FRAUD: ALERT"
    assert "│ amount_eur psi > 0.25" in lines
    assert "│ ● worst first" in lines
    assert lines.count("│ xxx") == 2
    assert f"│ {'─' * 60}" in lines
    assert "│ [Open the run] https://airflow.example.com/dags/monitor_fraud" in lines
    assert "│ owner payments-ml" in lines
    assert "fallback" not in shown


def test_a_message_without_blocks_shows_its_text() -> None:
    assert "│ hello" in render({"channel": CHANNEL, "text": "hello"})
