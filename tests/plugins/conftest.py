"""Stores for the pages, and the app over them."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from demo.traffic import Story
from modelwatch.settings import Settings
from modelwatch.store.engine import EmbeddedPostgres
from support.page_client import PageClient, page_client
from support.postgres import migrated_database
from support.stored_story import days_before, settings_of, store_days

END = date(2026, 11, 24)
UNMEASURED = date(2026, 11, 14)


@pytest.fixture(scope="session")
def story(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Twelve days of the demo: quiet, one that was not measured, amounts in cents, then the campaign."""
    folder = tmp_path_factory.mktemp("story")
    with migrated_database(postgres) as url:
        settings = settings_of(url, folder)
        store_days(settings, list(days_before(END, 12)), story=Story(end=END), unmeasured=[UNMEASURED])
        yield settings


@pytest.fixture(scope="session")
def pages(story: Settings) -> Iterator[PageClient]:
    """A browser at the story."""
    with page_client(story) as client:
        yield client


@pytest.fixture
def empty(database_url: str, tmp_path: Path) -> Iterator[PageClient]:
    """A browser at a store in which nothing was judged, and a folder without monitor files."""
    with page_client(settings_of(database_url, tmp_path, monitors=tmp_path)) as client:
        yield client
