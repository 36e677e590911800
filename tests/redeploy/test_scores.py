"""The scores of the same requests, in bins that are tenths of the old version's."""

import numpy as np

from modelwatch.redeploy.asking import Answer, Ask, StoredRequest
from modelwatch.redeploy.plan import Order
from modelwatch.redeploy.scores import score_bins
from modelwatch.redeploy.table import Story


def story(old: list[float | None], new: list[float | None]) -> Story:
    given = {"v1": old, "v2": new}
    asks = [Ask("replay", version, row) for row in range(len(old)) for version in given]
    answers = {ask.key: Answer(200, given[ask.version][ask.row], None, 0.01) for ask in asks}
    requests = [StoredRequest(str(row), {}) for row in range(len(old))]
    return Story(requests, Order(tuple(range(len(old))), frozenset()), asks, answers, "v2", "v1")


def test_each_bin_holds_a_tenth_of_the_old_scores_and_every_new_one() -> None:
    scores = (np.arange(100) / 100).tolist()
    found = score_bins(story(scores, [0.5] * 100))
    assert [one.old for one in found] == [10] * 10
    assert sum(one.new for one in found) == max(one.new for one in found) == 100
    assert found[0].label.startswith("below")
    assert found[-1].label.endswith("and more")


def test_requests_that_only_one_version_scored_are_left_out() -> None:
    found = score_bins(story([0.1, 0.2, None, 0.4], [0.1, None, 0.3, 0.4]))
    assert (sum(one.old for one in found), sum(one.new for one in found)) == (2, 2)


def test_scores_that_are_all_the_same_are_one_bin_beside_what_lies_below() -> None:
    found = score_bins(story([0.2] * 20, [0.1] * 20))
    assert [(one.old, one.new) for one in found] == [(0, 20), (20, 0)]


def test_without_scores_there_are_no_bins() -> None:
    assert score_bins(story([None], [None])) == ()
