"""Connecting to the store: a named Postgres, or the embedded one."""

import functools
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from modelwatch.domain import Connection
from modelwatch.errors import StoreError
from modelwatch.store import DRIVER
from modelwatch.store.embedded import EmbeddedPostgres, embedded_postgres

__all__ = ["EmbeddedPostgres", "database_url", "embedded_postgres", "make_engine", "migrate", "safe_url", "session"]

MIGRATION_LOCK = 0x6D6F64656C  # any constant: two migrations must not run at once
CONNECT_SECONDS = 10  # a host that drops packets would otherwise hold a task for minutes
# What a connection's extra may say to Postgres; Airflow keeps keys of its own beside these.
LIBPQ = re.compile(
    r"application_name|connect_timeout|keepalives(_\w+)?|options|service|ssl(mode|cert|key|rootcert|crl)"
    r"|target_session_attrs"
)
SECRET_QUERY = frozenset({"password", "passfile", "sslpassword"})


def database_url(connection: Connection) -> str:
    """SQLAlchemy's URL of the Postgres that an Airflow Connection names, TLS settings of its extra included.

    Raises:
        StoreError: the connection is of another type.
    """
    if connection.conn_type not in ("postgres", "postgresql"):
        message = f"connection '{connection.conn_id}' is of type '{connection.conn_type}'; the store needs postgres"
        raise StoreError(message)
    is_socket = connection.host.startswith("/")  # a folder, which has no place in a URL before its path
    extra = {key: str(value) for key, value in sorted(connection.extra.items()) if LIBPQ.fullmatch(key)}
    url = sa.URL.create(
        DRIVER,
        username=connection.login or None,
        password=connection.password or None,
        host=None if is_socket else connection.host or None,
        port=connection.port,
        database=connection.schema or None,
        query={**extra, "host": connection.host} if is_socket else extra,
    )
    return url.render_as_string(hide_password=False)


@functools.cache
def make_engine(url: str) -> sa.Engine:
    """One small pool per URL and process; a connection that Postgres has closed is replaced before it is used.

    Raises:
        StoreError: the URL is malformed, or not of Postgres.
    """
    name = _parsed(url)
    if name.drivername in ("postgres", "postgresql"):
        name = name.set(drivername=DRIVER)
    if name.drivername != DRIVER:
        message = f"the store is Postgres; MODELWATCH_DATABASE_URL names '{name.drivername}'"
        raise StoreError(message)
    defaults = {"connect_timeout": CONNECT_SECONDS, "application_name": "modelwatch"}
    arguments = {key: value for key, value in defaults.items() if key not in name.query}
    return sa.create_engine(name, pool_size=2, max_overflow=3, pool_pre_ping=True, connect_args=arguments)


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
        raise _unreachable(url, error) from None
    except sa.exc.ProgrammingError as error:
        if "does not exist" not in str(error.orig):
            raise
        message = f"the store {safe_url(url)} is not up to date; run `modelwatch migrate`"
        raise StoreError(message) from None


def migrate(url: str) -> None:
    """Bring the tables up to date; safe to run from several processes at once.

    Raises:
        StoreError: the store cannot be reached, or a newer version of modelwatch has migrated it.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    # Alembic interpolates what it is told; a % in the path of the installation is only a %.
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    engine = make_engine(url)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        with engine.begin() as connection:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except OperationalError as error:
        raise _unreachable(url, error) from None
    except CommandError as error:
        message = f"the store {safe_url(url)} is of a newer modelwatch ({error}); upgrade this one"
        raise StoreError(message) from None


def safe_url(url: str) -> str:
    """The URL without its secrets, for people."""
    name = _parsed(url)
    return name.set(query={k: v for k, v in name.query.items() if k not in SECRET_QUERY}).render_as_string()


def _parsed(url: str) -> sa.URL:
    try:
        return sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        message = (
            "the store's URL is malformed (not shown: it may hold a password); "
            "write MODELWATCH_DATABASE_URL=postgresql://user:password@host:5432/database"
        )
        raise StoreError(message) from None


def _unreachable(url: str, error: OperationalError) -> StoreError:
    lines = str(error.orig).splitlines()
    return StoreError(f"the store {safe_url(url)} cannot be reached: {lines[0] if lines else 'no answer'}")
