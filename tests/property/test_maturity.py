"""The arrival curve and what is estimated from it, for all counts; and how often a simulated estimate is right."""

import numpy as np
import pytest
from benchmarks import late_labels
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from modelwatch.errors import MetricInputError
from modelwatch.maturity import METRICS, Arrivals, Arrived, arrived_by, estimates, figures, first_age

AGES = 6
COUNTS = arrays.arrays(np.int64, st.tuples(st.integers(5, 9), st.just(AGES)), elements=st.integers(0, 40))
TABLES = arrays.arrays(np.int64, (2, 2), elements=st.integers(0, 50))
SHARES = st.floats(0.02, 1.0)


def followed(counts: np.ndarray) -> Arrivals:
    return Arrivals(counts, np.full(len(counts), AGES))


@given(COUNTS)
def test_of_cohorts_followed_to_the_end_the_curve_is_the_share_of_their_labels(counts: np.ndarray) -> None:
    arrivals, total = followed(counts), counts.sum()
    for age in range(1, AGES + 1):
        found = arrived_by(arrivals, age)
        if found is not None:
            assert found.share == pytest.approx(counts[:, :age].sum() / total, abs=1e-9)
            assert 0 <= found.variance <= found.share * (1 - found.share) + 1e-12


@given(COUNTS, st.data())
def test_the_curve_rises_to_one_whatever_the_young_cohorts_have_shown(counts: np.ndarray, data: st.DataObject) -> None:
    young = data.draw(arrays.arrays(np.int64, (4, AGES), elements=st.integers(0, 40)))
    observed = np.array([AGES] * len(counts) + [1, 2, 3, 4])
    both = np.concatenate([counts, young]) * (np.arange(AGES)[None, :] < observed[:, None])
    shares = [found.share for age in range(AGES + 1) if (found := arrived_by(Arrivals(both, observed), age))]
    assert shares == sorted(shares)
    assert not shares or shares[-1] == 1.0


def test_a_young_cohort_tells_of_the_steps_that_it_has_shown() -> None:
    """Half of the labels come in the first of two steps, however many have come of a cohort that is in its first."""
    counts = np.array([[10, 10, 0]] * 5 + [[40, 0, 0]])
    found = arrived_by(Arrivals(counts, np.array([3] * 5 + [1])), 1)
    assert found is not None
    assert found.share == pytest.approx(0.5)


def test_too_few_cohorts_are_no_curve_and_an_age_beyond_their_own_is_refused() -> None:
    counts = np.array([[3, 1], [4, 2], [1, 1], [2, 2]])
    assert arrived_by(Arrivals(counts, np.full(4, 2)), 1) is None
    with pytest.raises(MetricInputError, match="at an age that their cohort has not reached"):
        Arrivals(counts, np.array([2, 2, 2, 1]))


def test_a_share_is_reached_at_the_first_age_that_has_it() -> None:
    arrivals = Arrivals(np.tile([6, 3, 1], (5, 1)), np.full(5, 3))
    assert [first_age(arrivals, share) for share in (0.5, 0.6, 0.9, 0.95, 1.0)] == [1, 1, 2, 3, 3]
    assert first_age(Arrivals(np.zeros((5, 3), dtype=np.int64), np.full(5, 3)), 0.9) is None


@settings(max_examples=30)
@given(TABLES, SHARES, SHARES, st.booleans())
def test_an_estimate_lies_in_its_interval_and_in_the_metrics_range(
    come: np.ndarray, slow: float, fast: float, negative: bool
) -> None:
    requests = come.sum(axis=1) + 20
    arrived = {
        (d, y): Arrived(share, 0.1 * share * (1 - share)) for d, share in enumerate((slow, fast)) for y in (0, 1)
    }
    found = estimates(come, requests, arrived, unlabelled_is_negative=negative)
    assert set(found) == set(METRICS)
    for one in found.values():
        assert (one.value is None) == (one.reason is not None)
        if one.value is not None:
            assert 0 <= one.low <= one.value <= one.high <= 1
    assert found == estimates(come, requests, arrived, unlabelled_is_negative=negative)


@given(TABLES)
def test_when_everything_has_come_the_estimate_is_the_figure_itself(come: np.ndarray) -> None:
    arrived = {(d, y): Arrived(1.0, 0.0) for d in (0, 1) for y in (0, 1)}
    truth = figures(come[None].astype(float))
    for name, one in estimates(come, come.sum(axis=1), arrived, unlabelled_is_negative=False).items():
        if np.isfinite(truth[name][0]):
            assert (one.value, one.low, one.high, one.naive) == pytest.approx((truth[name][0],) * 4)
        else:
            assert one.value is one.naive is None


def test_what_is_not_known_of_one_kind_is_said_of_all() -> None:
    come, requests = np.array([[0, 4], [0, 9]]), np.array([900, 40])
    found = estimates(come, requests, {(0, 1): Arrived(0.5, 0.01), (1, 1): None}, unlabelled_is_negative=True)
    assert {one.value for one in found.values()} == {None}
    assert found["recall"].naive == pytest.approx(9 / 13)
    assert "too few earlier windows" in (found["recall"].reason or "")
    early = estimates(come, requests, {(d, 1): Arrived(0.0, 0.0) for d in (0, 1)}, unlabelled_is_negative=True)
    assert early["recall"].reason == "labels do not come this early"


def test_the_naive_recall_of_day_seven_is_a_fifth_too_high_and_the_interval_holds_the_final_one() -> None:
    rng = np.random.default_rng(11)
    trials = [late_labels.trial(rng, 7) for _ in range(150)]
    naive, estimate, held = (np.mean([one[i] for one in trials]) for i in range(3))
    assert naive > 1.2
    assert estimate == pytest.approx(1.0, abs=0.05)
    assert held >= 0.9  # 95 % within what 150 trials can tell; benchmarks/late_labels.py has the figure
