"""The store on a real Postgres: idempotent, numbered, immutable, and built by its migrations alone."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from pytest_alembic.tests import (  # noqa: F401  # pytest collects them here
    test_model_definitions_match_ddl,
    test_single_head_revision,
    test_up_down_consistency,
    test_upgrade,
)

from modelwatch.domain import Connection, Measurement, Result, Window
from modelwatch.errors import StoreError
from modelwatch.store import engine, repository
from modelwatch.store.repository import NewEvaluation, StoredProfile

DAY = timedelta(days=1)
WINDOW = Window(datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 6, tzinfo=UTC))
RESULTS = [
    Result(Measurement("feature_drift", "psi", 0.02, 30_000, 4_000, feature="hour", effect=0.0), "ok", 0.1, 0.8),
    Result(
        Measurement("feature_drift", "psi", 2.3, 30_000, 4_000, feature="amount", effect=2.3, evidence="x100"),
        "alert",
        0.25,
        1e-9,
    ),
    Result(Measurement("quality", "row_count", 4_000.0, 30_000, 4_000), "ok", 500.0),
]


def evaluation(window: Window = WINDOW, **changes: Any) -> NewEvaluation:
    new = NewEvaluation(
        monitor="fraud",
        window=window,
        run_id="scheduled__1",
        run_type="scheduled",
        config_sha256="c0ffee",
        config={"monitor": "fraud"},
        content_digest="d1",
        verdict="alert",
        reason=None,
        page=True,
        n_reference=30_000,
        n_current=4_000,
        coverage=1.0,
        sample={"n_seen": 4_000},
    )
    return replace(new, **changes)


def save(url: str, new: NewEvaluation, results: list[Result] = RESULTS, content: bytes = b"counts") -> int:
    profile = StoredProfile(new.window, "cells", new.n_current, content)
    findings = [result for result in results if result.status == "alert"]
    with engine.session(url) as session, session.begin():
        return repository.save_evaluation(session, new, results, findings, profile)


def count(url: str, table: str) -> int:
    with engine.session(url) as session:
        return int(session.scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0)  # noqa: S608  # a name from below


def test_what_is_saved_is_loaded(database_url: str) -> None:
    stored = save(database_url, evaluation())
    with engine.session(database_url) as session:
        loaded = repository.load_evaluation(session, stored)
    assert list(loaded.results) == RESULTS
    assert list(loaded.findings) == [RESULTS[1]]
    assert (loaded.verdict, loaded.page, loaded.window, loaded.number) == ("alert", True, WINDOW, 1)


def test_a_retry_of_the_same_run_changes_nothing(database_url: str) -> None:
    assert save(database_url, evaluation()) == save(database_url, evaluation())
    assert (count(database_url, "evaluation"), count(database_url, "result")) == (1, 3)


def test_a_new_run_of_the_window_adds_the_next_number_and_becomes_current(database_url: str) -> None:
    save(database_url, evaluation())
    save(database_url, evaluation(run_id="manual__2", verdict="ok", content_digest="d2"))
    with engine.session(database_url) as session:
        current = repository.current_evaluations(session, "fraud")
    assert [(one.number, one.verdict) for one in current] == [(2, "ok")]
    assert count(database_url, "evaluation") == 2


def test_concurrent_runs_of_one_window_get_consecutive_numbers(database_url: str) -> None:
    barrier = threading.Barrier(4)

    def one(number: int) -> None:
        barrier.wait()
        save(database_url, evaluation(run_id=f"run {number}"))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.session(database_url) as session:
        numbers = session.scalars(sa.text("SELECT number FROM evaluation ORDER BY number")).all()
    assert list(numbers) == [1, 2, 3, 4]


def test_a_task_killed_half_way_leaves_nothing(database_url: str) -> None:
    broken = [*RESULTS, RESULTS[0]]  # the natural key twice: the transaction fails after the evaluation was written
    with pytest.raises(sa.exc.IntegrityError):
        save(database_url, evaluation(), broken)
    assert [count(database_url, name) for name in ("evaluation", "result", "profile", "monitor_config")] == [0] * 4


@pytest.mark.parametrize("statement", ["UPDATE evaluation SET verdict = 'ok'", "DELETE FROM result"])
def test_what_was_judged_cannot_be_changed(database_url: str, statement: str) -> None:
    save(database_url, evaluation())
    with pytest.raises(sa.exc.InternalError, match="immutable"), engine.session(database_url) as session:
        session.execute(sa.text(statement))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_nan_and_no_infinity_enters_the_store(database_url: str, value: float) -> None:
    result = Result(Measurement("feature_drift", "psi", value, 1, 1, feature="x"), "ok")
    with pytest.raises(sa.exc.IntegrityError, match="value_finite"):
        save(database_url, evaluation(), [result])


def test_profiles_of_a_span_are_of_current_windows_without_overlap(database_url: str) -> None:
    days = [Window(WINDOW.start + i * DAY, WINDOW.end + i * DAY) for i in range(3)]
    for number, day in enumerate(days):
        save(database_url, evaluation(day), content=f"day {number}".encode())
    save(database_url, evaluation(days[1], run_id="again", content_digest="d2"), content=b"day 1 again")
    save(database_url, evaluation(Window(days[0].start, days[2].end)), content=b"all three days")
    with engine.session(database_url) as session:
        found = repository.profiles_in(session, "fraud", days[0].start, days[2].end)
        before_last = repository.profiles_in(session, "fraud", days[0].start, days[2].start)
    assert [one.content for one in found] == [b"day 0", b"day 1 again", b"day 2"]
    assert [one.content for one in before_last] == [b"day 0", b"day 1 again"]


def test_recent_judgements_skip_windows_that_were_not_measured(database_url: str) -> None:
    days = [Window(WINDOW.start + i * DAY, WINDOW.end + i * DAY) for i in range(4)]
    for day, verdict in zip(days, ("alert", "not_measured", "ok", "alert"), strict=True):
        save(database_url, evaluation(day, verdict=verdict))
    with engine.session(database_url) as session:
        recent = repository.recent_judgements(session, "fraud", before=days[3], limit=5)
    assert [one.verdict for one in recent] == ["ok", "alert"]
    assert [r.measurement.feature for r in recent[0].findings] == ["amount"]


def test_an_alert_is_remembered(database_url: str) -> None:
    stored = save(database_url, evaluation())
    with engine.session(database_url) as session, session.begin():
        assert repository.lock_alert(session, stored) is None
        repository.record_alert(session, stored, "#fraud-oncall", "171.2")
    with engine.session(database_url) as session:
        assert repository.lock_alert(session, stored) == "171.2"


def test_migrating_twice_and_at_once_is_safe(postgres: engine.EmbeddedPostgres) -> None:
    postgres.create_database("twice")
    url = postgres.url("twice")
    threads = [threading.Thread(target=engine.migrate, args=(url,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(url, "evaluation") == 0


def test_a_store_without_tables_says_what_to_run(postgres: engine.EmbeddedPostgres) -> None:
    postgres.create_database("empty")
    with pytest.raises(StoreError, match="run `modelwatch migrate`"):
        save(postgres.url("empty"), evaluation())


def test_a_store_that_is_away_is_named_without_its_password() -> None:
    with pytest.raises(StoreError, match="cannot be reached") as error:
        save("postgresql+psycopg2://me:hunter2@127.0.0.1:1/nothing", evaluation())
    assert "hunter2" not in str(error.value)


def test_the_stores_connection_becomes_a_url() -> None:
    connection = Connection("store", "postgres", "db.example.com", "watch", "me", 5433, "p@ss/word")
    assert engine.database_url(connection) == "postgresql+psycopg2://me:p%40ss%2Fword@db.example.com:5433/watch"
    with pytest.raises(StoreError, match="of type 'mysql'"):
        engine.database_url(replace(connection, conn_type="mysql"))
