"""What pytest-alembic's own tests run on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from modelwatch.store import engine, migrations


@pytest.fixture
def alembic_config() -> dict[str, Any]:
    """The migrations as they are in the package."""
    return {"script_location": str(Path(migrations.__file__).parent)}


@pytest.fixture
def alembic_engine(postgres: engine.EmbeddedPostgres) -> Iterator[sa.Engine]:
    """An empty database."""
    postgres.create_database("alembic")
    yield engine.make_engine(postgres.url("alembic"))
    engine.make_engine(postgres.url("alembic")).dispose()
    postgres.drop_database("alembic")
