"""Sources of requests: a REST API, files, or a database give typed pages; Spark counts where the requests lie."""

from datetime import tzinfo

from modelwatch.config import FilesSource, HttpSource, SparkSource, SqlSource
from modelwatch.domain import Connection, Schema
from modelwatch.errors import SettingsError, SourceConfigError
from modelwatch.sources.base import Source


def open_source(
    config: HttpSource | FilesSource | SqlSource | SparkSource,
    schema: Schema,
    connection: Connection | None,
    *,
    timezone: tzinfo,
) -> Source:
    """The source a monitor file describes; nothing is read before its pages are asked for."""
    if isinstance(config, HttpSource):
        from modelwatch.sources.http import HttpRequests

        return HttpRequests(config, schema, require(connection, config.connection), timezone)
    if isinstance(config, FilesSource):
        from modelwatch.sources.files import FileRequests

        return FileRequests(config, schema, connection, timezone)
    if isinstance(config, SqlSource):
        from modelwatch.sources.sql import SqlRequests

        return SqlRequests(config, schema, require(connection, config.connection), timezone)
    message = f"a source of type {config.type} is counted where it lies and not read page by page"
    raise SourceConfigError(message)


def require(connection: Connection | None, conn_id: str) -> Connection:
    """The connection, or a clear word that it is missing."""
    if connection is None:
        message = f"connection '{conn_id}' is not defined; add it in Airflow under Admin > Connections"
        raise SettingsError(message)
    return connection
