"""A monitor with probes, and settings with a store of its own."""

from pathlib import Path

import pytest

from modelwatch.config import Monitor
from modelwatch.settings import Settings
from support.redeploys import write_monitor


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Where samples and answers are kept."""
    return Settings(tmp_path, tmp_path, (tmp_path / "samples").as_uri(), database_url)


@pytest.fixture(scope="session")
def monitor(tmp_path_factory: pytest.TempPathFactory) -> Monitor:
    """The demo's monitor, allowed to ask the model."""
    return write_monitor(tmp_path_factory.mktemp("monitors"))
