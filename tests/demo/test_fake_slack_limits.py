"""The stand-in for Slack takes a message at each of Slack's limits and refuses one beyond it, naming the place."""

from typing import Any

import pytest
from slack_sdk import WebClient

from demo.slack import FakeSlack
from support.slack_client import CHANNEL, buttons, context, fields, header, refusal, section

WITHIN = [
    [section("x" * 3000)],
    [header("x" * 150)],
    [fields(10, 1200)],
    [fields(1, 2000)],
    [context(*["x"] * 10)],
    [buttons(25, "x" * 75)],
    [{"type": "divider"}] * 50,
    [section("x" * 3000)] * 4,
]
BEYOND = [
    ([section("x" * 3001)], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    ([section("")], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    ([{"type": "section"}], "must define either `fields` or `text` [json-pointer:/blocks/0]"),
    ([header("x" * 151)], "must be less than 151 characters [json-pointer:/blocks/0/text/text]"),
    ([header("x", kind="mrkdwn")], "must be an object of type plain_text [json-pointer:/blocks/0/text]"),
    ([fields(11, 5)], "no more than 10 items allowed [json-pointer:/blocks/0/fields]"),
    ([section("x"), fields(2, 2001)], "must be less than 2001 characters [json-pointer:/blocks/1/fields/0/text]"),
    ([context(*["x"] * 11)], "no more than 10 items allowed [json-pointer:/blocks/0/elements]"),
    ([context()], "must have at least 1 item [json-pointer:/blocks/0/elements]"),
    ([buttons(26)], "no more than 25 items allowed [json-pointer:/blocks/0/elements]"),
    ([buttons(1, "x" * 76)], "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]"),
    ([buttons(1, url="x" * 3001)], "must be less than 3001 characters [json-pointer:/blocks/0/elements/0/url]"),
    ([{"type": "divider"}] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    ([{"type": "carousel"}], "unsupported type: carousel [json-pointer:/blocks/0/type]"),
]


@pytest.mark.parametrize("blocks", WITHIN)
def test_a_message_at_a_limit_is_taken(client: WebClient, blocks: list[dict[str, Any]]) -> None:
    assert client.chat_postMessage(channel=CHANNEL, text="t", blocks=blocks)["ok"]


@pytest.mark.parametrize(("blocks", "problem"), BEYOND)
def test_a_message_beyond_a_limit_is_refused_with_its_place(
    client: WebClient, slack: FakeSlack, blocks: list[dict[str, Any]], problem: str
) -> None:
    answer = refusal(client, blocks=blocks)
    assert answer["error"] == "invalid_blocks"
    assert answer["errors"][0] == problem
    assert answer["response_metadata"]["messages"][0] == f"[ERROR] {problem}"
    assert slack.messages == []


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": ""}, "no_text"),
        ({"blocks": [section("x" * 3000)] * 4 + [section("y")]}, "msg_blocks_too_long"),
        ({"blocks": ["a", "b"]}, "invalid_blocks_format"),
    ],
)
@pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing")
def test_a_message_that_is_too_long_or_none_is_refused(client: WebClient, message: dict[str, Any], error: str) -> None:
    assert refusal(client, **message)["error"] == error
