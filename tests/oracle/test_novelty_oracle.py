"""How surprising new values are, against the exact law of values beyond a reference's own smallest and largest."""

import pytest
from scipy import stats

from modelwatch.calibration.significance import novelty_p_value

M = 600


@pytest.mark.parametrize("n", [5, 20, 100, 1000, 50_000])
def test_values_out_of_range_are_never_more_surprising_than_they_are_whatever_the_references_size(n: int) -> None:
    """Of n + M values in any order, those before the n's first and after their last: negative hypergeometric."""
    beyond = stats.nhypergeom(n + M, M, 2)
    for x in range(1, M):
        exact = beyond.sf(x - 1)
        p_value = novelty_p_value(x, M, n, n_singletons=1)
        if exact > 1e-6:
            assert p_value > 0.9 * exact
        if exact > 1e-3 and n >= 100:
            assert p_value == pytest.approx(exact, rel=0.5)


def test_a_small_reference_without_some_category_pages_nobody_when_it_comes() -> None:
    """Five values, one of them alone; a third of the next 600 are of a category that the five happened to miss."""
    assert novelty_p_value(200, M, 5, n_singletons=1) > 0.05


def test_what_quiet_windows_bring_is_no_surprise() -> None:
    assert novelty_p_value(12, M, 50_000, n_singletons=0) < 1e-6
    assert novelty_p_value(12, M, 50_000, n_singletons=0, natural=0.02) > 0.4
    assert novelty_p_value(0, M, 50_000, n_singletons=0) == 1.0
