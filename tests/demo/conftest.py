"""The demo's API and the stand-in for Slack, each on a real port."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from slack_sdk import WebClient

from demo.api import Faults, create_app
from demo.log import RequestLog, SimulatedLog
from demo.model import trained
from demo.serving import serving
from demo.slack import FakeSlack
from demo.traffic import Story
from support.slack_client import TOKEN, running

KEY = "key-of-the-model-api"


@dataclass
class Api:
    """A running API and its caller's key."""

    url: str
    headers: dict[str, str] = field(default_factory=lambda: {"X-API-Key": KEY})

    def get(self, **query: object) -> requests.Response:
        return requests.get(f"{self.url}/v1/requests", params=_text(query), headers=self.headers, timeout=10)

    def predict(self, body: dict[str, Any]) -> requests.Response:
        return requests.post(f"{self.url}/predict", json=body, headers=self.headers, timeout=10)

    def pages(self, **query: object) -> Iterator[dict[str, Any]]:
        """Every page of a span."""
        answer = self.get(**query).json()
        yield answer
        while answer["next_cursor"]:
            answer = self.get(**query, cursor=answer["next_cursor"]).json()
            yield answer

    def items(self, **query: object) -> list[dict[str, Any]]:
        """The items of every page of a span."""
        return [item for page in self.pages(**query) for item in page["items"]]


def _text(query: dict[str, object]) -> dict[str, str]:
    return {key: str(value) for key, value in query.items()}


@pytest.fixture(scope="session")
def simulated() -> SimulatedLog:
    """The log of a quiet model; days are made once."""
    return SimulatedLog(trained(), Story())


@pytest.fixture
def start() -> Iterator[Callable[..., Api]]:
    """Start an API over a log."""
    with ExitStack() as stack:

        def started(log: RequestLog, faults: Faults | None = None, *, rate: float = 1e6, burst: float = 1e6) -> Api:
            app = create_app(log, api_key=KEY, faults=faults, rate=rate, burst=burst)
            return Api(stack.enter_context(serving(app)))

        yield started


@pytest.fixture
def api(start: Callable[..., Api], simulated: SimulatedLog) -> Api:
    """The API over a quiet model's traffic."""
    return start(simulated)


@pytest.fixture
def slack() -> FakeSlack:
    """The stand-in, as fast as it is called."""
    return FakeSlack(token=TOKEN, interval=0)


@pytest.fixture
def client(slack: FakeSlack) -> Iterator[WebClient]:
    """Slack's client, connected to it."""
    with running(slack) as started:
        yield started
