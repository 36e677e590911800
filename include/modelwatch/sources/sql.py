"""A query on a database, streamed."""

from collections.abc import Iterator
from datetime import tzinfo

import sqlalchemy as sa

from modelwatch.config import SqlSource
from modelwatch.domain import Connection, Page, Schema, Window
from modelwatch.errors import SourceConfigError, SourceTimeout
from modelwatch.sources.base import within
from modelwatch.sources.rows import parse_records

ROWS_PER_PAGE = 10_000
DRIVERS = {"postgres": "postgresql+psycopg2", "postgresql": "postgresql+psycopg2", "sqlite": "sqlite"}


class SqlRequests:
    """The rows of a query, its parameters bound, never the whole window in memory."""

    def __init__(self, config: SqlSource, schema: Schema, connection: Connection, timezone: tzinfo) -> None:
        self._config, self._schema, self._connection, self._timezone = config, schema, connection, timezone

    def pages(self, window: Window) -> Iterator[Page]:
        """The window's rows, `ROWS_PER_PAGE` at a time.

        Raises:
            SourceTimeout: the database cannot be reached; SourceConfigError: it refuses the query.
        """
        engine = sa.create_engine(self._url(), poolclass=sa.NullPool)
        bounds = {"window_start": window.start, "window_end": window.end}
        try:
            with engine.connect().execution_options(stream_results=True, yield_per=ROWS_PER_PAGE) as connection:
                rows = connection.execute(sa.text(self._config.query), bounds).mappings()
                for part in rows.partitions(ROWS_PER_PAGE):
                    page = parse_records([dict(row) for row in part], self._schema, timezone=self._timezone)
                    yield within(page, window, self._schema)
        except sa.exc.OperationalError as error:
            message = f"the database of connection '{self._connection.conn_id}' cannot be reached: {_first_line(error)}"
            raise SourceTimeout(message) from None
        except sa.exc.DBAPIError as error:
            message = (
                f"the database of connection '{self._connection.conn_id}' refuses source.query: {_first_line(error)}"
            )
            raise SourceConfigError(message) from None

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


def _first_line(error: sa.exc.DBAPIError) -> str:
    return str(error.orig).splitlines()[0]
