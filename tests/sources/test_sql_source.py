"""A query on a real Postgres: streamed, its edges bound, read only; and how a database says no."""

from datetime import UTC, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from modelwatch.config import SqlSource
from modelwatch.domain import Connection, Page
from modelwatch.errors import SourceAuthError, SourceConfigError, SourceError, SourceTimeout
from modelwatch.sources import open_source, sql
from support.model_requests import WINDOW, ids
from support.request_files import SCHEMA

QUERY = "SELECT * FROM requests WHERE at >= :window_start AND at < :window_end ORDER BY at"
CREATE = "CREATE TABLE requests (id int, at timestamptz, local timestamp, payload jsonb, code numeric(9, 2))"


@pytest.fixture
def database(database_url: str) -> Connection:
    """A table of five requests, six hours apart, the last one of the next day."""
    engine = sa.create_engine(database_url, poolclass=sa.NullPool)
    insert = "INSERT INTO requests VALUES (:id, :at, :local, jsonb_build_object('amount', :amount), :code)"
    with engine.begin() as connection:
        connection.execute(sa.text(CREATE))
        for i in range(5):
            at = WINDOW.start + timedelta(hours=6 * i)
            row = {
                "id": i,
                "at": at,
                "local": at.replace(tzinfo=None),
                "amount": i * 1.5,
                "code": i if i != 2 else None,
            }
            connection.execute(sa.text(insert), row)
    url = sa.make_url(database_url)
    return Connection("dwh", "postgres", str(url.query["host"]), url.database or "", url.username or "")


def pages(connection: Connection, query: str, timezone: tzinfo = UTC) -> list[Page]:
    config = SqlSource.model_validate({"type": "sql", "connection": connection.conn_id, "query": query})
    return list(open_source(config, SCHEMA, connection, timezone=timezone).pages(WINDOW))


def test_a_query_is_read_with_the_windows_edges_bound(database: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "ROWS_PER_PAGE", 3)
    found = pages(database, QUERY)
    assert [page.rows.num_rows for page in found] == [3, 1]
    rows = [(row["id"], row["amount"], row["code"]) for page in found for row in page.rows.to_pylist()]
    assert rows == [("0", 0.0, "0"), ("1", 1.5, "1"), ("2", 3.0, None), ("3", 4.5, "3")]


def test_a_database_with_times_without_a_zone_gives_the_monitors_day(database: Connection) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    query = QUERY.replace("requests", "(SELECT id, local AS at, payload, code FROM requests) AS localized")
    # 00:00 in Berlin is 23:00 UTC of the day before the window; 24:00 in Berlin is within it.
    assert ids(pages(database, query, berlin)) == ["1", "2", "3", "4"]
    assert ids(pages(database, query)) == ["0", "1", "2", "3"]


def test_an_empty_window_is_empty(database: Connection) -> None:
    assert ids(pages(database, QUERY.replace("requests", "(SELECT * FROM requests LIMIT 0) AS none"))) == []


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        (QUERY.replace("requests", "nothing"), 'relation "nothing" does not exist'),
        (
            QUERY.replace("*", "id, at, payload, code AS kode"),
            "no column 'code'; found: .*did you mean 'kode'",
        ),
        (QUERY.replace("*", "*, :other"), "bind parameter 'other'"),
        (QUERY.replace("*", "*, lo_create(0)"), "read-only transaction"),
        ("DROP TABLE requests -- :window_start :window_end", "syntax error"),
    ],
)
def test_a_query_that_cannot_be_used_is_named(database: Connection, query: str, problem: str) -> None:
    with pytest.raises(SourceConfigError, match=problem):
        pages(database, query)
    assert len(ids(pages(database, QUERY))) == 4


def test_a_database_that_is_away_can_be_asked_again(database: Connection) -> None:
    away = Connection("dwh", "postgres", "127.0.0.1", "x", "me", 1, "hunter2")
    with pytest.raises(SourceTimeout, match="connection 'dwh' cannot be reached") as error:
        pages(away, "SELECT :window_start, :window_end")
    assert "hunter2" not in str(error.value)


def test_a_table_without_the_right_to_read_it_is_refused(database: Connection, database_url: str) -> None:
    engine = sa.create_engine(database_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE ROLE stranger LOGIN PASSWORD 'hunter2'"))
    stranger = Connection("dwh", "postgres", database.host, database.schema, "stranger", None, "hunter2")
    try:
        with pytest.raises(SourceAuthError, match="refuses access: permission denied for table requests"):
            pages(stranger, QUERY)
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("DROP ROLE stranger"))


def test_a_query_that_takes_too_long_is_given_up(database: Connection) -> None:
    hurried = Connection(
        "dwh", "postgres", database.host, database.schema, database.login,
        extra={"options": "-c statement_timeout=200", "cursor": "dictcursor"},
    )  # fmt: skip
    with pytest.raises(SourceTimeout, match="statement timeout"):
        pages(hurried, QUERY.replace("*", "*, pg_sleep(5)"))


def test_sqlite_is_a_database_too(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'x.db'}", poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE requests (id, at, payload, code)"))
        for hour in (-1, 0, 23, 24):
            row: dict[str, Any] = {"id": hour, "at": (WINDOW.start + timedelta(hours=hour)).isoformat()}
            connection.execute(sa.text("INSERT INTO requests VALUES (:id, :at, NULL, 1)"), row)
    assert ids(pages(Connection("dwh", "sqlite", schema=str(tmp_path / "x.db")), QUERY)) == [
        "0",
        "23",
    ]


def test_another_kind_of_connection_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(SourceError, match="of type 'mysql'; allowed: postgres, postgresql, sqlite"):
        pages(Connection("dwh", "mysql"), "SELECT :window_start, :window_end")
