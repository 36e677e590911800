"""The store on a real Postgres: idempotent, numbered, immutable, and built by its migrations alone."""

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from pytest_alembic.tests import (  # noqa: F401  # pytest collects them here
    test_model_definitions_match_ddl,
    test_single_head_revision,
    test_up_down_consistency,
    test_upgrade,
)

from modelwatch.domain import Measurement, Result, Window
from modelwatch.errors import StoreError
from modelwatch.store import engine, repository
from support.evaluations import DAY, RESULTS, WINDOW, count, evaluation, save


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


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE evaluation SET verdict = 'ok'",
        "UPDATE evaluation SET number = number + 1",
        "DELETE FROM evaluation",
        "UPDATE result SET value = 0",
        "DELETE FROM result",
        "UPDATE monitor_config SET content = '{}'",
        "TRUNCATE result",
        "TRUNCATE evaluation CASCADE",
    ],
)
def test_what_was_judged_cannot_be_changed(database_url: str, statement: str) -> None:
    save(database_url, evaluation())
    with pytest.raises(sa.exc.InternalError, match="immutable"), engine.session(database_url) as session:
        session.execute(sa.text(statement))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_nan_and_no_infinity_enters_the_store(database_url: str, value: float) -> None:
    result = Result(Measurement("feature_drift", "psi", value, 1, 1, feature="x"), "ok")
    with pytest.raises(sa.exc.IntegrityError, match="value_finite"):
        save(database_url, evaluation(), [result])


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE probe SET verdict = 'fine'", "ck_evaluation_verdict"),
        ("UPDATE probe SET coverage = 1.1", "ck_evaluation_coverage"),
        ("UPDATE probe SET coverage = 'NaN'", "ck_evaluation_coverage"),
        ("UPDATE probe SET window_end = window_start", "ck_evaluation_window"),
        ("UPDATE probe SET number = 0", "ck_evaluation_number"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(database_url: str, statement: str, constraint: str) -> None:
    save(database_url, evaluation())
    with engine.session(database_url) as session:
        session.execute(sa.text("CREATE TEMPORARY TABLE probe (LIKE evaluation INCLUDING CONSTRAINTS)"))
        session.execute(sa.text("INSERT INTO probe SELECT * FROM evaluation"))
        with pytest.raises(sa.exc.IntegrityError, match=constraint):
            session.execute(sa.text(statement))


@pytest.mark.parametrize(("check", "status"), [("drift", "ok"), ("quality", "fine")])
def test_an_unknown_check_or_status_is_refused(database_url: str, check: Any, status: Any) -> None:
    with pytest.raises(sa.exc.IntegrityError, match=r"ck_result_(check|status)"):
        save(database_url, evaluation(), [Result(Measurement(check, "psi", 0.1, 1, 1), status)])


def test_the_same_run_twice_at_once_is_stored_once(database_url: str) -> None:
    barrier, ids = threading.Barrier(4), []

    def one() -> None:
        barrier.wait()
        ids.append(save(database_url, evaluation()))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(ids), len(set(ids)), count(database_url, "evaluation")) == (4, 1, 1)


def test_another_window_does_not_wait_for_a_run_that_is_storing(database_url: str) -> None:
    days = [Window(WINDOW.start + i * DAY, WINDOW.end + i * DAY) for i in range(3)]
    save(database_url, evaluation(days[0]))  # the config is stored
    impatient = f"{database_url}&options=-clock_timeout%3D5000"
    with engine.session(database_url) as session, session.begin():
        repository.save_evaluation(session, evaluation(days[1]), RESULTS, [], None)
        assert save(impatient, evaluation(days[2]))
    engine.make_engine(impatient).dispose()
    assert count(database_url, "evaluation") == 3


def test_hundreds_of_results_are_one_statement(database_url: str) -> None:
    many = [
        Result(Measurement("feature_drift", metric, 0.1, 9, 9, feature=f"f{i}"), "ok")
        for i in range(50)
        for metric in ("psi", "ks_statistic", "js_distance", "wasserstein", "chi2")
    ]
    seen: list[str] = []

    def remember(*arguments: Any) -> None:
        seen.append(arguments[2])

    connected = engine.make_engine(database_url)
    sa.event.listen(connected, "before_cursor_execute", remember)
    save(database_url, evaluation(), many)
    sa.event.remove(connected, "before_cursor_execute", remember)
    assert len([statement for statement in seen if "INTO result" in statement]) == 1
    assert count(database_url, "result") == 250


def test_what_postgres_cannot_hold_does_not_cost_the_verdict(database_url: str) -> None:
    measured = Measurement("quality", "unseen_share", 0.1, 9, 9, feature="mcc", evidence="'a\0b' and '\ud800' are new")
    new = evaluation(sample={"rejects": [["mcc", "odd", 1, "'\0'"]]}, reason="\0")
    stored = save(database_url, new, [Result(measured, "alert", 0.05)])
    with engine.session(database_url) as session:
        loaded = repository.load_evaluation(session, stored)
    assert loaded.results[0].measurement.evidence == "'a\ufffdb' and '\ufffd' are new"
    assert loaded.reason == "\ufffd"


def test_an_evaluation_that_is_not_there_is_named(database_url: str) -> None:
    with pytest.raises(StoreError, match="no evaluation 7"), engine.session(database_url) as session:
        repository.load_evaluation(session, 7)
