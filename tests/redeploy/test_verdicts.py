"""Each way to go wrong is found and named, an identical version is the same; the models asked without a server."""

import pytest
from benchmarks.redeploy_cases import NAMED, compared, is_named

from demo.model import VERSION
from modelwatch.redeploy.asking import Answer, Ask, StoredRequest
from modelwatch.redeploy.behaviour import measure_behaviour
from modelwatch.redeploy.plan import Questions, order_of, plan
from modelwatch.redeploy.table import Story, score_scale

REQUESTS = [
    StoredRequest(str(i), {"amount": float(i), "group": "ab"[i % 2]}, "v1", score=i / 1000, decision=i >= 900)
    for i in range(1000)
]
QUESTIONS = Questions(
    new="v2",
    old="v1",
    budget=500,
    labels={"group": [str(one.values["group"]) for one in REQUESTS]},
    groups={"group": {"a": "a", "b": "b"}},
    proxies={"group": ["amount"]},
    sweeps={"amount": [1.0, 10.0, 100.0]},
    numeric=["amount"],
    donors={"amount": [3.0, 5.0]},
)


@pytest.mark.parametrize("version", NAMED)
def test_a_version_gets_its_verdict_and_what_is_wrong_is_named(version: str) -> None:
    found = compared(version, seed=1)
    assert is_named(found, version), (found.verdict, found.reason)


def test_too_small_a_budget_is_insufficient_rather_than_the_same() -> None:
    assert compared("same", seed=1, budget=60).verdict == "insufficient"


def test_a_plan_is_the_same_every_time_within_its_budget_and_asks_nothing_twice() -> None:
    first, second = (plan(REQUESTS, order_of(REQUESTS), QUESTIONS) for _ in range(2))
    assert first == second
    assert len({ask.key for ask in first}) == len(first) <= QUESTIONS.budget
    assert {ask.kind for ask in first} == {
        "replay", "repeat", "counterfactual", "proxy", "sweep", "stress", "attribution",
    }  # fmt: skip


def test_whatever_is_compared_with_an_unchanged_request_finds_its_answer() -> None:
    asks = plan(REQUESTS, order_of(REQUESTS), QUESTIONS)
    keys = {ask.key for ask in asks}
    for ask in asks:
        if ask.kind in ("repeat", "counterfactual", "proxy", "attribution"):
            assert Ask("replay", ask.version, ask.row).key in keys, ask


def test_half_of_the_requests_are_those_next_to_the_decision() -> None:
    order = order_of(REQUESTS)
    nearest = [row for row in order.rows[:40] if row in order.near]
    assert len(nearest) == 20
    assert set(nearest) == set(range(890, 910))


def test_how_much_of_the_score_comes_from_a_drifted_feature() -> None:
    """The score is 0.002 of the amount; the window's is 400 above the reference's."""
    requests = [StoredRequest(str(i), {"amount": 400.0 + i}, "v1", 0.8 + i / 500, decision=i >= 50) for i in range(100)]
    questions = Questions(new="v2", old="v1", budget=1_000, donors={"amount": [float(i) for i in range(100)]})
    order = order_of(requests)
    asks = plan(requests, order, questions)
    amounts = [{**requests[ask.row].values, **ask.changed}["amount"] for ask in asks]
    answers = {ask.key: Answer(200, float(a or 0) / 500, None, 0.01) for ask, a in zip(asks, amounts, strict=True)}
    story = Story(requests, order, asks, answers, "v2", "v1")
    [explained] = [m for m in measure_behaviour(story, {}) if m.metric == "score_shift_explained"]
    scale = score_scale(requests)
    assert scale is not None
    assert explained.feature == "amount"
    assert explained.ci_low is not None and explained.ci_high is not None
    assert explained.ci_low <= 0.8 / scale <= explained.ci_high


def test_without_a_version_to_ask_for_only_the_new_one_is_asked() -> None:
    questions = Questions(new=VERSION, old=None, budget=200, numeric=["amount"])
    assert {ask.version for ask in plan(REQUESTS, order_of(REQUESTS), questions)} == {VERSION}
