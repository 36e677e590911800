"""A profile is a monoid, survives its encoding, and gives KS exactly on a complete grid."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from modelwatch.domain import Schema
from modelwatch.errors import StoreError
from modelwatch.metrics import drift
from modelwatch.profile import (
    codec,
    decode_groups,
    decode_profile,
    decode_reference,
    encode_profile,
    encode_reference,
    profile_rows,
)
from modelwatch.profile.cells import fit_categorical, fit_numeric
from modelwatch.profile.features import NumericProfile, count
from support.rows import SCHEMA, counts, fitted, numeric, requests, text

floats = hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(allow_nan=True, allow_infinity=True, width=32))
finite = hnp.arrays(np.float64, st.integers(4, 60), elements=st.integers(-20, 20).map(lambda i: i / 4))
words = st.lists(st.one_of(st.none(), st.sampled_from("abcdef")), min_size=1, max_size=40)


def column(values: np.ndarray) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, pa.float64())])


@given(reference=floats, a=floats, b=floats)
def test_numeric_profiles_add_up_exactly(reference: np.ndarray, a: np.ndarray, b: np.ndarray) -> None:
    cells = fit_numeric(column(reference), max_cells=8)
    whole = count(column(np.concatenate([a, b])), cells)
    parts = count(column(a), cells) + count(column(b), cells)
    assert parts.counts.tolist() == whole.counts.tolist()
    assert isinstance(parts, NumericProfile)
    assert isinstance(whole, NumericProfile)
    assert (parts.low, parts.high) == (whole.low, whole.high)
    assert parts.buckets.keys.tolist() == whole.buckets.keys.tolist()
    assert parts.buckets.counts.tolist() == whole.buckets.counts.tolist()
    assert int(whole.buckets.counts.sum()) == int(whole.finite.sum())
    assert whole.n == len(a) + len(b)


@given(reference=words, a=words, b=words)
def test_categorical_profiles_add_up_exactly(reference: list, a: list, b: list) -> None:
    cells = fit_categorical(text(reference), max_categories=3)
    whole, parts = count(text(a + b), cells), count(text(a), cells) + count(text(b), cells)
    assert parts.counts.tolist() == whole.counts.tolist()
    assert parts.unseen == whole.unseen


@given(reference=finite, current=finite)
def test_ks_from_a_complete_grid_is_scipys(reference: np.ndarray, current: np.ndarray) -> None:
    cells = fit_numeric(column(reference))
    r, c = count(column(reference), cells), count(column(current), cells)
    expected = stats.ks_2samp(reference, current, method="asymp").statistic
    assert drift.ks_statistic(r, c) == pytest.approx(expected, abs=1e-12)


@given(reference=finite, current=finite)
def test_ks_from_a_coarse_grid_is_within_its_bound(reference: np.ndarray, current: np.ndarray) -> None:
    cells = fit_numeric(column(reference), max_cells=5)
    r, c = count(column(reference), cells), count(column(current), cells)
    exact = stats.ks_2samp(reference, current, method="asymp").statistic
    value, bound = drift.ks_statistic(r, c), drift.ks_error_bound(r)
    assert value - 1e-12 <= exact
    # Inside an open cell either sample may move: the bound of the reference's mass holds for the gap it opens.
    largest = max(r.finite[::2].max() / r.finite.sum(), c.finite[::2].max() / c.finite.sum())
    assert exact <= value + max(bound, largest) + 1e-12


@given(reference=finite, current=finite)
def test_wasserstein_is_scipys_when_every_value_is_a_grid_point(reference: np.ndarray, current: np.ndarray) -> None:
    both = np.concatenate([reference, current])
    cells = fit_numeric(column(both))
    value = drift.wasserstein(count(column(reference), cells), count(column(current), cells))
    assert value == pytest.approx(stats.wasserstein_distance(reference, current), abs=1e-9)


def test_a_profile_survives_its_encoding() -> None:
    reference = requests(500, seed=1)
    cells, profile = fitted(reference)
    current = profile_rows(requests(80, seed=2, shift=3.0), cells, SCHEMA)
    again = decode_profile(encode_profile(current), cells)
    assert counts(again) == counts(current)
    assert encode_profile(again) == encode_profile(current)
    cells_again, profile_again = decode_reference(encode_reference(cells, profile))
    assert counts(profile_again) == counts(profile)
    assert encode_reference(cells_again, profile_again) == encode_reference(cells, profile)


def test_group_tables_of_a_profile_written_before_buckets_can_still_be_added(monkeypatch: pytest.MonkeyPatch) -> None:
    cells, profile = fitted(requests(100, seed=4))
    monkeypatch.setattr(codec, "VERSION", 1)
    old = encode_profile(profile)
    monkeypatch.undo()
    assert decode_groups(old).keys() == profile.groups.keys()
    with pytest.raises(StoreError, match="version 1"):
        decode_profile(old, cells)


def test_a_stored_day_of_fifty_features_is_below_300_kb() -> None:
    rng = np.random.default_rng(5)
    names = [f"x{i}" for i in range(50)]
    schema = Schema((), dict.fromkeys(names, "numeric"))
    cells, _ = fitted(pa.table({name: rng.lognormal(3, 1, 50_000) for name in names}), schema)
    day = profile_rows(pa.table({name: rng.lognormal(3, 1, 100_000) for name in names}), cells, schema)
    assert len(encode_profile(day)) < 300_000


def test_group_tables_count_count_every_decided_request_once() -> None:
    rows = requests(1000, seed=3)
    _, profile = fitted(rows)
    table = profile.groups["gender"]
    assert sum(int(cube.sum()) for cube in table.counts.values()) == 1000
    flagged_f = sum(
        f and g == "F" for f, g in zip(rows["flagged"].to_pylist(), rows["gender"].to_pylist(), strict=True)
    )
    assert int(table.counts[("F",)][1].sum()) == flagged_f


def test_infinities_and_missing_values_have_cells_of_their_own() -> None:
    cells = fit_numeric(numeric([1.0, 2.0]))
    profile = count(numeric([None, float("nan"), float("inf"), float("-inf"), 1.5]), cells)
    assert (profile.n_missing, profile.n_nonfinite, int(profile.finite.sum())) == (2, 2, 1)
