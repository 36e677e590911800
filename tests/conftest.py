"""Fixtures that several parts of the tests share."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from modelwatch.store.engine import EmbeddedPostgres
from support.postgres import migrated_database, running_postgres

# An example's time says nothing on a busy machine; the first one pays for imports.
settings.register_profile("modelwatch", deadline=None, derandomize=True)
settings.load_profile("modelwatch")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A module's tests run on one worker, which makes its servers and stories once; modules may share a group."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A Postgres server of this session's own."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def database_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A fresh store with all tables."""
    with migrated_database(postgres) as url:
        yield url
