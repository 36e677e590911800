"""A monitor whose days are scripted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.alert_days import AlertDays, alert_days


@pytest.fixture
def days(database_url: str, tmp_path: Path) -> Iterator[AlertDays]:
    """An empty store and an empty Slack."""
    with alert_days(database_url, tmp_path) as surrounding:
        yield surrounding
