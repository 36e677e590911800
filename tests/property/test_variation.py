"""Natural variation: never negative, never more evidence than there is, and tests that keep their level with it."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from modelwatch.calibration import significance
from modelwatch.calibration.natural import decode_variations, encode_variations
from modelwatch.calibration.spread import MIN_WINDOWS, _Stack, spread_between, spread_of_steps, spreads
from modelwatch.calibration.variation import NONE, Spread, Variation, effective, n_windows, over

Shares = Callable[[np.random.Generator], np.ndarray]

tables = st.integers(0, 12).flatmap(
    lambda k: st.lists(st.lists(st.integers(0, 500), min_size=4, max_size=4).map(np.array), min_size=k, max_size=k)
)
amounts = st.floats(0, 100)


@given(windows=tables)
def test_a_spread_is_never_negative_and_its_bound_never_below_it(windows: list[np.ndarray]) -> None:
    found = [f(windows, ordered=o) for f in (spread_between, spread_of_steps) for o in (False, True)]
    for spread in found:
        assert 0 <= spread.typical <= spread.bound <= spread.bound_of_one < np.inf


@given(columns=st.lists(tables, max_size=4), by_steps=st.booleans(), ordered=st.booleans())
def test_columns_have_together_the_spreads_that_each_has_alone(
    columns: list[list[np.ndarray]], *, by_steps: bool, ordered: bool
) -> None:
    alone = spread_of_steps if by_steps else spread_between
    found = spreads({str(i): windows for i, windows in enumerate(columns)}, by_steps=by_steps, ordered=ordered)
    assert list(found.values()) == [alone(windows, ordered=ordered) for windows in columns]


@given(n=st.integers(1, 10**7), m=st.integers(1, 10**6), tau2=amounts, k=st.floats(1, 400), times=st.floats(1, 30))
def test_effective_sizes_are_at_most_the_sizes_and_grow_with_the_windows(
    n: int, m: int, tau2: float, k: float, times: float
) -> None:
    spread = Spread(tau2 / 4, tau2 / 2, tau2)
    one = Variation(spread, spread, reference_windows=k)
    sizes, longer = one.sizes(n, m), over({"x": one}, times)["x"].sizes(n, m)
    for size, whole in ((sizes.n, n), (sizes.m, m), (one.missing_sizes(n, m).m, m), (one.share_sizes(n, m).m, m)):
        assert 0 < size <= whole
    assert sizes.m <= longer.m * (1 + 1e-12)
    assert sizes.m <= one.typical_sizes(n, m).m
    x, whole_n, y, whole_m = sizes.shares(n // 3, n, m // 2, m)
    assert 0 <= x <= whole_n <= n and 0 <= y <= whole_m <= m


@given(m=st.integers(1, 10**6))
def test_without_variation_nothing_changes(m: int) -> None:
    counts = np.array([m, 3, 0])
    assert effective(m, 0.0) == m
    assert NONE.sizes(m + 3, m).reference(counts) is counts


def test_windows_that_differ_by_chance_alone_have_no_spread() -> None:
    rng = np.random.default_rng(1)
    for ordered, at_most in ((False, 6), (True, 9)):  # 1 % and 2 % of 200, give or take
        drawn = ([rng.multinomial(500, [0.1] * 10) for _ in range(14)] for _ in range(200))
        assert sum(spread_between(windows, ordered=ordered).bound > 0 for windows in drawn) <= at_most


def test_the_order_of_the_bins_tells_of_whole_windows_that_are_higher() -> None:
    """Weekends 0.3 sd higher, 300 requests a day, two weeks: ten bins by themselves see it in some histories only."""
    rng, found = np.random.default_rng(6), np.zeros(2, dtype=int)
    edges = np.array([-1.28, -0.84, -0.52, -0.25, 0, 0.25, 0.52, 0.84, 1.28])
    for _ in range(100):
        drawn = (rng.normal(0.3 * (day % 7 >= 5), 1, 300) for day in range(14))
        windows = [np.bincount(np.searchsorted(edges, one), minlength=10) for one in drawn]
        found += [spread_between(windows).bound > 0, spread_between(windows, ordered=True).bound > 0]
    assert found[0] < 97
    assert found[1] == 100


def test_too_few_windows_say_nothing() -> None:
    windows = [np.array([100 * (i % 2), 100]) for i in range(MIN_WINDOWS - 1)]
    assert spread_between(windows) == spread_of_steps(windows) == Spread()


def test_the_estimate_is_the_variance_that_was_put_in() -> None:
    rng = np.random.default_rng(2)
    windows = [rng.multinomial(rng.integers(2_000, 6_000), rng.dirichlet([24.9] * 4)) for _ in range(400)]
    assert spread_between(windows).typical == pytest.approx(1 / (4 * 24.9 + 1), rel=0.15)
    assert spread_of_steps(windows).typical == pytest.approx(1 / (4 * 24.9 + 1), rel=0.15)


def test_a_creeping_drift_is_in_no_step() -> None:
    rng = np.random.default_rng(3)
    windows = [rng.multinomial(4_000, [0.3 + 0.005 * i, 0.7 - 0.005 * i]) for i in range(28)]
    assert spread_between(windows).typical > 0.005
    assert spread_of_steps(windows).typical < 0.0005


def test_a_flag_that_is_on_at_weekends_leaves_a_day_no_weight() -> None:
    days = [np.array([0, 5_000]) if day % 7 >= 5 else np.array([5_000, 0]) for day in range(7)]
    sizes = Variation(distribution=spread_between(days), reference_windows=7).sizes(35_000, 5_000)
    assert sizes.m < 1
    assert significance.psi_p_value(sum(days), days[0], sizes) > 0.05


def test_the_order_adds_what_scipys_kruskal_wallis_finds() -> None:
    rng = np.random.default_rng(7)
    table = np.array([rng.multinomial(200, [0.3, 0.3, 0.2, 0.2]) for _ in range(8)], dtype=float)
    samples = [np.repeat(np.arange(4), row.astype(int)) for row in table]
    n, stack = table.sum(), _Stack(table.T[np.newaxis], np.zeros(4, dtype=np.bool_), len(table))
    assert stack.along()[0] * (n - 1) / n == pytest.approx(stats.kruskal(*samples).statistic)


def test_the_windows_of_a_reference_count_by_their_size() -> None:
    assert n_windows([100] * 7) == pytest.approx(7)
    assert n_windows([1_000, 1, 1]) == pytest.approx(1.0, abs=0.01)
    assert n_windows([]) == 1.0


@given(typical=amounts, k=st.floats(1, 400))
def test_variation_survives_its_encoding(typical: float, k: float) -> None:
    variations = {"x": Variation(Spread(typical, 2 * typical, 3 * typical), reference_windows=k), "y": NONE}
    assert decode_variations(encode_variations(variations)) == variations


def everywhere(rng: np.random.Generator) -> np.ndarray:
    return rng.dirichlet([10.0] * 10)


def one_way(rng: np.random.Generator) -> np.ndarray:
    """A whole-window shift of all bins together, as a weekday or a campaign makes it."""
    shares = np.exp(0.25 * rng.normal() * np.linspace(-1.5, 1.5, 10))
    return shares / shares.sum()


@pytest.mark.parametrize("shares", [everywhere, one_way])
@pytest.mark.parametrize("k", [7, 30])
def test_tests_keep_their_level_when_windows_vary(shares: Shares, k: int) -> None:
    """At 1 %: without the effective sizes half of the quiet windows and more would be significant."""
    rng, plain, n = np.random.default_rng(4), 0, 400
    widened = {"psi": 0, "ks": 0, "share": 0}
    for _ in range(n):
        windows = [rng.multinomial(1_000, shares(rng)) for _ in range(k)]
        reference, current = sum(windows), rng.multinomial(1_000, shares(rng))
        variation = Variation(distribution=spread_between(windows, ordered=True), reference_windows=k)
        sizes = variation.sizes(k * 1_000, 1_000)
        plain += significance.psi_p_value(reference, current) < 0.01
        widened["psi"] += significance.psi_p_value(reference, current, sizes) < 0.01
        d = np.abs(np.cumsum(reference) / reference.sum() - np.cumsum(current) / current.sum()).max()
        widened["ks"] += significance.ks_p_value(d, sizes.n, sizes.m) < 0.01
        one = variation.share_sizes(k * 1_000, 1_000).shares(int(reference[0]), k * 1_000, int(current[0]), 1_000)
        widened["share"] += significance.proportion_p_value(*one) < 0.01
    assert plain > 0.4 * n
    assert max(widened.values()) <= 0.015 * n, widened


def test_a_real_change_is_still_found_among_windows_that_vary() -> None:
    rng = np.random.default_rng(5)
    windows = [rng.multinomial(1_000, one_way(rng)) for _ in range(30)]
    reference = sum(windows)
    sizes = Variation(distribution=spread_between(windows), reference_windows=30).sizes(30_000, 1_000)
    moved = rng.multinomial(1_000, [0.55] + [0.05] * 9)
    assert significance.psi_p_value(reference, moved, sizes) < 1e-4
