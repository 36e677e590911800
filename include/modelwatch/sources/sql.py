"""A query on a database, streamed."""

from collections.abc import Iterator
from datetime import tzinfo
from typing import Any

import sqlalchemy as sa

from modelwatch.config import SqlSource
from modelwatch.domain import Connection, Page, Schema, Window
from modelwatch.errors import DataError, SourceAuthError, SourceConfigError, SourceError, SourceTimeout
from modelwatch.sources.base import within
from modelwatch.sources.rows import parse_records, require_columns

ROWS_PER_PAGE = 10_000
CONNECT_SECONDS = 10
DRIVERS = {"postgres": "postgresql+psycopg2", "postgresql": "postgresql+psycopg2", "sqlite": "sqlite"}
# The connection's extra may hold settings of Airflow's own, which the driver does not know.
LIBPQ = ("sslmode", "sslrootcert", "sslcert", "sslkey", "options", "application_name", "target_session_attrs")
REFUSED = ("authentication failed", "no password supplied", "permission denied", "pg_hba.conf")


class SqlRequests:
    """The rows of a query, its parameters bound, never the whole window in memory."""

    def __init__(self, config: SqlSource, schema: Schema, connection: Connection, timezone: tzinfo) -> None:
        self._config, self._schema, self._connection, self._timezone = config, schema, connection, timezone

    def pages(self, window: Window) -> Iterator[Page]:
        """The window's rows, `ROWS_PER_PAGE` at a time.

        Raises:
            SourceTimeout: the database cannot be reached; SourceAuthError: it refuses login or table;
            SourceConfigError: it refuses the query, or the query gives no column of that name.
        """
        engine = sa.create_engine(self._url(), poolclass=sa.NullPool, connect_args=self._arguments())
        bounds = {"window_start": window.start, "window_end": window.end}
        try:
            with engine.connect().execution_options(**self._options()) as connection:
                self._use_monitors_zone(connection)
                rows = connection.execute(sa.text(self._config.query), bounds)
                require_columns(list(rows.keys()), self._schema, "source.query")
                for part in rows.mappings().partitions(ROWS_PER_PAGE):
                    page = parse_records([dict(row) for row in part], self._schema, timezone=self._timezone)
                    yield within(page, window, self._schema)
        except DataError as error:
            raise SourceConfigError(str(error)) from None
        except sa.exc.SQLAlchemyError as error:
            raise self._told(error) from None

    def _url(self) -> sa.URL:
        connection = self._connection
        if connection.conn_type not in DRIVERS:
            kinds = ", ".join(sorted(DRIVERS))
            message = f"connection '{connection.conn_id}' is of type '{connection.conn_type}'; allowed: {kinds}"
            raise SourceConfigError(message)
        return sa.URL.create(
            DRIVERS[connection.conn_type],
            username=connection.login or None,
            password=connection.password or None,
            host=connection.host or None,
            port=connection.port,
            database=connection.schema or None,
        )

    def _is_postgres(self) -> bool:
        return DRIVERS[self._connection.conn_type].startswith("postgresql")

    def _arguments(self) -> dict[str, Any]:
        if not self._is_postgres():
            return {}
        extra = self._connection.extra
        return {"connect_timeout": CONNECT_SECONDS, **{name: str(extra[name]) for name in LIBPQ if name in extra}}

    def _use_monitors_zone(self, connection: sa.Connection) -> None:
        """Times without a zone are the monitor's: the database must compare them with the edges just so."""
        if self._is_postgres():
            zone = sa.text("SELECT set_config('TimeZone', :zone, true)")
            connection.execute(zone, {"zone": str(self._timezone)})

    def _options(self) -> dict[str, Any]:
        """Streamed; and read only, whatever the query says."""
        streamed = {"stream_results": True, "yield_per": ROWS_PER_PAGE}
        return {**streamed, "postgresql_readonly": True} if self._is_postgres() else streamed

    def _told(self, error: sa.exc.SQLAlchemyError) -> SourceError:
        """The driver's first line, which has neither password nor rows."""
        conn_id = self._connection.conn_id
        text = str(getattr(error, "orig", None) or error).splitlines()[0]
        if any(words in text for words in REFUSED):
            return SourceAuthError(f"the database of connection '{conn_id}' refuses access: {text}")
        if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError):
            return SourceTimeout(f"the database of connection '{conn_id}' cannot be reached or gave up: {text}")
        return SourceConfigError(f"the database of connection '{conn_id}' refuses source.query: {text}")
