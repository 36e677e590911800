"""A model's REST API, and fetching from it, for the tests of the HTTP source."""

from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any

import pytest

from modelwatch.config import HttpSource
from modelwatch.domain import Connection, Page
from modelwatch.sources import open_source
from support.model_api import Api, running_api
from support.model_requests import SCHEMA, SECRET, WINDOW, record

CURSOR = {
    "path": "cursor",
    "records": "items",
    "pagination": {"type": "cursor", "response": "meta.next", "query": "cursor"},
}

Fetch = Callable[..., list[Page]]


@pytest.fixture
def api() -> Iterator[Api]:
    """A running API with 25 requests of the window, ten to a page."""
    with running_api(Api(records=[record(number) for number in range(25)])) as running:
        yield running


@pytest.fixture
def fetch(api: Api) -> Fetch:
    """Read the window from the API; keywords replace keys of the monitor file's `source`."""

    def pages(connection: Connection | None = None, **changes: Any) -> list[Page]:
        options = {**CURSOR, "requests_per_second": None, "retries": 0, **changes}
        config = HttpSource.model_validate({"type": "http", "connection": "model_api", **options})
        connection = connection or Connection("model_api", "http", api.url, password=SECRET)
        return list(open_source(config, SCHEMA, connection, timezone=UTC).pages(WINDOW))

    return pages
