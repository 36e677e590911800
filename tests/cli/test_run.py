"""`modelwatch run` and `migrate`: a window from the API to the store, the named one or the embedded one."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from modelwatch.store import engine
from support import churn
from support.churn_monitor import write_monitor
from support.cli import Outcome, modelwatch
from support.model_api import Api, always, running_api

WINDOW = ("--from", "2026-03-01", "--to", "2026-03-02")
TOKEN = "a-token-of-the-api"


@pytest.fixture
def api(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """The model's API with one day, and the connection to it."""
    write_monitor(folder)
    records = churn.records(churn.requests(1200, start=churn.MARCH))
    with running_api(Api(records=records, size=500)) as running:
        connection = {"conn_type": "http", "host": running.url, "password": TOKEN}
        monkeypatch.setenv("AIRFLOW_CONN_CHURN_API", json.dumps(connection))
        yield running


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with engine.session(url) as session:
        return [tuple(row) for row in session.execute(sa.text(query))]


STORED = "SELECT monitor, verdict, n_current, number, run_type FROM evaluation ORDER BY number"


def test_a_window_is_stored_in_the_database_of_the_settings_and_printed(
    api: Api, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELWATCH_DATABASE_URL", database_url)
    first, second = modelwatch("run", "churn", *WINDOW), modelwatch("run", "churn", *WINDOW)
    assert (first.status, first.err) == (0, "")
    assert first.document["verdict"] == "ok"
    assert (first.document["n_current"], first.document["coverage"]) == (1200, 1.0)
    assert first.document["window"] == {"start": "2026-03-01T00:00:00Z", "end": "2026-03-02T00:00:00Z"}
    assert second.out == first.out
    assert rows(database_url, STORED) == [("churn", "ok", 1200, number, "cli") for number in (1, 2)]
    assert not Path(".modelwatch/postgres").exists()


def test_run_says_what_check_says_of_the_same_requests(
    folder: Path, api: Api, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELWATCH_DATABASE_URL", database_url)
    churn.write(folder / "day.parquet", churn.requests(1200, start=churn.MARCH))
    stored = modelwatch("run", "churn", *WINDOW).document
    assert stored == modelwatch("check", "churn", "--current", "day.parquet", "--output", "json").document


def test_a_window_in_parts_is_judged_as_the_window_at_once(
    folder: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELWATCH_DATABASE_URL", database_url)
    path, requests = write_monitor(folder), churn.requests(1200, start=churn.MARCH)
    hours = requests["requested_at"].to_numpy().astype("datetime64[h]").astype(int) % 24
    (folder / "requests").mkdir()
    for hour in range(0, 24, 6):
        inside = requests.filter(pa.array((hours >= hour) & (hours < hour + 6)))
        churn.write(folder / "requests" / f"{hour:02}.parquet", inside)
    text = path.read_text()
    start, end = text.index("source:"), text.index("columns:")

    def run_with(source: str) -> Outcome:
        path.write_text(
            f"{text[:start]}source: {{type: files, {source}}}\n{text[end:]}".replace("rows: 5000", "rows: 700")
        )
        return modelwatch("run", "churn", *WINDOW)

    at_once = run_with('uri: "requests/*.parquet"')
    in_parts = run_with('uri: "requests/{window_start:%H}.parquet", split: PT6H')
    assert at_once.document["n_current"] == 700
    assert in_parts.document == at_once.document
    (folder / "requests" / "06.parquet").unlink()
    cut_short = run_with('uri: "requests/{window_start:%H}.parquet", split: PT6H')
    assert (cut_short.status, cut_short.document["verdict"]) == (3, "not_measured")
    assert "the part 2026-03-01T06:00:00Z/2026-03-01T12:00:00Z: " in cut_short.document["reason"]


def test_a_drifted_window_is_1_and_stored_with_its_findings(
    api: Api, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELWATCH_DATABASE_URL", database_url)
    api.records = churn.records(churn.requests(1200, start=churn.MARCH, scale=100))
    outcome = modelwatch("run", "churn", *WINDOW, "--output", "table")
    assert outcome.status == 1
    assert outcome.out.splitlines()[0] == "churn  2026-03-01T00:00:00Z/2026-03-02T00:00:00Z  ALERT"
    assert [row[1] for row in rows(database_url, STORED)] == ["alert"]


def test_an_api_that_fails_is_3_and_stored_as_not_measured(
    api: Api, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELWATCH_DATABASE_URL", database_url)
    api.before = always(lambda handler: handler.send_json({}, 503))
    outcome = modelwatch("run", "churn", *WINDOW)
    assert (outcome.status, outcome.document["verdict"]) == (3, "not_measured")
    assert "HTTP 503" in outcome.document["reason"]
    assert [row[1] for row in rows(database_url, STORED)] == ["not_measured"]


def test_the_store_can_be_an_airflow_connection(api: Api, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELWATCH_STORE_CONN_ID", "the_store")
    outcome = modelwatch("run", "churn", *WINDOW)
    assert outcome.status == 2
    assert "connection 'the_store' is not set: export AIRFLOW_CONN_THE_STORE" in outcome.err
    parts = sa.make_url(database_url)
    host = parts.host or parts.query["host"]
    stored = {"conn_type": "postgres", "login": parts.username, "host": host, "schema": parts.database}
    monkeypatch.setenv("AIRFLOW_CONN_THE_STORE", json.dumps({**stored, "port": parts.port}))
    assert modelwatch("run", "churn", *WINDOW).status == 0
    assert len(rows(database_url, STORED)) == 1


def test_without_a_setting_the_embedded_postgres_keeps_it(
    api: Api, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path_factory.mktemp("h")
    monkeypatch.setenv("MODELWATCH_HOME", str(home))
    migrated = modelwatch("migrate")
    assert (migrated.status, migrated.err) == (0, "")
    assert migrated.out.startswith("the store is up to date: postgresql")
    outcomes = [modelwatch("run", "churn", *WINDOW) for _ in range(2)]
    assert [one.status for one in outcomes] == [0, 0]
    with engine.embedded_postgres(home) as server:
        assert rows(server.url("modelwatch"), STORED) == [("churn", "ok", 1200, number, "cli") for number in (1, 2)]
        engine.make_engine(server.url("modelwatch")).dispose()


def test_migrate_creates_the_tables_and_may_be_repeated(
    folder: Path, postgres: engine.EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.create_database("fresh")
    url = postgres.url("fresh")
    monkeypatch.setenv("MODELWATCH_DATABASE_URL", url)
    outcomes = [modelwatch("migrate") for _ in range(2)]
    assert [(one.status, one.err) for one in outcomes] == [(0, "")] * 2
    assert outcomes[0].out == outcomes[1].out
    assert rows(url, "SELECT count(*) FROM current_evaluation") == [(0,)]
    engine.make_engine(url).dispose()
    postgres.drop_database("fresh")


MISTAKES = [
    ("postgresql://u:hunter2@127.0.0.1:1/x", "the store postgresql://u:***@127.0.0.1:1/x cannot be reached"),
    ("mysql://u:hunter2@127.0.0.1/x", "the store is Postgres; MODELWATCH_DATABASE_URL names 'mysql'"),
    ("hunter2", "the store's URL is malformed (not shown: it may hold a password); write MODELWATCH_DATABASE_URL="),
]


@pytest.mark.parametrize(("url", "words"), MISTAKES)
def test_a_store_that_cannot_be_used_is_2_and_no_password_is_shown(
    api: Api, monkeypatch: pytest.MonkeyPatch, url: str, words: str
) -> None:
    monkeypatch.setenv("MODELWATCH_DATABASE_URL", url)
    for outcome in (modelwatch("migrate"), modelwatch("run", "churn", *WINDOW)):
        assert (outcome.status, outcome.out) == (2, "")
        assert words in outcome.err
        assert "hunter2" not in outcome.err


def test_a_missing_connection_names_the_variable_and_its_forms(
    api: Api, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELWATCH_DATABASE_URL", database_url)
    monkeypatch.delenv("AIRFLOW_CONN_CHURN_API")
    outcome = modelwatch("run", "churn", *WINDOW)
    assert (outcome.status, outcome.out) == (2, "")
    assert "connection 'churn_api' is not set: export AIRFLOW_CONN_CHURN_API as a URI" in outcome.err


@pytest.mark.parametrize(
    "given", [("2026-03-02", "2026-03-01"), ("2026-03-01", "2026-03-01"), ("monday", "2026-03-01")]
)
def test_a_window_that_is_none_is_2(api: Api, given: tuple[str, str]) -> None:
    outcome = modelwatch("run", "churn", "--from", given[0], "--to", given[1])
    assert (outcome.status, outcome.out) == (2, "")
    assert "--to must be after --from" in outcome.err or "--from: 'monday' is not an ISO 8601 date" in outcome.err


def test_a_window_of_another_zone_asks_the_api_for_its_edges_in_utc(
    folder: Path, api: Api, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELWATCH_DATABASE_URL", database_url)
    start = churn.MARCH + timedelta(hours=6)
    modelwatch("run", "churn", "--from", "2026-03-01T07:00:00+01:00", "--to", "2026-03-01T18:00:00Z")
    assert api.asked[0].startswith(f"/cursor?since={start:%Y-%m-%dT%H}%3A00%3A00Z&until=2026-03-01T18%3A00%3A00Z")
