"""A change in one segment is told as such; one that is everywhere, or a segment that only grew, is not."""

import numpy as np
import pyarrow as pa
import pytest

from modelwatch.checks.binned_rows import bins_of_rows
from modelwatch.checks.fingerprint import Cause
from modelwatch.checks.segments import segment_cause
from modelwatch.metrics.bins import fit_bins
from modelwatch.profile.cells import fit_categorical, fit_numeric
from modelwatch.profile.features import count

CHANNELS = np.array(["web", "ios", "android", "branch"])


def rows(n: int, seed: int, shares: tuple[float, ...] = (0.4, 0.3, 0.2, 0.1)) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    channel = rng.choice(CHANNELS, n, p=shares)
    amount = rng.lognormal(3, 1, n) * np.where(channel == "branch", 3.0, 1.0)
    kind = rng.choice(["a", "b", "c"], n)
    return {"channel": channel, "amount": amount, "country": rng.choice(["de", "fr"], n), "kind": kind}


def cause(current: dict[str, np.ndarray], feature: str = "amount") -> Cause | None:
    before, after = pa.table(rows(20_000, 1)), pa.table(current)
    cells = (fit_numeric if feature == "amount" else fit_categorical)(before[feature])
    return segment_cause(before, after, feature, cells, by=["channel", "country", "kind"])


def test_one_segments_change_is_told_with_what_happened_there() -> None:
    current = rows(5_000, 2)
    current["amount"] = np.where(current["channel"] == "ios", 100, 1) * current["amount"]
    found = cause(current)
    assert found is not None
    assert found.word == "only_in_segment"
    assert found.phrase.startswith("only where channel is 'ios' (29.8 %")
    assert found.phrase.endswith("of requests): values are 100 times as large: a changed unit?")


def test_missing_values_of_one_segment_are_told() -> None:
    current = rows(5_000, 3)
    hit = (current["channel"] == "android") & (np.arange(5_000) % 2 == 0)
    current["amount"] = np.where(hit, np.nan, current["amount"])
    found = cause(current)
    assert found is not None
    assert "only where channel is 'android'" in found.phrase
    assert "missing" in found.phrase


def test_a_category_renamed_in_one_segment_is_told() -> None:
    current = rows(5_000, 4)
    current["kind"] = np.where((current["country"] == "fr") & (current["kind"] == "a"), "A", current["kind"])
    found = cause(current, "kind")
    assert found is not None
    assert "only where country is 'fr'" in found.phrase
    assert "'a' is now written 'A'" in found.phrase


def test_a_change_everywhere_is_in_no_segment() -> None:
    current = rows(5_000, 5)
    assert cause({**current, "amount": current["amount"] * 2}) is None


@pytest.mark.parametrize("shares", [(0.4, 0.3, 0.2, 0.1), (0.1, 0.1, 0.1, 0.7)])
def test_a_quiet_window_or_a_segment_that_only_grew_is_no_change_of_it(shares: tuple[float, ...]) -> None:
    for seed in range(6, 16):
        assert cause(rows(5_000, seed, shares)) is None


def test_rows_are_binned_as_profiles_are_counted() -> None:
    rng = np.random.default_rng(7)
    odd = [None, float("nan"), float("inf"), float("-inf"), 0.0, -1e300, 1e300]
    reference = pa.chunked_array([pa.array([*np.round(rng.normal(size=500), 1), *odd], pa.float64())])
    cells = fit_numeric(reference, max_cells=16)
    words = pa.chunked_array([pa.array([*rng.choice(list("abcdef"), 300), None])])
    named = fit_categorical(words, max_categories=3)
    for values, its_cells in ((reference, cells), (words, named)):
        profile = count(values, its_cells)
        bins = fit_bins(profile)
        codes = bins_of_rows(values, its_cells, bins)
        assert np.bincount(codes, minlength=len(bins.labels)).tolist() == bins.counts(profile).tolist()
