"""The intervals behind fairness: equal to statsmodels' where it has them, and covering what they claim to cover."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep

from modelwatch.calibration.intervals import change_interval, difference_interval, rate_interval, ratio_interval

ALPHA = 0.01


@settings(max_examples=50, deadline=None)
@given(n1=st.integers(20, 5_000), n2=st.integers(20, 5_000), p1=st.floats(0.05, 0.95), p2=st.floats(0.05, 0.95))
def test_ratio_and_difference_intervals_are_statsmodels(n1: int, n2: int, p1: float, p2: float) -> None:
    x1, x2 = min(n1 - 1, max(1, int(n1 * p1))), min(n2 - 1, max(1, int(n2 * p2)))
    for compare, method, mine in (("ratio", "score", ratio_interval), ("diff", "newcomb", difference_interval)):
        theirs = confint_proportions_2indep(x1, n1, x2, n2, compare=compare, method=method, alpha=ALPHA)
        assert [float(end) for end in mine(x1, n1, x2, n2, alpha=ALPHA)] == pytest.approx(theirs, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("alpha", [0.05, 1e-3, 1e-8])
def test_ratio_intervals_hold_where_statsmodels_gives_no_number(alpha: float) -> None:
    all_of_it = ratio_interval(500, 500, 990, 1_000, alpha=alpha)
    assert 0 < all_of_it[0] < 500 / 500 / 0.99 < all_of_it[1] < np.inf
    assert ratio_interval(0, 500, 20, 1_000, alpha=alpha)[0] == 0
    assert ratio_interval(20, 1_000, 0, 500, alpha=alpha)[1] == np.inf
    assert [float(end) for end in ratio_interval(0, 500, 0, 1_000, alpha=alpha)] == [0, np.inf]


def test_a_change_from_a_known_reference_is_newcombes_difference() -> None:
    known = (2 * 10**11, 10**12, 2 * 10**11, 10**12)
    change = change_interval((300, 1_000, 200, 900), known, alpha=ALPHA)
    assert np.allclose(change, difference_interval(300, 1_000, 200, 900, alpha=ALPHA), atol=1e-5)


def binomial(n: int, p: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).binomial(n, p, 20_000)


# Small rates, unequal groups, and the favourable side of small rates.
SETTINGS = [
    (0.02, 500, 0.02, 5_000),
    (0.02, 5_000, 0.02, 500),
    (0.016, 5_000, 0.02, 700),
    (0.2, 100, 0.2, 5_000),
    (0.9, 5_000, 0.9, 150),
    (0.72, 100, 0.9, 3_000),
]


@pytest.mark.parametrize(("p1", "n1", "p2", "n2"), SETTINGS)
def test_ratios_are_outside_the_score_interval_as_rarely_as_it_says(p1: float, n1: int, p2: float, n2: int) -> None:
    low, high = ratio_interval(binomial(n1, p1, 1), np.int64(n1), binomial(n2, p2, 2), np.int64(n2), alpha=ALPHA)
    too_low, too_high = (high < p1 / p2).mean(), (low > p1 / p2).mean()
    assert max(too_low, too_high) < 2.2 * ALPHA / 2
    assert too_low + too_high < 1.5 * ALPHA


def test_the_log_adjusted_interval_misses_four_times_as_often_as_it_says() -> None:
    """Why it is not the one in use."""
    p1, n1, p2, n2 = SETTINGS[4]
    counts = binomial(n1, p1, 1), n1, binomial(n2, p2, 2), n2
    _, high = confint_proportions_2indep(*counts, compare="ratio", method="log-adjusted", alpha=ALPHA)
    assert (high < p1 / p2).mean() > 3.5 * ALPHA / 2


@pytest.mark.parametrize(("p1", "n1", "p2", "n2"), SETTINGS)
def test_differences_and_changes_are_covered(p1: float, n1: int, p2: float, n2: int) -> None:
    now = binomial(n1, p1, 3), np.int64(n1), binomial(n2, p2, 4), np.int64(n2)
    before = binomial(3 * n1, p1, 5), np.int64(3 * n1), binomial(3 * n2, p2, 6), np.int64(3 * n2)
    low, high = difference_interval(*now, alpha=ALPHA)
    assert ((low > p1 - p2) | (high < p1 - p2)).mean() < 1.3 * ALPHA
    low, high = change_interval(now, before, alpha=ALPHA)
    assert ((low > 0) | (high < 0)).mean() < 1.3 * ALPHA


def test_rates_are_wilsons() -> None:
    assert np.allclose(np.column_stack(rate_interval(np.array([0, 5]), np.array([10, 10]), alpha=0.05)), [
        [0.0, 0.2775327998628892], [0.2365930904778, 0.7634069095222],
    ])  # fmt: skip
