"""Performance against the windows before: a sudden fall and a slow one are told, days that differ by nature are not."""

from functools import partial

import numpy as np
import pyarrow as pa
import pytest

from modelwatch.checks.worsening import measure_worsening
from modelwatch.domain import WORSENING, Measurement, Schema
from modelwatch.profile import Outcomes, count_outcomes

SCHEMA = Schema(columns=(), features={}, score="score", decision="decision", label="label")


def window(rng: np.random.Generator, quality: float, n: int = 2000) -> Outcomes:
    """Requests of which that share turns out as the score says, and the rest as a coin of the same mean does."""
    score = rng.beta(1, 3, n)
    label = rng.random(n) < np.where(rng.random(n) < quality, score, 0.25)
    rows = pa.table({"score": score, "decision": score > 0.4, "label": label})
    counted = count_outcomes(rows, SCHEMA)
    assert counted is not None
    return counted


def measured(past: list[Outcomes], current: Outcomes, confidence: float = 0.95) -> dict[str, Measurement]:
    return {m.metric: m for m in measure_worsening(past, current, alpha=0.001, confidence=confidence)}


def test_a_sudden_fall_of_a_model_that_has_long_been_bad_is_told_and_its_size_is_the_true_one() -> None:
    rng = np.random.default_rng(5)
    past = [window(rng, 0.6) for _ in range(28)]
    quiet, fallen = measured(past, window(rng, 0.6)), measured(past, window(rng, 0.2))
    assert quiet.keys() == fallen.keys() == {f"{name}_worsening" for name in WORSENING} - {"cost_worsening"}
    assert all((m.p_value or 0) > 0.001 for m in quiet.values())
    truth = measured([window(rng, 0.6, 100_000)] * 7, window(rng, 0.2, 400_000))
    for name in ("roc_auc_worsening", "precision_worsening", "expected_calibration_error_worsening"):
        m = fallen[name]
        assert (m.p_value or 0) < 1e-6
        assert (m.ci_low or 0) <= (truth[name].value or 0) <= (m.ci_high or 0), name
    assert (fallen["roc_auc_worsening"].evidence or "").endswith("; against the 28 windows before it")
    assert fallen["roc_auc_worsening"].n_reference == 28 * 2000


def test_a_slow_decay_does_not_pass_for_natural() -> None:
    rng = np.random.default_rng(6)
    past = [window(rng, quality) for quality in np.linspace(0.9, 0.4, 28)]
    fell = measured(past, window(rng, 0.38))["roc_auc_worsening"]
    assert (fell.p_value or 0) < 1e-4
    assert (fell.value or 0) > 0.05


@pytest.mark.parametrize(("spread", "least"), [(0.0, 0.9), (0.25, 0.85)], ids=["by chance alone", "by nature too"])
def test_quiet_windows_are_seldom_significant_however_much_they_differ(spread: float, least: float) -> None:
    rng = np.random.default_rng(7)
    day = partial(window, rng, n=600)
    found = [
        measured([day(q) for q in quality[1:]], day(quality[0]))["roc_auc_worsening"]
        for quality in 0.6 + spread * (rng.random((40, 13)) - 0.5) * 2
    ]
    assert np.mean([(m.p_value or 0) < 0.01 for m in found]) <= 0.05
    assert np.mean([(m.ci_low or 0) <= 0 <= (m.ci_high or 0) for m in found]) >= least


def test_of_too_short_a_past_nothing_is_said() -> None:
    rng = np.random.default_rng(8)
    past = [window(rng, 0.6) for _ in range(7)]
    assert measured(past[1:], window(rng, 0.2)) == {}
    assert measured(past, window(rng, 0.2)) != {}
