"""A real Postgres for tests: one embedded server per session, one migrated database per test."""

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modelwatch.store import engine
from modelwatch.store.engine import EmbeddedPostgres

TEMPLATE = "migrated"
_numbers = itertools.count()


@contextmanager
def running_postgres() -> Iterator[EmbeddedPostgres]:
    """A server of its own in a short-named folder (a socket's path has a limit), with one migrated template."""
    with tempfile.TemporaryDirectory(prefix="mw") as folder, engine.embedded_postgres(Path(folder)) as server:
        server.create_database(TEMPLATE)
        engine.migrate(server.url(TEMPLATE))
        engine.make_engine(server.url(TEMPLATE)).dispose()
        yield server


@contextmanager
def migrated_database(server: EmbeddedPostgres) -> Iterator[str]:
    """The URL of a fresh database with all tables."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    server.create_database(name, template=TEMPLATE)
    try:
        yield server.url(name)
    finally:
        engine.make_engine(server.url(name)).dispose()
        server.drop_database(name)
