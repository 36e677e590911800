"""A real Airflow with eight monitors, one of them the demo's, and a browser."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from demo.traffic import Story
from modelwatch.domain import Window
from modelwatch.settings import Settings
from modelwatch.store.engine import EmbeddedPostgres
from support.airflow_server import AirflowServer, airflow_server
from support.browser import chromium
from support.compared_versions import store_comparison
from support.many_windows import write_years
from support.pages_in_airflow import BLIND, DAYS, OTHERS, YESTERDAY
from support.postgres import migrated_database
from support.stored_story import FRAUD, days_before, settings_of, store_days


@pytest.fixture(scope="session")
def settings(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with migrated_database(postgres) as url:
        folder = tmp_path_factory.mktemp("pages")
        found = settings_of(url, folder, monitors=monitor_files(folder / "monitors"))
        for phase, (name, about) in enumerate(OTHERS.items()):
            midnight = datetime.combine(YESTERDAY + timedelta(days=1), time(), UTC)
            write_years(url, name, until=midnight, days=60, features=5, phase=11 * phase + 3, **about)
        store_days(found, list(days_before(YESTERDAY, DAYS)), story=Story(end=YESTERDAY), unmeasured=[BLIND])
        midnight = datetime.combine(YESTERDAY, time(), UTC)
        store_comparison(url, "sensitive", window=Window(midnight, midnight + timedelta(days=1)))
        yield found


def monitor_files(folder: Path) -> Path:
    """The demo's monitor file, and copies of it under other names so that the list has more than one Dag."""
    folder.mkdir()
    text = FRAUD.read_text().replace("reference/fraud.parquet", str(FRAUD.parent / "reference" / "fraud.parquet"))
    for name in ("fraud", *OTHERS):
        (folder / f"{name}.yaml").write_text(text.replace("monitor: fraud", f"monitor: {name}"))
    return folder


@pytest.fixture(scope="session")
def server(
    postgres: EmbeddedPostgres, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AirflowServer]:
    with airflow_server(postgres, settings, tmp_path_factory.mktemp("airflow")) as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found
