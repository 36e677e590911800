"""Sources of requests: a REST API, files, or a database; all give typed pages."""

from datetime import tzinfo

from modelwatch.config import FilesSource, HttpSource, SqlSource
from modelwatch.domain import Connection, Schema
from modelwatch.sources.base import Source


def open_source(
    config: HttpSource | FilesSource | SqlSource, schema: Schema, connection: Connection | None, *, timezone: tzinfo
) -> Source:
    """The source a monitor file describes; nothing is read before its pages are asked for."""
    if isinstance(config, HttpSource):
        from modelwatch.sources.http import HttpRequests

        return HttpRequests(config, schema, require(connection, config.connection), timezone)
    if isinstance(config, FilesSource):
        from modelwatch.sources.files import FileRequests

        return FileRequests(config, schema, connection, timezone)
    from modelwatch.sources.sql import SqlRequests

    return SqlRequests(config, schema, require(connection, config.connection), timezone)


def require(connection: Connection | None, conn_id: str) -> Connection:
    """The connection, or a clear word that it is missing."""
    from modelwatch.errors import SettingsError

    if connection is None:
        message = f"connection '{conn_id}' is not defined; add it in Airflow under Admin > Connections"
        raise SettingsError(message)
    return connection
