"""Findings with one reason are one problem; different reasons stay apart."""

from modelwatch.domain import Check, Measurement, Result
from modelwatch.grouping import group_findings


def finding(
    feature: str | None,
    cause: str | None = None,
    *,
    check: Check = "feature_drift",
    metric: str = "psi",
    group: str | None = None,
) -> Result:
    return Result(Measurement(check, metric, 1.0, 100, 100, feature=feature, cause=cause, group=group), "alert", 0.25)


def grouped(*findings: Result, **correlated: float) -> list[tuple[tuple[str, ...], int]]:
    pairs = {(name.split("_")[0], name.split("_")[1]): rho for name, rho in correlated.items()}
    return [(problem.features, len(problem.results)) for problem in group_findings(findings, pairs)]


def test_one_upstream_change_in_several_features_is_one_problem() -> None:
    findings = [
        finding("a", "scale_x100"),
        finding("c", "sign_flip"),
        finding("b", "scale_x100"),
        finding("a", "scale_x100", metric="ks_statistic"),
        finding("b", "scale_x100", check="quality", metric="out_of_range_share"),
    ]
    assert grouped(*findings) == [(("a", "b"), 4), (("c",), 1)]
    assert group_findings(findings, {})[0].why == "the same cause"


def test_features_that_move_together_in_the_reference_are_one_problem_also_in_a_chain() -> None:
    shifted = [finding(name, "shift") for name in "abcd"]
    assert grouped(*shifted, a_b=0.9, b_c=-0.8, c_d=0.6) == [(("a", "b", "c"), 3), (("d",), 1)]
    assert group_findings(shifted, {("a", "b"): 0.9})[0].why == "they move together in the reference"


def test_a_plain_shift_of_two_unrelated_features_is_two_problems() -> None:
    assert grouped(finding("a", "shift"), finding("b", "shift")) == [(("a",), 1), (("b",), 1)]
    assert grouped(finding("a"), finding("b", "unknown")) == [(("a",), 1), (("b",), 1)]


def test_different_causes_stay_apart_although_correlated() -> None:
    assert grouped(finding("a", "null_burst"), finding("b", "sign_flip"), a_b=0.99) == [(("a",), 1), (("b",), 1)]
    assert grouped(finding("a", "scale_x10"), finding("b", "shift"), a_b=0.99) == [(("a", "b"), 2)]


def test_the_score_stays_apart_from_its_inputs_and_groups_from_features() -> None:
    findings = [
        finding("a", "shift"),
        finding("score", "shift", check="prediction_drift"),
        finding(None, check="fairness", group="gender"),
        finding(None, check="fairness", group="gender", metric="demographic_parity_ratio"),
    ]
    assert grouped(*findings, a_score=0.95) == [(("a",), 1), (("score",), 1), ((), 2)]


def test_every_finding_is_in_one_problem_and_order_is_kept() -> None:
    findings = [finding(name, "null_burst" if i % 2 else "shift") for i, name in enumerate("zyxwv")]
    problems = group_findings(findings, {("v", "z"): 0.8})
    assert [p.features for p in problems] == [("z", "v"), ("y", "w"), ("x",)]
    assert sorted(id(r) for p in problems for r in p.results) == sorted(id(r) for r in findings)
