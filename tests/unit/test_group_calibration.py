"""A score that means something else for one group is seen with labels, and small groups accuse nobody."""

import numpy as np
import pyarrow as pa
import pytest

from modelwatch.checks.group_calibration import measure_group_calibration
from modelwatch.domain import Column, Measurement, Schema, Sensitive

SCHEMA = Schema(
    (Column("score", ("score",), "number"), Column("bad", ("bad",), "flag"), Column("sex", ("sex",), "text")),
    features={},
    score="score",
    label="bad",
    sensitive=(Sensitive("sex"),),
)


def rows(n: dict[str, int], odds: dict[str, float], seed: int = 3) -> pa.Table:
    """Groups whose chances are the scores times a factor."""
    rng = np.random.default_rng(seed)
    sex = np.repeat(list(n), list(n.values()))
    score = rng.uniform(0.05, 0.5, len(sex))
    bad = rng.random(len(sex)) < score * np.array([odds.get(one, 1.0) for one in sex])
    return pa.table({"score": score, "bad": pa.array(bad, mask=rng.random(len(sex)) < 0.1), "sex": sex})


def measured(table: pa.Table) -> dict[tuple[str, str | None], Measurement]:
    return {(m.metric, m.group): m for m in measure_group_calibration(table, SCHEMA, alpha=0.01)}


def test_a_group_whose_scores_say_too_little_differs_from_the_others() -> None:
    table = rows({"F": 4000, "M": 4000}, {"F": 1.5})
    found = measured(table)
    known = table.filter(pa.compute.is_valid(table["bad"])).to_pandas()
    by_hand = (known["bad"].astype(float) - known["score"]).groupby(known["sex"]).mean()
    assert found["calibration_gap", "sex=F"].value == pytest.approx(by_hand["F"])
    difference = found["calibration_difference", "sex"]
    assert difference.value == pytest.approx(by_hand["F"] - by_hand["M"])
    assert difference.ci_low is not None
    assert 0.05 < difference.ci_low < difference.value
    assert "sex=M" in (difference.evidence or "")


def test_groups_that_scores_mean_the_same_for_are_rarely_told_apart() -> None:
    lows = [
        measured(rows({"F": 1500, "M": 900, "X": 400}, {}, seed))["calibration_difference", "sex"].ci_low
        for seed in range(200)
    ]
    assert sum(low > 0 for low in lows) <= 6  # 1 % of 200, as chance has it


def test_a_small_group_is_listed_and_accuses_nobody() -> None:
    found = measured(rows({"F": 2000, "M": 2000, "X": 20}, {"X": 2.0}))
    small = found["calibration_gap", "sex=X"]
    assert not small.sufficient
    assert "10 are needed" in (small.reason or "")
    assert "sex=X" not in (found["calibration_difference", "sex"].evidence or "")
    alone = measured(rows({"F": 2000}, {}))["calibration_difference", "sex"]
    assert (alone.value, alone.sufficient) == (None, False)


def test_scores_that_are_no_chances_have_no_calibration() -> None:
    table = rows({"F": 100, "M": 100}, {})
    scores = pa.array(np.asarray(table["score"]) * 1000)
    assert measure_group_calibration(table.set_column(0, "score", scores), SCHEMA, alpha=0.01) == []
