"""A model that got worse is one problem from the window that opened it, and asks for a new model once."""

from pathlib import Path

import pytest

from modelwatch.steps.retraining import request_retraining
from support.label_days import DAY, LabelDays, window_of

EPISODES = 'SELECT "check", members, status, first_window_start, closed_window_start FROM episode ORDER BY id'
REQUESTS = "SELECT count(*), count(ended_at) FROM retraining_request"


@pytest.fixture
def days(database_url: str, tmp_path: Path) -> LabelDays:
    return LabelDays(database_url, tmp_path, more="retraining: {cooldown: P5D}")


def test_concept_drift_opens_one_episode_and_asks_for_one_model(days: LabelDays) -> None:
    days.nights(range(2))
    days.nights(range(2, 5), wrong=True)
    assert days.rows_of(EPISODES) == []
    assert request_retraining(days.run(4)) is None
    days.nights(range(5, 7))
    ((check, members, status, first, closed),) = days.rows_of(EPISODES)
    assert (check, status, first, closed) == ("performance", "open", window_of(2).start, None)
    assert {"performance:recall", "performance:roc_auc"} <= set(members)
    asked = request_retraining(days.run(6))
    assert asked is not None
    assert asked == request_retraining(days.run(6)), "a retry hears the same"
    assert (asked["monitor"], asked["since"]) == ("churn", "2026-03-03T00:00:00Z")
    assert {one["metric"] for one in asked["findings"]} >= {"recall", "roc_auc"}
    assert request_retraining(days.run(7)) is None
    assert request_retraining(days.run(6, "backfill")) is None
    assert days.rows_of(REQUESTS) == [(1, 0)]
    days.nights(range(7, 10))
    ((_, _, status, _, closed),) = days.rows_of(EPISODES)
    assert (status, closed) == ("closed", window_of(6).start)
    assert request_retraining(days.run(9)) is None
    assert days.rows_of(REQUESTS) == [(1, 1)]


def test_no_other_model_is_asked_for_before_the_cooldown_is_over(days: LabelDays) -> None:
    days.nights([0], wrong=True)
    days.nights([1, 2, 3])
    assert request_retraining(days.run(3)) is not None
    days.nights([4], wrong=True)
    days.nights([5, 6, 7, 8])
    assert [status for _, _, status, *_ in days.rows_of(EPISODES)] == ["closed", "open"]
    soon = days.run(7)
    assert soon.moment < days.run(3).moment + 5 * DAY
    assert request_retraining(soon) is None
    assert request_retraining(days.run(8)) is not None
    assert days.rows_of(REQUESTS) == [(2, 1)]


def test_groups_that_are_treated_differently_given_the_truth_are_a_problem_but_no_reason_to_retrain(
    days: LabelDays,
) -> None:
    days.nights([0, 1], unfair=True)
    days.nights([2, 3, 4])
    found = days.rows_of(EPISODES)
    assert ["performance:gender"] in [members for _, members, *_ in found]
    statement = "SELECT status FROM result WHERE metric = 'false_positive_rate_difference' ORDER BY evaluation_id"
    assert [status for (status,) in days.rows_of(statement)].count("alert") == 2
    assert request_retraining(days.run(4)) is None
