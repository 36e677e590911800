"""How a version uses a sensitive feature is told overall, by group, and by segment, each with its interval."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from benchmarks.redeploy_cases import RULES

from modelwatch.domain import Measurement
from modelwatch.redeploy.asking import Answer, StoredRequest, Values
from modelwatch.redeploy.plan import Questions, order_of, plan
from modelwatch.redeploy.sensitivity import measure_sensitivity
from modelwatch.redeploy.table import Story
from modelwatch.verdict import judge

Model = Callable[[Values], float]
N = 1_000
CHANNELS = ("app", "web", "web", "web", "web")
REQUESTS = [
    {"amount": float(i * 7 % N), "group": "ab"[i // 5 % 2], "channel": CHANNELS[i % 5], "rare": i < 10}
    for i in range(N)
]
SEGMENTS = {
    **{f"channel={name}": np.asarray([one["channel"] == name for one in REQUESTS]) for name in ("app", "web")},
    "rare=true": np.asarray([bool(one["rare"]) for one in REQUESTS]),
}


def fair(values: Values, *, weight: float = 1.0) -> float:
    return weight * float(values["amount"] or 0) / N


def unfair(values: Values, *, channels: tuple[str, ...]) -> float:
    return fair(values) + (0.2 if values["group"] == "b" and values["channel"] in channels else 0.0)


def measured(new: Model, *, budget: int = 4_000) -> list[Measurement]:
    """The old version is fair; the amount stands for the group."""
    stored = [StoredRequest(str(i), one, "v1", fair(one), fair(one) >= 0.9) for i, one in enumerate(REQUESTS)]
    labels = [str(one["group"]) for one in REQUESTS]
    questions = Questions("v2", "v1", budget, {"group": labels}, {"group": {"a": "a", "b": "b"}}, {"group": ["amount"]})
    order = order_of(stored)
    asks = plan(stored, order, questions)
    models: dict[str, Model] = {"v1": fair, "v2": new}
    answers = {ask.key: answer({**REQUESTS[ask.row], **ask.changed}, models[ask.version]) for ask in asks}
    return measure_sensitivity(Story(stored, order, asks, answers, "v2", "v1"), SEGMENTS)


def answer(values: Values, model: Model) -> Answer:
    score = model(values)
    return Answer(200, score, score >= 0.9, 0.01)


def named(found: list[Measurement], metric: str) -> set[str | None]:
    findings = judge(found, RULES, n_current=N).findings
    return {one.measurement.group for one in findings if one.measurement.metric == metric}


def test_a_dependence_in_one_segment_alone_is_named_there() -> None:
    found = measured(partial(unfair, channels=("app",)))
    assert "channel=app" in named(found, "counterfactual_score_shift")
    assert "channel=web" not in named(found, "counterfactual_score_shift")


def test_a_dependence_everywhere_names_no_segment() -> None:
    found = measured(partial(unfair, channels=("app", "web")))
    assert named(found, "counterfactual_score_shift") == {None, "group=a", "group=b"}
    share = {m.group: m.value or 0.0 for m in found if m.metric == "counterfactual_flip_share"}
    assert share["group=a"] + share["group=b"] == pytest.approx(2 * share[None], rel=0.2)
    [elsewhere] = [m for m in found if (m.metric, m.group) == ("counterfactual_score_shift", "channel=app")]
    assert elsewhere.reason == "not twice as much as elsewhere"


def test_each_segment_has_an_interval_or_says_how_many_requests_it_needs() -> None:
    found = measured(partial(unfair, channels=("app",)))
    for metric in ("counterfactual_flip_share", "counterfactual_score_shift", "proxy_score_shift"):
        mine = {m.group: m for m in found if m.metric == metric}
        assert set(SEGMENTS) <= set(mine)
        for name in ("channel=app", "channel=web"):
            one = mine[name]
            assert one.value is not None and one.ci_low is not None and one.ci_high is not None
            assert one.ci_low <= one.value <= one.ci_high
        assert "20 are needed" in (mine["rare=true"].reason or "")
        assert not mine["rare=true"].sufficient


def test_a_proxy_that_counts_for_more_in_one_segment_is_named_there() -> None:
    def new(values: Values) -> float:
        return fair(values, weight=3.0 if values["channel"] == "app" else 1.0)

    assert "channel=app" in named(measured(new), "proxy_score_shift")


@pytest.mark.parametrize("where", [("app",), ("app", "web")])
def test_noise_is_not_taken_for_unfairness(where: tuple[str, ...]) -> None:
    rng = np.random.default_rng(4)

    def noisy(values: Values) -> float:
        return fair(values) + (float(rng.normal(0, 0.1)) if values["channel"] in where else 0.0)

    found = measured(noisy)
    for metric in ("counterfactual_flip_share", "counterfactual_score_shift", "proxy_score_shift"):
        assert named(found, metric) == set()


def test_every_group_is_asked_about_near_the_decision_and_away_from_it() -> None:
    stored = [StoredRequest(str(i), {"group": "a"}, "v1", i / N, i >= 900) for i in range(N)]
    groups = {"group": {name: name for name in "abcde"}}
    order = order_of(stored)
    asks = plan(stored, order, Questions("v2", "v1", 600, {"group": ["a"] * N}, groups))
    asked = {(ask.level, ask.row in order.near) for ask in asks if ask.kind == "counterfactual"}
    assert asked == {(level, near) for level in "bcde" for near in (True, False)}
