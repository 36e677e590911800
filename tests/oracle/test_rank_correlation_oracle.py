"""Rank correlations are scipy's."""

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from modelwatch.profile.correlation import (
    MAX_ROWS,
    NOTABLE,
    decode_correlations,
    encode_correlations,
    rank_correlations,
)


def table(n: int, seed: int = 1) -> pa.Table:
    rng = np.random.default_rng(seed)
    income = rng.lognormal(8, 1, n)
    return pa.table(
        {
            "income": income,
            "limit": np.round(np.sqrt(income) + rng.normal(0, 5, n)),
            "debt": -income * rng.uniform(0.5, 1.5, n),
            "age": rng.integers(18, 90, n).astype(np.float64),
            "constant": np.ones(n),
        }
    )


def test_every_notable_pair_is_scipys_with_ties() -> None:
    rows = table(3_000)
    found = rank_correlations(rows, rows.column_names)
    names = [name for name in sorted(rows.column_names) if name != "constant"]
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            expected = stats.spearmanr(rows[a].to_numpy(), rows[b].to_numpy()).statistic
            assert found.get((a, b), 0.0) == pytest.approx(expected if abs(expected) >= NOTABLE else 0.0, abs=0.006)
    assert set(found) == {("debt", "income"), ("debt", "limit"), ("income", "limit")}


def test_missing_values_make_a_correlation_smaller_and_a_large_reference_is_thinned_out() -> None:
    rows = table(3 * MAX_ROWS)
    holes = np.where(np.arange(rows.num_rows) % 3 == 0, np.nan, rows["income"].to_numpy())
    thin = rank_correlations(rows.set_column(0, "income", pa.array(holes)), ["income", "limit"])
    whole = rank_correlations(rows, ["income", "limit"])
    assert NOTABLE <= thin["income", "limit"] < whole["income", "limit"] <= 1.0
    assert decode_correlations(encode_correlations(whole)) == whole


@pytest.mark.parametrize("n", [0, 1, 2])
def test_a_tiny_reference_has_no_surprises(n: int) -> None:
    assert set(rank_correlations(table(n), ["income", "age"]).values()) <= {1.0, -1.0}
    assert rank_correlations(table(n), []) == {}
