"""Drift metrics against scipy and published values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from scipy.spatial import distance

from modelwatch.calibration import significance
from modelwatch.errors import MetricInputError
from modelwatch.metrics import drift

bins = hnp.arrays(np.int64, 6, elements=st.integers(0, 50))
filled = hnp.arrays(np.int64, 6, elements=st.integers(1, 50))


@given(p=filled, q=filled)
def test_psi_is_the_sum_of_both_kullback_leibler_divergences(p: np.ndarray, q: np.ndarray) -> None:
    a, b = drift.smooth(p), drift.smooth(q)
    assert drift.psi(a, b) == pytest.approx(stats.entropy(a, b) + stats.entropy(b, a), abs=1e-12)
    assert drift.psi(a, b) == pytest.approx(drift.psi(b, a), abs=1e-12)


@given(p=filled, q=bins.filter(lambda counts: counts.sum() > 0))
def test_js_distance_is_scipys(p: np.ndarray, q: np.ndarray) -> None:
    a, b = p / p.sum(), q / q.sum()
    assert drift.js_distance(a, b) == pytest.approx(distance.jensenshannon(a, b, base=2), abs=1e-7)


@given(p=filled, q=filled)
def test_chi2_is_scipys(p: np.ndarray, q: np.ndarray) -> None:
    expected = stats.chi2_contingency(np.stack([p, q]), correction=False).statistic
    assert drift.chi2(p, q) == pytest.approx(expected, abs=1e-9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_q_values_are_scipys(p_values: list[float]) -> None:
    expected = stats.false_discovery_control(p_values)
    assert significance.benjamini_hochberg(p_values) == pytest.approx(expected.tolist(), abs=1e-12)


@given(reference=hnp.arrays(np.float64, 30, elements=st.floats(-5, 5)), shift=st.floats(-3, 3))
def test_ks_p_value_is_scipys_asymptotic_one(reference: np.ndarray, shift: float) -> None:
    expected = stats.ks_2samp(reference, reference[:20] + shift, method="asymp")
    assert significance.ks_p_value(expected.statistic, 30, 20) == pytest.approx(expected.pvalue, abs=1e-12)


@pytest.mark.parametrize("n", [200, 2000])
def test_psi_p_values_are_uniform_when_nothing_changed(n: int) -> None:
    rng = np.random.default_rng(7)
    shares = np.full(10, 0.1)
    p_values = [
        significance.psi_p_value(rng.multinomial(20_000, shares), rng.multinomial(n, shares)) for _ in range(2000)
    ]
    assert np.mean(np.array(p_values) < 0.01) == pytest.approx(0.01, abs=0.007)
    assert np.mean(np.array(p_values) < 0.5) == pytest.approx(0.5, abs=0.05)


def test_the_share_test_keeps_its_level_and_finds_a_burst() -> None:
    rng = np.random.default_rng(8)
    quiet = [
        significance.proportion_p_value(rng.binomial(20_000, 0.002), 20_000, rng.binomial(1000, 0.002), 1000)
        for _ in range(3000)
    ]
    assert np.mean(np.array(quiet) < 0.01) <= 0.015
    assert significance.proportion_p_value(40, 20_000, 52, 1000) < 1e-9


def test_a_zero_proportion_is_refused_rather_than_turned_into_infinity() -> None:
    with pytest.raises(MetricInputError, match="positive proportions"):
        drift.psi(np.array([0.0, 1.0]), np.array([0.5, 0.5]))


def test_bins_of_different_length_are_refused() -> None:
    with pytest.raises(MetricInputError, match="same bins"):
        drift.js_distance(np.array([1.0]), np.array([0.5, 0.5]))
