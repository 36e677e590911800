"""The checks on whole profiles: what is measured, and what is said when it cannot be."""

import re
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from modelwatch.calibration.variation import Spread, Variation
from modelwatch.checks.drift import measure_drift
from modelwatch.checks.fairness import measure_fairness
from modelwatch.checks.quality import measure_quality
from modelwatch.domain import Measurement, Schema, Sensitive
from modelwatch.metrics.bins import fit_bins
from modelwatch.metrics.registry import METRICS
from modelwatch.profile import profile_rows
from modelwatch.profile.cells import fit_numeric
from modelwatch.profile.features import count
from support.rows import SCHEMA, fitted, numeric, requests


def measured(current: pa.Table) -> dict[tuple[str, str, str | None], Measurement]:
    cells, reference = fitted(requests(20_000, seed=1))
    profile = profile_rows(current, cells, SCHEMA)
    results = [
        *measure_drift(reference, profile, ["amount", "category"], check="feature_drift", alpha=0.001),
        *measure_drift(reference, profile, ["flagged"], check="prediction_drift", alpha=0.001),
        *measure_quality(reference, profile, alpha=0.001),
        *measure_fairness(reference.groups, profile.groups, alpha=0.01),
    ]
    return {(m.check, m.metric, m.feature or m.group): m for m in results}


def test_a_shift_is_significant_and_its_evidence_names_where() -> None:
    psi = measured(requests(3_000, seed=2, shift=1.0))["feature_drift", "psi", "amount"]
    assert psi.p_value is not None and psi.p_value < 1e-20
    assert psi.effect is not None and psi.effect > 0.5
    assert psi.evidence is not None and "median" in psi.evidence


def test_every_metric_is_registered_and_in_range_on_quiet_and_drifted_windows() -> None:
    for shift in (0.0, 4.0):
        for m in measured(requests(2_000, seed=3, shift=shift)).values():
            info = METRICS[m.metric]
            assert m.check in info.checks
            if m.value is not None:
                assert np.isfinite(m.value)
                assert info.low is None or m.value >= info.low
                assert info.high is None or m.value <= info.high


def test_an_empty_window_gives_every_result_with_a_reason() -> None:
    results = measured(requests(0, seed=4))
    assert results["feature_drift", "psi", "amount"].reason == "the current sample has no rows"
    assert results["quality", "row_count", None].value == 0.0
    assert results["quality", "missing_share", "amount"].value is None


def test_missing_values_are_judged_by_their_increase() -> None:
    rows = requests(1_000, seed=5)
    amounts = rows["amount"].to_pylist()
    holes = rows.set_column(0, "amount", pa.array([None if i % 4 == 0 else x for i, x in enumerate(amounts)]))
    share = measured(holes)["quality", "missing_share", "amount"]
    assert (share.value, share.effect) == (0.25, 0.25)
    assert share.p_value is not None and share.p_value < 1e-50


def test_a_new_category_is_named() -> None:
    rows = requests(1_000, seed=6)
    names = ["crypto" if i < 30 else c for i, c in enumerate(rows["category"].to_pylist())]
    unseen = measured(rows.set_column(1, "category", pa.array(names)))["quality", "unseen_share", "category"]
    assert unseen.value == pytest.approx(0.03)
    assert (unseen.cause, unseen.evidence) == ("new_category", "new category 'crypto': 0.0 % -> 3.0 %")
    assert unseen.p_value is not None and unseen.p_value < 1e-6


def test_a_fairness_gap_has_an_interval_that_excludes_zero_and_names_the_groups() -> None:
    gap = measured(requests(5_000, seed=7, gap=0.2))["fairness", "demographic_parity_difference", "gender"]
    assert gap.ci_low is not None and gap.ci_low > 0.1
    assert gap.evidence is not None and gap.evidence.startswith("gender=M 0.")


def test_labels_bring_the_error_rates() -> None:
    results = measured(requests(5_000, seed=8, gap=0.2))
    assert results["fairness", "equalized_odds_difference", "gender"].value == pytest.approx(0.2, abs=0.06)
    assert results["fairness", "true_positive_rate", "gender=F"].value == pytest.approx(0.4, abs=0.05)


def test_without_labels_the_error_rates_say_so() -> None:
    schema = Schema((), SCHEMA.features, decision="flagged", sensitive=(Sensitive("gender"),))
    reference = requests(2_000, seed=9)
    _, profile = fitted(reference, schema)
    by_metric = {m.metric: m for m in measure_fairness(profile.groups, profile.groups, alpha=0.01)}
    assert by_metric["equalized_odds_difference"].reason == "no labels"


def test_a_tiny_group_is_listed_with_the_requests_it_needs_and_accuses_nobody() -> None:
    rows = requests(3_000, seed=10)
    genders = ["X" if i < 8 else g for i, g in enumerate(rows["gender"].to_pylist())]
    flags = [i < 8 or f for i, f in enumerate(rows["flagged"].to_pylist())]
    rows = rows.set_column(2, "gender", pa.array(genders)).set_column(3, "flagged", pa.array(flags))
    results = measured(rows)
    tiny = results["fairness", "selection_rate", "gender=X"]
    assert (tiny.value, tiny.n_current, tiny.sufficient) == (1.0, 8, False)
    assert tiny.reason is not None
    assert re.fullmatch(r"8 requests; about 5\d are needed for 10 events", tiny.reason)
    gap = results["fairness", "demographic_parity_difference", "gender"]
    assert gap.value is not None and gap.value < 0.05


def test_bands_turn_a_number_into_groups() -> None:
    schema = Schema((), {}, decision="flagged", sensitive=(Sensitive("age", (25, 50)),))
    ages = [18.0, 25.0, 49.0, 50.0, None]
    rows = pa.table({"age": pa.array(ages), "flagged": [True] * 5})
    table = profile_rows(rows, {}, schema).groups["age"]
    assert {level[0]: int(cube.sum()) for level, cube in table.counts.items()} == {
        "<25": 1,
        "25-50": 2,
        ">=50": 1,
        "(missing)": 1,
    }


def test_frequent_values_are_bins_of_their_own_and_every_cell_has_one() -> None:
    values = [0.0] * 40 + [float(i) for i in range(1, 61)]
    reference = count(numeric(values), fit_numeric(numeric(values)))
    bins = fit_bins(reference)
    assert "= 0" in bins.labels
    assert bins.counts(reference).sum() == 100
    assert len(bins.of_cell) == reference.cells.size
    assert bins.counts(reference)[bins.labels.index("= 0")] == 40


def test_deciles_of_a_continuous_reference_are_numpys() -> None:
    values = np.random.default_rng(11).normal(size=5_000)
    reference = count(numeric(values.tolist()), fit_numeric(numeric(values.tolist())))
    shares = fit_bins(reference).counts(reference)[:-2]
    edges = np.quantile(values, np.linspace(0, 1, 11)[1:-1], method="inverted_cdf")
    expected = np.bincount(np.searchsorted(edges, values, side="left"), minlength=10)
    assert np.abs(shares - expected).max() <= 2
    assert len(shares) == 10


def test_a_constant_column_that_starts_to_vary_is_seen() -> None:
    schema = Schema((), {"x": "numeric"})
    cells, reference = fitted(pa.table({"x": [3.0] * 1_000}), schema)
    same = profile_rows(pa.table({"x": [3.0] * 500}), cells, schema)
    moved = profile_rows(pa.table({"x": [3.0 + i / 500 for i in range(500)]}), cells, schema)
    quiet = measure_drift(reference, same, ["x"], check="feature_drift", alpha=0.001)
    loud = measure_drift(reference, moved, ["x"], check="feature_drift", alpha=0.001)
    assert {m.metric: m.value for m in quiet}["psi"] == 0.0
    assert {m.metric: m.effect for m in loud}["psi"] > 1.0


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_what_only_decides_is_the_same_without_what_is_told(shift: float) -> None:
    cells, reference = fitted(requests(20_000, seed=1))
    profile = profile_rows(requests(3_000, seed=2, shift=shift), cells, SCHEMA)
    variation = {"category": Variation(Spread(0.001, 0.002, 0.003))}
    only = {"psi", "ks_statistic", "spike_share", "missing_share", "out_of_range_share"}

    def found(only: set[str] | None) -> list[Measurement]:
        drift = measure_drift(
            reference,
            profile,
            ["amount", "category"],
            check="feature_drift",
            alpha=0.001,
            variation=variation,
            only=only,
        )
        return [*measure_quality(reference, profile, alpha=0.001, variation=variation, only=only), *drift]

    decides = [replace(m, evidence=None, cause=None) for m in found(None) if m.metric in {*only, "row_count"}]
    assert [replace(m, evidence=None) for m in found(only)] == decides
