"""Nothing yet, two hundred monitors, two years of fifty features: the pages stay readable and quick."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from modelwatch.history import Mark
from modelwatch.pages import Pages
from modelwatch.settings import Settings
from modelwatch.store import engine, reading
from modelwatch.store.engine import EmbeddedPostgres
from support.many_windows import write_monitors, write_years
from support.page_client import NOW, PageClient, page_client
from support.postgres import migrated_database
from support.stored_story import settings_of

DAYS, FEATURES, MONITORS = 730, 50, 200
# Of this process, so that a busy machine does not fail it; the rest of the 300 ms is Postgres, whose plan is below.
MODEL_SECONDS = 0.3


@pytest.fixture(scope="module")
def years(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with migrated_database(postgres) as url:
        write_years(url, "big", until=NOW, days=DAYS, features=FEATURES)
        write_monitors(url, MONITORS, until=NOW)
        folder = tmp_path_factory.mktemp("years")
        yield settings_of(url, folder, monitors=folder)


@pytest.fixture(scope="module")
def client(years: Settings) -> Iterator[PageClient]:
    with page_client(years) as found:
        yield found


def test_an_empty_store_says_what_to_do(empty: PageClient) -> None:
    text = empty.page("/").text
    assert "No model is watched yet" in text
    assert "modelwatch init churn --reference churn.parquet" in text
    assert empty.get("/api/monitors").json() == {"schema_version": "1", "monitors": []}
    assert empty.get("/metrics").text.endswith("# EOF\n")
    assert empty.get("/monitors/fraud").status_code == 404


def test_a_monitor_file_that_was_never_judged_is_listed_last(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "churn.yaml").write_text("monitor: churn\n")
    write_monitors(database_url, 1, until=NOW)
    with page_client(settings_of(database_url, tmp_path, monitors=tmp_path)) as found:
        text = found.page("/").text
    assert text.index("model_000") < text.index("churn never judged")
    assert "no window judged yet: unpause its Dag, or trigger it" in text


def test_two_hundred_monitors_are_listed_worst_first_and_filtered(client: PageClient) -> None:
    text = client.page("/").text
    assert f"{MONITORS + 1} of {MONITORS + 1} models" in text
    listed = client.get("/api/monitors").json()["monitors"]
    order = ["alert", "warning", "not_measured", "insufficient_data", "ok"]
    ranks = [order.index(one["verdict"]) for one in listed]
    assert ranks == sorted(ranks)
    assert "1 of 201 models" in client.page("/?q=model_137").text
    assert "29 of 201 models" in client.page("/?owner=team-3").text


def test_the_page_of_a_model_with_two_years_takes_less_than_the_limit(years: Settings) -> None:
    pages = Pages(years)
    used = []
    for _ in range(5):
        start = time.process_time()
        view = pages.model("big", days=60, now=NOW)
        used.append(time.process_time() - start)
    assert view is not None
    assert len(view.heat.rows) == FEATURES
    assert min(used) < MODEL_SECONDS


def test_two_years_are_shown_by_weeks_each_leading_to_its_worst_window(years: Settings) -> None:
    view = Pages(years).model("big", days=730, now=NOW)
    assert view is not None
    assert 104 <= len(view.heat.columns) <= 106
    drifted = next(row for row in view.heat.rows if row.name == "feature_9")
    assert {cell.level for cell in drifted.cells if cell} >= {"alert"}
    worst = [column for column in view.heat.columns if column.verdict == "alert"]
    assert len(worst) >= 20


def test_the_queries_of_a_model_use_indexes_and_read_no_profile(years: Settings) -> None:
    statements: list[tuple[str, object]] = []
    bind = engine.make_engine(years.database_url or "")

    def note(_c: object, _cursor: object, statement: str, parameters: object, _x: object, _m: object) -> None:
        statements.append((statement, parameters))

    sa.event.listen(bind, "before_cursor_execute", note)
    try:
        Pages(years).model("big", days=60, now=NOW)
    finally:
        sa.event.remove(bind, "before_cursor_execute", note)
    assert not [text for text, _ in statements if "profile" in text]
    assert len(statements) <= 11
    with bind.connect() as connection:
        for text, parameters in statements:
            plan = connection.exec_driver_sql(f"EXPLAIN {text}", parameters).scalars().all()
            assert not [line for line in plan if "Seq Scan on result" in line or "Seq Scan on evaluation" in line], plan
            if "result.rank IS NOT NULL" in text.partition("WHERE")[2]:
                assert any("ix_result_findings" in line for line in plan), plan
            if "DISTINCT ON" in text:
                assert any("ix_result_judged" in line for line in plan), plan


def test_a_span_asks_only_for_its_own_windows(years: Settings) -> None:
    with engine.session(years.database_url) as session:
        found = reading.marks(session, ["big"], since=NOW - timedelta(days=10), until=NOW)["big"]
    assert len(found) == 9
    assert all(isinstance(mark, Mark) for mark in found)
