"""Paired tests against statsmodels and scipy, and the mean over two strata against knowing everything."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from modelwatch.calibration.paired import (
    correlations_p_value,
    difference,
    mcnemar_p_value,
    more_often_p_value,
    plain_mean,
    rank_correlation,
    stratified_mean,
    stratified_share,
)

counts = st.integers(min_value=0, max_value=200)


@given(gained=counts, lost=counts)
def test_mcnemar_equals_statsmodels(gained: int, lost: int) -> None:
    expected = mcnemar([[5, gained], [lost, 7]], exact=True).pvalue
    assert mcnemar_p_value(gained, lost) == pytest.approx(expected, rel=1e-9)


@given(k1=counts, more1=counts, k2=counts, more2=counts)
def test_more_often_equals_fishers_exact_test(k1: int, more1: int, k2: int, more2: int) -> None:
    expected = stats.fisher_exact([[k1, more1], [k2, more2]], alternative="greater").pvalue
    assert more_often_p_value(k1, k1 + more1, k2, k2 + more2) == pytest.approx(expected, rel=1e-7)


@given(st.lists(st.floats(-5, 5), min_size=3, max_size=40))
def test_a_mean_against_nothing_is_students_t(values: list[float]) -> None:
    mean = plain_mean(np.asarray(values))
    if mean.error > 1e-9:
        assert mean.p_value() == pytest.approx(stats.ttest_1samp(values, 0).pvalue, rel=1e-6, abs=1e-12)


def test_means_of_two_samples_differ_as_welch_says() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.normal(0.4, 1, 30), rng.normal(0, 3, 80)
    p_value = difference(plain_mean(first), plain_mean(second)).p_value()
    # Whole degrees of freedom, so close and never below.
    assert p_value == pytest.approx(stats.ttest_ind(first, second, equal_var=False).pvalue, rel=0.02)


def test_answers_without_any_spread_are_certain_either_way() -> None:
    assert plain_mean(np.zeros(50)).p_value() == 1.0
    assert plain_mean(np.full(50, 0.1)).p_value() == 0.0


def test_the_mean_over_strata_is_unbiased_and_covered_where_the_plain_one_is_neither() -> None:
    """The nearest 100 of 2,000 differ from the rest, as flips do: taking them all must not inflate the mean."""
    rng, n = np.random.default_rng(5), 2_000
    values = np.concatenate([rng.normal(1.0, 0.5, 100), rng.normal(0.0, 0.5, n - 100)])
    truth, found, covered = values.mean(), [], 0
    for _ in range(400):
        rest = rng.choice(np.arange(100, n), 100, replace=False)
        asked = np.concatenate([values[:100], values[rest]])
        mean = stratified_mean(asked, np.arange(200) < 100, n)
        found.append(mean.value)
        covered += abs(mean.value - truth) <= mean.reach(0.05)
    assert np.mean(found) == pytest.approx(truth, abs=0.005)
    assert covered / 400 >= 0.94
    assert plain_mean(asked).value > truth + 0.3


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=40))
def test_rank_correlation_equals_scipys(both: list[tuple[int, int]]) -> None:
    first, second = np.asarray(both, dtype=np.float64).T
    found = rank_correlation(first, second)
    if found is None:
        assert 1 in (len(set(first)), len(set(second)))
    else:
        assert found == pytest.approx(stats.spearmanr(first, second).statistic, abs=1e-12)


def test_a_stratum_of_one_value_makes_no_mean_certain() -> None:
    """Thirty alike near the decision and one away from it, which stands for a thousand."""
    values, is_near = np.asarray([0.3] * 30 + [0.0]), np.arange(31) < 30
    assert stratified_mean(values, is_near, 1_000).reach(0.05) > 0.05
    only_near = np.asarray([0.0, 0.3] * 10), np.ones(20, dtype=np.bool_)
    assert stratified_mean(*only_near, 1_000).reach(0.05) > 4 * stratified_mean(*only_near, 20).reach(0.05)
    _, low, high = stratified_share(only_near[0] > 0, only_near[1], 1_000, alpha=0.05)
    assert (low, high) == pytest.approx((0.01, 0.99), abs=0.03)


def test_the_interval_of_a_share_over_strata_covers_it() -> None:
    """Flips near the decision and next to none away from it, of which few are asked."""
    rng, n = np.random.default_rng(6), 2_000
    happened = np.concatenate([rng.random(100) < 0.3, rng.random(n - 100) < 0.01])
    covered = 0
    for _ in range(300):
        rest = rng.choice(np.arange(100, n), 100, replace=False)
        asked = np.concatenate([happened[:100], happened[rest]])
        share, low, high = stratified_share(asked, np.arange(200) < 100, n, alpha=0.05)
        assert 0 <= low <= share <= high <= 1
        covered += low <= happened.mean() <= high
    assert covered / 300 >= 0.94


def test_two_rank_correlations_of_one_size_differ_as_often_as_said() -> None:
    rng = np.random.default_rng(9)

    def correlated(n: int) -> float:
        first = rng.normal(size=n)
        return rank_correlation(first, 0.7 * first + rng.normal(size=n)) or 0.0

    p_values = [correlations_p_value(correlated(40), 40, correlated(120), 120) for _ in range(1_000)]
    assert np.mean(np.asarray(p_values) < 0.05) == pytest.approx(0.05, abs=0.02)
    assert correlations_p_value(1.0, 50, 0.2, 30) < 1e-9
    assert correlations_p_value(1.0, 50, 1.0, 30) == 1.0
