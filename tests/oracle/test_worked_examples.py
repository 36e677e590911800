"""Published worked examples, each with its source in the file of shared data."""

import json
from typing import Any

import numpy as np
import pytest
from scipy.spatial import distance

from modelwatch.metrics import drift
from modelwatch.profile.cells import fit_numeric
from modelwatch.profile.features import count
from modelwatch.profile.groups import GroupTable
from support.groups import judged, selected
from support.rows import numeric
from support.shared_data import shared_data


@pytest.fixture(scope="module")
def cases() -> dict[str, dict[str, Any]]:
    path = shared_data("worked_examples") / "worked_examples.json"
    return {case["id"]: case for case in json.loads(path.read_text())}


def test_psi_of_the_heloc_table(cases: dict[str, Any]) -> None:
    case = cases["psi_optbinning_heloc"]
    actual, expected = np.array(case["actual_counts"]), np.array(case["expected_counts"])
    terms = drift.psi_terms(expected / expected.sum(), actual / actual.sum())
    assert terms == pytest.approx(case["published_per_bin"], abs=case["abs_tol"])
    assert drift.psi(expected / expected.sum(), actual / actual.sum()) == pytest.approx(
        case["published_total"], abs=case["abs_tol"]
    )


def floored(counts: np.ndarray, floor: float) -> np.ndarray:
    shares = counts / counts.sum()
    return np.where(shares == 0, floor, shares)


@pytest.mark.parametrize("case_id", ["psi_feature_engine_separated", "psi_feature_engine_20rows"])
def test_psi_of_separated_samples_with_the_publishers_floor(cases: dict[str, Any], case_id: str) -> None:
    case = cases[case_id]
    basis, test = (np.arange(*(int(x) + i for i, x in enumerate(case[key].split("..")))) for key in ("basis", "test"))
    edges = np.concatenate([[-np.inf], np.quantile(basis, np.linspace(0, 1, 11)[1:-1]), [np.inf]])
    r, c = np.histogram(basis, edges)[0], np.histogram(test, edges)[0]
    value = drift.psi_terms(floored(r, case["empty_bin_floor"]), floored(c, case["empty_bin_floor"])).sum()
    assert value == pytest.approx(case["published"], abs=1e-9)


def test_chi2_of_a_contingency_table(cases: dict[str, Any]) -> None:
    case = cases["scipy_chi2_contingency"]
    table = np.array(case["args"][0])
    assert drift.chi2(table[0], table[1]) == pytest.approx(case["published"]["statistic"])


def test_wasserstein(cases: dict[str, Any]) -> None:
    case = cases["scipy_wasserstein"]
    cells = fit_numeric(numeric([float(x) for x in case["u"] + case["v"]]))
    u, v = (count(numeric([float(x) for x in case[side]]), cells) for side in "uv")
    assert drift.wasserstein(u, v) == pytest.approx(case["published"])


def test_jensen_shannon(cases: dict[str, Any]) -> None:
    for one in cases["scipy_jensenshannon"]["cases"]:
        p, q = np.array(one["p"], float), np.array(one["q"], float)
        value = drift.js_distance(p, q)
        in_nats = value * (1.0 if one.get("base") == 2 else np.sqrt(np.log(2)))
        assert in_nats == pytest.approx(one["published"], abs=1e-12)
        assert value == pytest.approx(distance.jensenshannon(p, q, base=2), abs=1e-12)


def test_ks_statistic_with_and_without_ties(cases: dict[str, Any]) -> None:
    for one in cases["scipy_ks_2samp"]["cases"]:
        if one.get("alternative", "two-sided") != "two-sided":
            continue
        cells = fit_numeric(numeric(one["data1"]))
        r, c = count(numeric(one["data1"]), cells), count(numeric(one["data2"]), cells)
        assert drift.ks_statistic(r, c) == pytest.approx(one["statistic"], abs=1e-12)


def cubes(case: dict[str, Any]) -> dict[tuple[str, ...], np.ndarray]:
    table: dict[tuple[str, ...], np.ndarray] = {}
    for true, pred, group in zip(case["y_true"], case["y_pred"], case["group"], strict=True):
        table.setdefault((group,), np.zeros((2, 3), dtype=np.int64))[pred, true] += 1
    return table


def test_fairlearns_eighteen_rows(cases: dict[str, Any]) -> None:
    """A thousand times each row: the same rates, from groups large enough for all of them to be told."""
    case = cases["fairlearn_18_rows"]
    published, table = case["published"], cubes(case)
    _, found = judged(GroupTable(("group",), {level: 1000 * table[level] for level in sorted(table)}))
    names = {"sel": "selection_rate", "tpr": "true_positive_rate", "fpr": "false_positive_rate"}
    for group, values in published["by_group"].items():
        for key, metric in names.items():
            assert found[metric, f"group={group}"].value == pytest.approx(values[key], abs=1e-6)
    for metric in ("demographic_parity_difference", "demographic_parity_ratio"):
        assert found[metric, "group"].value == pytest.approx(published[metric], abs=1e-6)
    assert found["equalized_odds_difference", "group"].value == pytest.approx(published["equalized_odds_difference"])


def test_impact_ratios_of_scoring_rates(cases: dict[str, Any]) -> None:
    races = cases["ll144_rule_scoring_example"]["race"]
    rates = {name: (round(1000 * one["scoring_rate"]) * 100, 100_000) for name, one in races.items()}
    _, found = judged(selected(rates))
    best = max(rates, key=lambda name: rates[name])
    for name, one in races.items():
        if name != best:
            assert found["impact_ratio", f"gender={name}"].value == pytest.approx(one["impact_ratio"], abs=0.005)


def test_impact_ratios_by_the_check_itself(cases: dict[str, Any]) -> None:
    """The EEOC's groups, large enough to be judged: a ratio of exactly 0.8 is no adverse impact."""
    case = cases["ugesp_qa_four_fifths"]
    table = selected({group: (round(rate * 100_000), 100_000) for group, rate in case["selection_rates"].items()})
    _, found = judged(table)
    for group, published in case["published_impact_ratio"].items():
        if group != "White":
            assert found["impact_ratio", f"gender={group}"].value == pytest.approx(published)
    for group, verdict in case["published_verdict"].items():
        two = {name: round(case["selection_rates"][name] * 100_000) for name in ("White", group)}
        judgement, _ = judged(selected({name: (x, 100_000) for name, x in two.items()}))
        ratio = next(r for r in judgement.results if r.measurement.metric == "demographic_parity_ratio")
        assert (ratio.status == "alert") == (verdict == "adverse impact")


def test_fairlearns_eighteen_rows_are_too_few_to_accuse_anyone(cases: dict[str, Any]) -> None:
    case = cases["fairlearn_18_rows"]
    table = cubes(case)
    judgement, found = judged(GroupTable(("group",), {level: table[level] for level in sorted(table)}))
    published = case["published"]
    assert found["demographic_parity_difference", "group"].value == pytest.approx(0.25)
    assert found["equalized_odds_difference", "group"].value is not None
    assert found["true_positive_rate", "group=b"].value == pytest.approx(published["by_group"]["b"]["tpr"])
    assert (judgement.verdict, judgement.findings) == ("insufficient_data", ())
