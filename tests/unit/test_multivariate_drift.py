"""What the check says of rows whose features move together, or no longer do."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from modelwatch.checks.correlation import measure_correlations
from modelwatch.checks.domain_classifier import measure_domain_auc
from modelwatch.checks.multivariate import Options, measure_multivariate
from modelwatch.config.thresholds import DEFAULTS
from modelwatch.domain import Judgement, Measurement, Rules
from modelwatch.metrics.registry import METRICS
from modelwatch.verdict import judge
from support.joint_rows import joined, joint, kinds, table

ALPHA = 0.01 / 30
OPTIONS = Options("domain_classifier", alpha=ALPHA, confidence=0.99)
RULES = Rules(DEFAULTS, {}, 0.01, minimum=500, max_rejected=0.05, min_coverage=0.98)


def measured(reference: pa.Table, current: pa.Table) -> dict[str, Measurement]:
    found = measure_multivariate(reference, current, kinds(reference), OPTIONS)
    return {m.metric: m for m in found}


def judged(reference: pa.Table, current: pa.Table) -> Judgement:
    found = measure_multivariate(reference, current, kinds(reference), OPTIONS)
    return judge(found, RULES, n_current=current.num_rows)


def test_a_correlation_broken_with_unchanged_marginals_is_an_alert_that_names_the_pair() -> None:
    judgement = judged(joint(5_000, 1), joint(5_000, 2, rho=0.0))
    assert judgement.verdict == "alert"
    assert {r.measurement.metric: r.status for r in judgement.findings} == {
        "correlation_shift": "alert",
        "auc_domain": "alert",
    }
    by_metric = {r.measurement.metric: r.measurement.evidence for r in judgement.findings}
    assert by_metric["correlation_shift"] is not None
    assert by_metric["correlation_shift"].startswith("correlation of f0 and f1: 0.8")
    assert by_metric["auc_domain"] is not None
    assert by_metric["auc_domain"].startswith(("told apart by f0 (-0.", "told apart by f1 (-0."))


def test_it_is_found_whenever_it_happens() -> None:
    """Every one of 20 windows of 5,000 rows: at least 86 % of all with 95 % certainty; the gap is 20 errors wide."""
    reference = joint(5_000, 3)
    for seed in range(20):
        found = measure_correlations(joined(reference, joint(5_000, 100 + seed, rho=0.0)), alpha=ALPHA)
        assert found.p_value is not None and found.p_value < 1e-100
        assert found.effect is not None and found.effect > 0.7


@pytest.mark.parametrize("change", [{}, {"shift": 0.02}], ids=["none", "0.02 sd"])
def test_a_quiet_or_immaterially_changed_window_is_ok(change: dict[str, float]) -> None:
    judgement = judged(joint(5_000, 4), joint(5_000, 5, **change))
    assert (judgement.verdict, judgement.findings) == ("ok", ())


def test_no_drift_is_rarely_told_apart() -> None:
    """P(p < 0.01 | no drift) is at most about 0.01: at most 4 of 100 quiet windows (P < 0.004 of more if it is)."""
    quiet = [joined(joint(400, 1_000 + seed), joint(300, 2_000 + seed)) for seed in range(100)]
    found = [measure_domain_auc(rows, alpha=ALPHA, confidence=0.99) for rows in quiet]
    assert sum((m.p_value or 0.0) < 0.01 for m in found) <= 4
    pairs = [measure_correlations(rows, alpha=ALPHA) for rows in quiet]
    assert sum((m.p_value or 0.0) < 0.01 for m in pairs) <= 4


def test_the_same_rows_give_the_same_measurements() -> None:
    reference, current = joint(600, 6), joint(500, 7, rho=0.3)
    assert measured(reference, current) == measured(reference, current)


def test_what_moved_alone_is_told_by_the_classifier_and_not_as_a_changed_correlation() -> None:
    found = measured(joint(4_000, 8), joint(4_000, 9, shift=1.0))
    area, pairs = found["auc_domain"], found["correlation_shift"]
    assert area.value == pytest.approx(0.86, abs=0.03)  # given f1, f0 moved by 1 / 0.6: Phi(1.67 / sqrt 2) = 0.88
    assert area.ci_low is not None and area.ci_high is not None and area.ci_low < area.value < area.ci_high
    assert area.evidence is not None and area.evidence.startswith("told apart by f0")
    assert pairs.p_value is not None and pairs.p_value > 0.001


def test_categories_take_part() -> None:
    rng = np.random.default_rng(10)

    def requests(n: int, *, tied: bool) -> pa.Table:
        channel = rng.choice(["web", "app", "shop"], n)
        amount = rng.normal(size=n) + 2 * ((channel if tied else rng.permutation(channel)) == "web")
        return pa.table({"channel": pa.array(channel), "amount": amount, "flag": pa.array(rng.random(n) < 0.5)})

    found = measured(requests(3_000, tied=True), requests(3_000, tied=False))
    assert found["correlation_shift"].evidence is not None
    assert "channel=web and amount: 0.6" in found["correlation_shift"].evidence
    assert found["auc_domain"].value is not None and found["auc_domain"].value > 0.65


def test_missing_values_constants_and_infinities_do_no_harm() -> None:
    rng = np.random.default_rng(11)

    def broken(n: int) -> pa.Table:
        x = rng.normal(size=(n, 5))
        x[rng.random(n) < 0.3, 0] = np.nan
        x[:, 1] = 7.0
        x[::50, 2] = np.inf
        x[1::50, 2] = -np.inf
        x[:, 3] = np.nan
        return table(x)

    judgement = judged(broken(2_000), broken(1_500))
    assert (judgement.verdict, judgement.findings) == ("ok", ())
    for result in judgement.results:
        assert result.measurement.value is not None and np.isfinite(result.measurement.value)
        assert result.measurement.check in METRICS[result.measurement.metric].checks


def test_few_rows_are_insufficient_and_say_how_many_it_takes() -> None:
    for m in measured(joint(2_000, 12), joint(60, 13)).values():
        assert (m.value, m.sufficient) == (None, False)
        assert m.reason == "the current sample has 60 rows; at least 100 are needed to look at features together"


def test_no_rows_are_not_computable() -> None:
    for m in measured(joint(2_000, 14), joint(0, 15)).values():
        assert (m.value, m.sufficient, m.reason) == (None, True, "the current sample has no rows")


def test_a_window_too_small_for_the_threshold_is_insufficient() -> None:
    results = {r.measurement.metric: r for r in judged(joint(5_000, 16), joint(500, 17)).results}
    assert results["correlation_shift"].status == "ok"
    few = measured(joint(5_000, 16), joint(150, 17))["correlation_shift"]
    assert few.smallest_detectable is not None and few.smallest_detectable > (DEFAULTS["correlation_shift"].alert or 0)


def test_one_feature_has_no_pair_and_is_still_looked_at() -> None:
    found = measured(joint(1_000, 18).select(["f0"]), joint(1_000, 19, shift=1.0).select(["f0"]))
    assert found["correlation_shift"].reason == "fewer than two features vary on both sides"
    assert found["auc_domain"].value == pytest.approx(0.76, abs=0.03)
    assert found["auc_domain"].evidence is not None and "f0" in found["auc_domain"].evidence


def test_a_reference_compared_with_itself_is_quiet() -> None:
    rows = joint(2_000, 20)
    judgement = judged(rows, rows)
    assert (judgement.verdict, judgement.findings) == ("ok", ())


def test_a_category_of_very_many_levels_is_no_obstacle() -> None:
    def many(n: int, start: int) -> pa.Table:
        return pa.table({"id": [f"level {start + i}" for i in range(n)], "x": np.arange(n) % 97 * 1.0})

    found = measured(many(3_000, 0), many(3_000, 3_000))
    assert found["auc_domain"].value == pytest.approx(1.0)
    assert found["auc_domain"].evidence is not None
    assert found["auc_domain"].evidence.startswith("told apart by id (-0.4")


def test_the_first_window_of_a_process_is_measured_on_one_thread_too() -> None:
    """Two threads that wait for each other on a busy machine took minutes instead of seconds."""
    script = """
from threadpoolctl import threadpool_info
from modelwatch.checks.domain_classifier import boosted_trees, one_thread
with one_thread():
    boosted_trees()
    print({library["num_threads"] for library in threadpool_info()})
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "{1}\n"
