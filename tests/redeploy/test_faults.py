"""What is certainly wrong in a segment is told from what is only otherwise there, and small segments are listed."""

import numpy as np
from benchmarks.redeploy_cases import RULES

from modelwatch.calibration.paired import Flags
from modelwatch.domain import Judgement, Measurement, Result
from modelwatch.redeploy.asking import Answer, Ask, StoredRequest
from modelwatch.redeploy.plan import order_of
from modelwatch.redeploy.replay import measure_replay
from modelwatch.redeploy.table import Story
from modelwatch.redeploy.verdict import Comparison, compare, judge_probes

N = 300  # stored requests, a fifth of them of one segment, each with a score of its own
SEGMENTS = {"channel=atm": np.arange(N) % 5 == 0, "channel=web": np.arange(N) % 5 != 0, "rare": np.arange(N) < 8}
ATM = SEGMENTS["channel=atm"]
SCORES = (np.arange(N) * 7 % N) / N
FAILED = Answer(500, seconds=0.01)


def replayed(
    answers: list[Answer], groups: dict[str, Flags] | None = None, *, old: str | None = "v1"
) -> list[Measurement]:
    """The old version answers with the logged scores, or cannot be asked; the new one as given."""
    stored = [StoredRequest(str(i), {}, "v1", score, score >= 0.9) for i, score in enumerate(SCORES.tolist())]
    asks = [
        Ask(kind, version, row)
        for row in range(N)
        for version in sorted({old or "v2", "v2"})
        for kind in ("replay", "repeat")
    ]
    given = {"v1": [scored(score) for score in SCORES.tolist()], "v2": answers}
    story = Story(stored, order_of(stored), asks, {ask.key: given[ask.version][ask.row] for ask in asks}, "v2", old)
    return measure_replay(story, SEGMENTS, groups or {})


def scored(score: float | None) -> Answer:
    return Answer(200, score, None if score is None else score >= 0.9, 0.01)


def judged(measured: list[Measurement]) -> Judgement:
    return judge_probes(measured, RULES, n_answered=N)


def worded(measured: list[Measurement]) -> Comparison:
    return compare(None, judged(measured), groups=())


def alerts(measured: list[Measurement], metric: str) -> set[str | None]:
    return {one.measurement.group for one in judged(measured).findings if one.measurement.metric == metric}


def of(measured: list[Measurement], metric: str, group: str | None) -> Result:
    [found] = [
        one for one in judged(measured).results if (one.measurement.metric, one.measurement.group) == (metric, group)
    ]
    return found


def test_errors_in_one_segment_are_worse_and_name_it() -> None:
    measured = replayed([FAILED if ATM[i] else scored(SCORES[i]) for i in range(N)])
    found = worded(measured)
    assert found.verdict == "worse"
    assert "error_share 1 (channel=atm): without an answer: 0 of 60 -> 60 of 60 (HTTP 500)" in found.reason
    assert "channel=web" not in alerts(measured, "error_share")


def test_an_answer_without_the_score_that_the_old_one_gave_is_none() -> None:
    missing = Answer(200, None, False, 0.01)
    measured = replayed([missing if ATM[i] else scored(SCORES[i]) for i in range(N)])
    assert worded(measured).verdict == "worse"
    assert "channel=atm" in alerts(measured, "error_share")


def test_an_api_that_answers_less_than_is_logged_lacks_nothing() -> None:
    measured = replayed([Answer(200, score, None, 0.01) for score in SCORES.tolist()], old=None)
    assert worded(measured).verdict == "same"


def test_a_new_version_that_answers_nothing_is_worse_than_what_was_logged() -> None:
    assert worded(replayed([FAILED] * N, old=None)).verdict == "worse"


def test_a_segment_whose_scores_no_longer_vary_is_worse() -> None:
    measured = replayed([scored(0.3 if ATM[i] else SCORES[i]) for i in range(N)])
    assert worded(measured).verdict == "worse"
    assert alerts(measured, "score_variety_loss") == {"channel=atm"}


def test_coarser_scores_are_no_fault() -> None:
    measured = replayed([scored(round(float(SCORES[i]), 1)) for i in range(N)])
    assert alerts(measured, "score_variety_loss") == set()
    assert of(measured, "score_variety_loss", None).measurement.value is not None


def test_scores_that_are_no_probabilities_are_worse() -> None:
    measured = replayed([scored(100 * SCORES[i] if ATM[i] else SCORES[i]) for i in range(N)])
    assert worded(measured).verdict == "worse"
    assert alerts(measured, "invalid_score_share") == {None, "channel=atm"}


def test_a_segment_in_another_order_is_named_but_who_is_right_is_not_known() -> None:
    turned = SCORES.copy()
    turned[ATM] = np.sort(SCORES[ATM])[::-1][np.argsort(np.argsort(SCORES[ATM]))]
    measured = replayed([scored(score) for score in turned.tolist()])
    assert worded(measured).verdict == "changed"
    assert alerts(measured, "score_disagreement") == {"channel=atm"}


def test_a_group_that_merely_uses_the_broken_segment_a_little_more_is_not_named() -> None:
    group = (ATM & (np.arange(N) % 2 == 0)) | (~ATM & (np.arange(N) % 3 == 0))
    groups = {"gender=F": group, "gender=M": ~group}
    measured = replayed([FAILED if ATM[i] else scored(SCORES[i]) for i in range(N)], groups)
    assert worded(measured).verdict == "worse"


def test_a_small_segment_is_listed_with_what_it_needs() -> None:
    measured = replayed([scored(score) for score in SCORES.tolist()])
    fewest = {"error_share": 10, "score_variety_loss": 10, "decision_rate_change": 20, "score_shift": 20}
    for metric, n in {**fewest, "score_disagreement": 20}.items():
        found = of(measured, metric, "rare")
        assert (found.status, found.reason) == ("insufficient_data", f"8 requests; {n} are needed")
