"""The stand-in for Slack with Slack's own client, and blocks to send."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from demo.serving import serving
from demo.slack import FakeSlack, create_app

TOKEN, CHANNEL = "xoxb-token-of-slack", "#fraud-oncall"


@contextmanager
def running(slack: FakeSlack) -> Iterator[WebClient]:
    """A client of the stand-in, over HTTP."""
    with serving(create_app(slack)) as url:
        yield WebClient(token=TOKEN, base_url=f"{url}/api/")


def section(text: str, **more: object) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def header(text: str, kind: str = "plain_text") -> dict[str, Any]:
    return {"type": "header", "text": {"type": kind, "text": text}}


def fields(n: int, length: int) -> dict[str, Any]:
    return {"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * length}] * n}


def context(*texts: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text} for text in texts]}


def buttons(n: int, text: str = "Open", url: str = "https://example.com") -> dict[str, Any]:
    one = {"type": "button", "text": {"type": "plain_text", "text": text}, "url": url}
    return {"type": "actions", "elements": [one] * n}


def refusal(client: WebClient, **message: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(**{"channel": CHANNEL, "text": "t", **message})
    assert isinstance(caught.value.response.data, dict)
    return caught.value.response.data
