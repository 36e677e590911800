"""Airflow with a metadata database of its own, and monitor files to make Dags of."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.airflow_runs import airflow_env, create_database

MONITOR = """\
monitor: {name}
owner: risk-team
description: Watches {name}.
tags: [cards, eu]
schedule: "{schedule}"
timezone: {timezone}
window: {window}
source:
  type: http
  connection: {name}_api
  path: /v1/requests
  query: {{since: "{{window_start}}", until: "{{window_end}}"}}
  records: items
columns: {{id: request_id, timestamp: requested_at, score: score, decision: flagged}}
decision: {{selected: true}}
reference: {{uri: reference.parquet}}
features: {{amount: numeric}}
"""


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of an initialised Airflow, created once per test process."""
    home, handlers = tmp_path_factory.mktemp("airflow"), list(logging.getLogger().handlers)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in airflow_env(home).items():
            patch.setenv(name, value)
        create_database()
    yield home
    # Airflow logs to the stream that pytest had captured when it was imported, which is closed by now.
    logging.getLogger().handlers[:] = handlers


@pytest.fixture(scope="module", autouse=True)
def _airflow(airflow_home: Path) -> Iterator[None]:
    """Airflow's environment, for these modules only: later tests start programs that have their own."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in airflow_env(airflow_home).items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def monitors_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of monitor files that the Dags read."""
    folder = tmp_path / "monitors"
    folder.mkdir()
    monkeypatch.setenv("MODELWATCH_MONITORS_DIR", str(folder))
    return folder


@pytest.fixture
def write_monitor(monitors_dir: Path) -> Callable[..., Path]:
    """Write a small valid monitor file."""

    def write(
        name: str, *, schedule: str = "0 3 * * *", timezone: str = "UTC", window: str = "P1D", more: str = ""
    ) -> Path:
        path = monitors_dir / f"{name}.yaml"
        path.write_text(MONITOR.format(name=name, schedule=schedule, timezone=timezone, window=window) + more)
        return path

    return write
