"""Buckets add up exactly whatever the batches, hold every value, and keep few distinct values as they are."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from modelwatch.profile.buckets import EMPTY, MAX_BUCKETS, Buckets, add, fit_buckets, from_ordered, to_ordered

ANY = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-5, 5).map(float),
    st.sampled_from([0.0, -0.0, 5e-324, -5e-324, np.finfo(float).max, np.finfo(float).min]),
)
samples = hnp.arrays(np.float64, st.integers(0, 40), elements=ANY)


def buckets(values: np.ndarray, limit: int = 8) -> Buckets:
    return fit_buckets(np.sort(values), limit=limit)


def same(a: Buckets, b: Buckets) -> bool:
    return (a.level, a.keys.tolist(), a.counts.tolist()) == (b.level, b.keys.tolist(), b.counts.tolist())


@given(a=samples, b=samples, limit=st.integers(4, 9))
@example(a=np.array([]), b=np.array([]), limit=4)
def test_a_sum_is_what_one_pass_over_both_gives(a: np.ndarray, b: np.ndarray, limit: int) -> None:
    whole = buckets(np.concatenate([a, b]), limit)
    assert same(add(buckets(a, limit), buckets(b, limit), limit=limit), whole)
    assert same(add(buckets(b, limit), buckets(a, limit), limit=limit), whole)


@given(a=samples, b=samples, c=samples)
def test_the_order_of_adding_does_not_matter_and_nothing_is_neutral(
    a: np.ndarray, b: np.ndarray, c: np.ndarray
) -> None:
    x, y, z = buckets(a, 512), buckets(b, 512), buckets(c, 512)
    assert same((x + y) + z, x + (y + z))
    assert same(x + EMPTY, x)


@given(values=samples, limit=st.integers(4, 9))
def test_every_value_is_counted_in_the_bucket_that_holds_it(values: np.ndarray, limit: int) -> None:
    held = buckets(values, limit)
    assert len(held.keys) <= limit
    inside = (held.lower[:, None] <= values) & (values <= held.upper[:, None])
    assert inside.sum(axis=1).tolist() == held.counts.tolist()


@given(values=samples)
def test_few_distinct_values_are_kept_exactly(values: np.ndarray) -> None:
    held = buckets(values, MAX_BUCKETS)
    distinct, counts = np.unique(values, return_counts=True)
    assert held.exact
    assert held.lower.tolist() == distinct.tolist() == held.upper.tolist()
    assert held.counts.tolist() == counts.tolist()


@given(values=samples)
def test_the_integers_are_ordered_like_the_values(values: np.ndarray) -> None:
    ascending = np.sort(values)
    ordered = to_ordered(ascending)
    assert from_ordered(ordered).tolist() == ascending.tolist()
    assert (np.diff(ascending) > 0).tolist() == [
        a < b for a, b in zip(ordered.tolist(), ordered.tolist()[1:], strict=False)
    ]


@pytest.mark.parametrize("factor", [1e-3, 1.0, 1e3])
def test_large_samples_are_resolved_wherever_they_lie(factor: float) -> None:
    rng = np.random.default_rng(1)
    values = np.sort(factor * rng.normal(1000.0, 1.0, 50_000))
    parts = [fit_buckets(np.sort(part)) for part in np.split(rng.permutation(values), [7, 7, 20_000])]
    whole = fit_buckets(values)
    assert same(parts[0] + parts[1] + parts[2] + parts[3], whole)
    assert (whole.upper - whole.lower).max() < 0.04 * factor
