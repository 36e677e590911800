"""Thresholds are applied in one place; each rule of judging has a case here."""

from dataclasses import replace

import pytest

from modelwatch.checks.drift import ALL_MISSING
from modelwatch.domain import Judgement, Levels, Measurement, Rules
from modelwatch.verdict import judge

RULES = Rules(
    levels={
        "psi": Levels(0.1, 0.25),
        "demographic_parity_ratio": Levels(warning=0.8),
        "demographic_parity_difference": Levels(0.05, 0.1),
    },
    by_feature={"country": {"psi": Levels(0.5, 0.9)}},
    false_discovery_rate=0.01,
    minimum=500,
    max_rejected=0.05,
    min_coverage=0.98,
)
PSI = Measurement(
    "feature_drift",
    "psi",
    0.4,
    30_000,
    5_000,
    feature="amount",
    effect=0.39,
    p_value=1e-9,
    smallest_detectable=0.01,
)
GAP = Measurement(
    "fairness",
    "demographic_parity_difference",
    0.2,
    30_000,
    5_000,
    group="gender",
    effect=0.2,
    ci_low=0.15,
    ci_high=0.25,
)


def verdict(*measurements: Measurement, n: int = 5_000, unmeasured: str | None = None) -> Judgement:
    return judge(measurements, RULES, n_current=n, unmeasured=unmeasured)


def test_a_large_and_significant_drift_is_an_alert() -> None:
    judged = verdict(PSI)
    assert judged.verdict == "alert"
    assert [(r.status, r.threshold, r.q_value) for r in judged.findings] == [("alert", 0.25, 1e-9)]


def test_a_large_drift_that_chance_explains_is_quiet_and_says_so() -> None:
    judged = verdict(replace(PSI, p_value=0.2))
    assert judged.verdict == "ok"
    assert judged.results[0].reason == "within what chance explains"


def test_a_significant_drift_that_is_immaterial_is_quiet() -> None:
    assert verdict(replace(PSI, value=0.02, effect=0.02)).verdict == "ok"


def test_the_debiased_effect_decides_not_the_raw_value() -> None:
    judged = verdict(replace(PSI, value=0.27, effect=0.2))
    assert (judged.verdict, judged.findings[0].threshold) == ("warning", 0.1)


def test_a_value_exactly_at_the_threshold_crosses_it() -> None:
    assert verdict(replace(PSI, value=0.25, effect=0.25)).verdict == "alert"


def test_a_features_own_threshold_wins() -> None:
    assert verdict(replace(PSI, feature="country")).verdict == "ok"


def test_fewer_requests_than_the_minimum_are_never_green() -> None:
    judged = verdict(PSI, n=499)
    assert (judged.verdict, judged.results[0].status) == ("insufficient_data", "insufficient_data")
    assert judged.reason == "499 requests; the minimum is 500"


def test_a_window_that_was_cut_short_is_not_measured_even_when_it_looks_fine() -> None:
    judged = verdict(replace(PSI, effect=0.0), unmeasured="40 of 5000 requests were seen")
    assert (judged.verdict, judged.reason) == ("not_measured", "40 of 5000 requests were seen")


def test_a_sample_that_could_not_have_shown_a_breach_is_insufficient() -> None:
    judged = verdict(replace(PSI, value=0.05, effect=0.05, p_value=0.5, smallest_detectable=0.4))
    assert (judged.verdict, judged.results[0].status) == ("insufficient_data", "insufficient_data")


def test_fairness_alarms_only_when_the_whole_interval_is_beyond_the_threshold() -> None:
    assert verdict(GAP).verdict == "alert"
    assert verdict(replace(GAP, ci_low=0.04)).verdict == "ok"
    assert verdict(replace(GAP, ci_low=0.06)).verdict == "warning"


@pytest.mark.parametrize(("high", "expected"), [(0.79, "warning"), (0.8, "ok"), (1.2, "ok")])
def test_a_ratio_is_crossed_downwards_and_exactly_four_fifths_is_not(high: float, expected: str) -> None:
    ratio = replace(GAP, metric="demographic_parity_ratio", value=0.7, effect=0.7, ci_low=0.6, ci_high=high)
    assert verdict(PSI_QUIET, ratio).verdict == expected


PSI_QUIET = replace(PSI, value=0.0, effect=0.0, p_value=1.0)


def test_many_quiet_features_make_one_small_p_value_insignificant() -> None:
    quiet = [replace(PSI_QUIET, feature=f"f{i}", p_value=0.5) for i in range(99)]
    assert verdict(replace(PSI, p_value=0.001), *quiet).verdict == "ok"
    assert verdict(replace(PSI, p_value=0.00005), *quiet).verdict == "alert"


def test_findings_come_worst_first_in_units_of_their_threshold() -> None:
    judged = verdict(replace(PSI, feature="small", effect=0.3), replace(PSI, feature="large", effect=3.0), GAP)
    names = [r.measurement.feature or r.measurement.group for r in judged.findings]
    assert names == ["large", "gender", "small"]


def test_what_could_not_be_computed_is_not_green() -> None:
    judged = verdict(replace(PSI, value=None, effect=None, p_value=None, reason="every value is missing"))
    assert judged.results[0].status == "not_computable"
    assert judged.verdict == "insufficient_data"


def test_a_feature_whose_drift_was_not_computable_is_not_green_beside_one_that_was() -> None:
    lost = replace(PSI, feature="lost", value=None, effect=None, p_value=None, reason="no finite value")
    judged = verdict(PSI_QUIET, lost)
    assert (judged.verdict, judged.reason) == ("insufficient_data", "not enough evidence for lost")


def test_a_feature_that_is_missing_throughout_is_judged_by_its_missing_share_alone() -> None:
    gone = replace(PSI, feature="gone", value=None, effect=None, p_value=None, reason=ALL_MISSING)
    assert verdict(PSI_QUIET, gone).verdict == "ok"
