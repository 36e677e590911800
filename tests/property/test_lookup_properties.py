"""Counting and ranking without sorting give what sorting gives, on any numbers."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from modelwatch.profile.buckets import MAX_BUCKETS, fit_buckets
from modelwatch.profile.cells import fit_numeric
from modelwatch.profile.lookup import BLOCK, Lookup, order_statistics
from support.rows import numeric

numbers = st.floats(allow_nan=False, allow_infinity=False)
close = st.integers(-30, 30).map(lambda i: i / 4)
arrays = hnp.arrays(np.float64, st.integers(0, 80), elements=st.one_of(numbers, close))
filled = hnp.arrays(np.float64, st.integers(1, 80), elements=st.one_of(numbers, close))


def by_sorting(grid: np.ndarray, values: np.ndarray) -> list[int]:
    ordered = np.sort(values)
    left, right = (np.searchsorted(ordered, grid, side=side) for side in ("left", "right"))
    counts = np.empty(2 * len(grid) + 1, dtype=np.int64)
    counts[0::2] = np.append(left, len(ordered)) - np.insert(right, 0, 0)
    counts[1::2] = right - left
    return counts.tolist()


@given(grid=arrays, values=arrays)
def test_counts_are_those_of_sorting(grid: np.ndarray, values: np.ndarray) -> None:
    grid = np.unique(grid)
    assert Lookup.of(grid).counts(values).tolist() == by_sorting(grid, values)


def test_counts_of_many_values_of_every_shape() -> None:
    rng = np.random.default_rng(4)
    n = 3 * BLOCK + 17
    for values in (
        rng.normal(size=n),
        rng.lognormal(3, 4, n),
        rng.poisson(3, n) * 1.0,
        np.append(rng.normal(size=n), 1e300),
    ):
        grid = np.unique(rng.choice(values, 3000))
        assert Lookup.of(grid).counts(100 * values).tolist() == by_sorting(grid, 100 * values)
        assert Lookup.of(grid).counts(values).tolist() == by_sorting(grid, values)


@given(values=filled, data=st.data())
def test_order_statistics_are_those_of_sorting(values: np.ndarray, data: st.DataObject) -> None:
    ranks = np.array(data.draw(st.lists(st.integers(0, len(values) - 1), min_size=1, max_size=20)))
    assert order_statistics(values, ranks).tolist() == np.sort(values)[ranks].tolist()


def test_cells_are_the_quantiles_of_the_reference() -> None:
    rng = np.random.default_rng(5)
    for values in (rng.normal(size=50_000), rng.lognormal(0, 6, 50_000), np.round(rng.gamma(3, 200, 50_000), 2)):
        cells = fit_numeric(numeric(values.tolist()))
        ranks = np.linspace(0, len(values) - 1, 4096).astype(np.int64)
        assert cells.grid.tolist() == np.unique(np.sort(values)[ranks]).tolist()
        assert not cells.complete


@given(values=filled, seed=st.integers(0, 9))
def test_buckets_do_not_depend_on_the_order(values: np.ndarray, seed: int) -> None:
    shuffled = np.random.default_rng(seed).permutation(values)
    a, b = fit_buckets(np.sort(values), limit=8), fit_buckets(shuffled, limit=8)
    assert (a.level, a.keys.tolist(), a.counts.tolist()) == (b.level, b.keys.tolist(), b.counts.tolist())
    assert len(a.keys) <= 8
    assert a.counts.sum() == len(values)


def test_buckets_of_few_whole_numbers_are_exact() -> None:
    buckets = fit_buckets(np.random.default_rng(6).integers(-200, 200, 100_000) * 1.0)
    assert buckets.exact
    assert buckets.lower.tolist() == list(range(-200, 200))
    assert len(buckets.keys) <= MAX_BUCKETS
