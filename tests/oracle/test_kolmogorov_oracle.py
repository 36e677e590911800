"""The law of the KS statistic against scipy's, which costs a second to import."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from modelwatch.calibration.kolmogorov import SERIES_FROM, kolmogorov_sf
from modelwatch.calibration.significance import ks_p_value

SIZES = (1, 2, 3, 5, 10, 37, 100, 140, 141, 150, 300, 1000, 4567, 19_999, 20_000, 83_333, 100_000, 100_001)
# Of the statistic times the root of n: from certain to impossible, across every switch from one law to another.
SCALED = (*np.linspace(0.05, 2.4, 24), 2.5, 3.0, 3.9, 4.1)


@pytest.mark.parametrize("n", SIZES)
def test_it_is_scipys_law(n: int) -> None:
    x = np.array(SCALED) / math.sqrt(n)
    x = x[x <= 1]
    mine, theirs = np.array([kolmogorov_sf(one, n) for one in x]), stats.kstwo.sf(x, n)
    assert mine == pytest.approx(theirs, rel=1e-6 if n >= SERIES_FROM else 2e-10, abs=1e-13)
    assert mine == pytest.approx(theirs, rel=0, abs=1e-10)


@pytest.mark.parametrize("n", [20_000, 83_333])
@pytest.mark.parametrize("scaled", [4.5, 6.0, 8.0])
def test_far_out_the_digits_that_matter_are_right(n: int, scaled: float) -> None:
    exact = 2 * special.smirnov(n, scaled / math.sqrt(n))
    assert math.log(kolmogorov_sf(scaled / math.sqrt(n), n)) == pytest.approx(math.log(exact), rel=1e-5)


@given(n=st.integers(1, 200_000), x=st.floats(0, 1), y=st.floats(0, 1))
def test_it_is_a_probability_that_falls(n: int, x: float, y: float) -> None:
    small, large = kolmogorov_sf(min(x, y), n), kolmogorov_sf(max(x, y), n)
    assert 0 <= large <= small * (1 + 1e-6) + 1e-9
    assert small <= 1


def test_the_two_sample_p_value_is_that_of_ks_2samp() -> None:
    rng = np.random.default_rng(5)
    for shift in (0.0, 0.1, 0.5):
        a, b = rng.normal(size=800), rng.normal(shift, size=500)
        theirs = stats.ks_2samp(a, b, method="asymp")
        assert ks_p_value(theirs.statistic, 800, 500) == pytest.approx(theirs.pvalue, rel=1e-9)
