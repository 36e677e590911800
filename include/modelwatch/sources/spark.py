"""A table that Spark counts where it lies, through Spark Connect or a session of this process."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from modelwatch.config import SparkSource
from modelwatch.domain import Column, Connection, Sample
from modelwatch.errors import (
    DataError,
    SettingsError,
    SourceAuthError,
    SourceConfigError,
    SourceError,
    SourceResponseError,
    SourceTimeout,
)
from modelwatch.profile import Profile
from modelwatch.sources.base import fill
from modelwatch.sources.rows import paths, require_columns
from modelwatch.sources.spark_parts import COLUMNS, Job

CONNECT_PORT, CONNECT_SECONDS = 15002, 10
ROUNDS = 2  # of putting parts together on the cluster: 64 MB of parts become one, by Spark's own default
REFUSED = ("UNAUTHENTICATED", "PERMISSION_DENIED", "INSUFFICIENT_PERMISSIONS")
AWAY = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "Connection refused")
CLOCKS = timedelta(days=1)  # what a time without a zone may be off; the rows are looked at again one by one


class SparkRequests:
    """The requests of a table, counted by Spark."""

    def __init__(self, config: SparkSource, connection: Connection | None) -> None:
        self._config, self._connection = config, connection

    def count(self, job: Job) -> tuple[Profile, Sample]:
        """The counts of all requests of the window, and its sample.

        Raises:
            SettingsError: pyspark is not installed; SourceTimeout: Spark cannot be reached; SourceAuthError: it refuses
            access; SourceConfigError: there is no such table or column, or its ids are not unique as the monitor file
            says; SourceResponseError: the job failed.
        """
        with _session(self._connection) as session, _told(self._connection):
            parts = self._requests(session, job).mapInArrow(job.count, COLUMNS)
            for _ in range(ROUNDS):
                parts = parts.repartition("lane").mapInArrow(job.merge, COLUMNS)
            profile, sample = job.together([*job.unpack(row.asDict() for row in parts.collect())])
        if sample.n_duplicate and self._config.unique_ids:
            message = f"source.unique_ids: {sample.n_duplicate} ids or more are there twice; write unique_ids: false"
            raise SourceConfigError(message)
        return profile, sample

    def _requests(self, session: Any, job: Job) -> Any:  # noqa: ANN401  # a session and a frame of either kind
        """The columns and rows to count; rows of one id in one partition, the earliest first."""
        frame = self._place(session, job)
        try:
            require_columns(frame.columns, job.schema, f"source.{'table' if self._config.table else 'path'}")
        except DataError as error:
            raise SourceConfigError(str(error)) from None
        if self._config.where:
            frame = frame.where(fill(self._config.where, job.window, job.timezone))
        named = {column.name: _name(column, frame.columns) for column in job.schema.columns}
        stamp, key = named[job.schema.timestamp or ""], named[job.schema.id or ""]
        frame = _near(frame, stamp, job).select(*(f"`{name}`" for name in frame.columns if name in paths(job.schema)))
        if self._config.unique_ids:
            return frame
        plain = [f"`{name}`" for name, kind in frame.dtypes if not kind.startswith(("map", "array", "struct"))]
        return (
            frame.withColumn("__id", _column(key))
            .repartition("__id")
            .drop("__id")
            .sortWithinPartitions(_column(stamp), *plain)
        )

    def _place(self, session: Any, job: Job) -> Any:  # noqa: ANN401  # a session and a frame of either kind
        config = self._config
        if config.table is not None:
            return session.read.table(config.table)
        reader = session.read if config.format is None else session.read.format(config.format)
        return reader.load(fill(config.path or "", job.window, job.timezone))


def _name(column: Column, names: list[str]) -> str:
    """How Spark is asked for a column: by its whole name, or by its path into an object."""
    whole = ".".join(column.path)
    return f"`{whole}`" if whole in names else ".".join(f"`{step}`" for step in column.path)


def _column(name: str) -> Any:  # noqa: ANN401  # a column of either kind
    from pyspark.sql import functions

    return functions.col(name)


def _near(frame: Any, stamp: str, job: Job) -> Any:  # noqa: ANN401  # a frame of either kind
    """Without the rows that Spark itself can tell are not of the window; it need not even read their files."""
    kind = frame.select(stamp).dtypes[0][1]
    if kind not in ("timestamp", "timestamp_ntz"):
        return frame
    start, end = job.window.start, job.window.end
    if kind == "timestamp_ntz":
        start, end = start - CLOCKS, end + CLOCKS
    first, last = (f"timestamp_micros({int(edge.timestamp() * 1_000_000)})" for edge in (start, end))
    return frame.where(f"{stamp} >= {first} AND {stamp} < {last}")


@contextmanager
def _session(connection: Connection | None) -> Iterator[Any]:
    """A session where the connection says; one that was there already stays."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        message = f"a source of type spark needs '{error.name}': pip install 'modelwatch[spark]'"
        raise SettingsError(message) from None
    builder = SparkSession.builder.appName("modelwatch")
    if connection is not None and connection.conn_type == "spark_connect":
        builder = builder.remote(_remote(connection))
    elif connection is not None:
        builder = builder.master(f"{connection.host}:{connection.port}" if connection.port else connection.host)
    was_there = SparkSession.getActiveSession() is not None
    with _told(connection):
        session = builder.getOrCreate()
    try:
        yield session
    finally:
        if not was_there:
            session.stop()


def _remote(connection: Connection) -> str:
    """Spark Connect's URL of a Connection as Airflow's provider has it: user id, token, and `use_ssl` in its extra.

    Raises:
        SourceTimeout: nobody listens there; Spark's client would go on asking for minutes.
    """
    host, port = connection.host.removeprefix("sc://").rstrip("/"), connection.port or CONNECT_PORT
    try:
        socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        message = f"Spark of connection '{connection.conn_id}' cannot be reached at {host}:{port} ({error})"
        raise SourceTimeout(message) from None
    given = {
        "user_id": connection.login,
        "token": connection.password,
        "use_ssl": str(connection.extra.get("use_ssl") or "").lower(),
    }
    settings = ";".join(f"{name}={quote(value, safe='')}" for name, value in given.items() if value)
    return f"sc://{host}:{port}/;{settings}"


@contextmanager
def _told(connection: Connection | None) -> Iterator[None]:
    """Spark's errors as those of a source."""
    try:
        yield
    except _errors() as error:
        raise _as_source_error(error, connection) from None


def _errors() -> tuple[type[Exception], ...]:
    """What Spark raises; a session of this process has errors of its bridge to Java too, which Connect does without."""
    from pyspark.errors import PySparkException

    try:
        from py4j.protocol import Py4JError
    except ImportError:
        return (PySparkException,)
    return PySparkException, Py4JError


def _as_source_error(error: Exception, connection: Connection | None) -> SourceError:
    from pyspark.errors import AnalysisException, ParseException

    where = f"Spark of connection '{connection.conn_id}'" if connection else "Spark"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    text = str(error)
    if any(word in text for word in REFUSED):
        return SourceAuthError(f"{where} refuses access: {lines[0]}")
    if isinstance(error, AnalysisException | ParseException):
        return SourceConfigError(f"{where} refuses the source: {lines[0]}")
    if any(word in text for word in AWAY):
        return SourceTimeout(f"{where} cannot be reached or gave up: {lines[0]}")
    if "No module named 'modelwatch'" in text:
        return SourceConfigError(f"{where} has no modelwatch: install it in the Python of its executors")
    return SourceResponseError(f"{where} could not finish the job: {lines[-1]}")
