"""Real people: the figures of three public data sets, and what may be said of them with certainty."""

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import demographic_parity_difference, demographic_parity_ratio

from modelwatch.profile.groups import GroupTable
from support.groups import judged
from support.shared_data import shared_data

DIFFERENCE, RATIO = "demographic_parity_difference", "demographic_parity_ratio"


def counted(rows: pd.DataFrame, decision: str, *attributes: str) -> GroupTable:
    """The table of a decision; labels unknown."""
    selected = rows.groupby(list(attributes))[decision].agg(["sum", "size"])
    cubes = {
        (key if isinstance(key, tuple) else (key,)): np.array([[0, 0, n - x], [0, 0, x]], dtype=np.int64)
        for key, (x, n) in zip(selected.index, selected.to_numpy().tolist(), strict=True)
    }
    return GroupTable(attributes, cubes)


@pytest.fixture(scope="module")
def adult() -> pd.DataFrame:
    path = shared_data("adult_census") / "adult.data"
    rows = pd.read_csv(path, header=None, skipinitialspace=True, usecols=[8, 9, 14], names=["race", "sex", "income"])
    return rows.assign(rich=rows["income"] == ">50K")


def test_income_by_sex_and_race_of_the_adult_census(adult: pd.DataFrame) -> None:
    judgement, found = judged(counted(adult, "rich", "sex"))
    assert found["selection_rate", "sex=Male"].value == pytest.approx(0.305737, abs=1e-6)
    assert found[RATIO, "sex"].value == pytest.approx(0.358023, abs=1e-6)
    assert judgement.verdict == "alert"
    _, found = judged(counted(adult, "rich", "race"))
    arguments = {"y_true": adult["rich"], "y_pred": adult["rich"], "sensitive_features": adult["race"]}
    assert found[DIFFERENCE, "race"].value == pytest.approx(demographic_parity_difference(**arguments))
    assert found[RATIO, "race"].value == pytest.approx(demographic_parity_ratio(**arguments))


def test_intersections_of_the_adult_census_are_shown_drawn_and_listed_small(adult: pd.DataFrame) -> None:
    _, found = judged(counted(adult, "rich", "race", "sex"))
    rates = {group: m for (metric, group), m in found.items() if metric == "selection_rate"}
    assert len(rates) == 10
    few = [m for m in rates.values() if m.n_current < 150]
    assert len(few) == 2
    for m in few:
        assert m.value is not None and m.effect is not None and m.effect != m.value
    large = rates["race=White & sex=Male"]
    assert large.effect == pytest.approx(large.value, abs=0.002)


def test_the_german_credits_ratio_is_below_four_fifths_and_not_with_certainty() -> None:
    path = shared_data("german_credit") / "german.data"
    rows = pd.read_csv(path, sep=" ", header=None)
    rows = pd.DataFrame({"good": rows[20] == 1, "age": np.where(rows[12] > 25, "over 25", "to 25")})
    judgement, found = judged(counted(rows, "good", "age"))
    ratio = found[RATIO, "age"]
    assert ratio.value == pytest.approx(0.794826, abs=1e-6)
    assert ratio.ci_high is not None and ratio.ci_high > 0.8
    assert found[DIFFERENCE, "age"].value == pytest.approx(0.149448, abs=1e-6)
    assert [(r.measurement.metric, r.status) for r in judgement.findings] == [(DIFFERENCE, "warning")]


def test_defaults_of_taiwans_clients_differ_by_sex_less_than_would_alarm() -> None:
    path = shared_data("uci_taiwan_default") / "default_of_credit_card_clients.csv.gz"
    rows = pd.read_csv(path)
    rows = pd.DataFrame({"default": rows.iloc[:, -1] == 1, "sex": rows["SEX"].map({1: "male", 2: "female"})})
    judgement, found = judged(counted(rows, "default", "sex"), outcome="adverse")
    assert found["selection_rate", "sex=male"].value == pytest.approx(0.2417, abs=5e-5)
    assert found["selection_rate", "sex=female"].value == pytest.approx(0.2078, abs=5e-5)
    assert found[RATIO, "sex"].value == pytest.approx(0.2078 / 0.2417, abs=5e-4)
    assert found["favourable_parity_ratio", "sex"].value == pytest.approx(0.7583 / 0.7922, abs=5e-4)
    assert judgement.verdict == "ok"
