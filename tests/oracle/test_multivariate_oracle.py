"""The arithmetic of multivariate drift against scipy, scikit-learn, pandas, and a permutation test by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from modelwatch.calibration import multivariate as calibration
from modelwatch.checks.rows import scored
from modelwatch.errors import MetricInputError
from modelwatch.metrics.multivariate import correlations, midranks, normal_scores, roc_auc

scores_of = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=30)


@given(values=st.lists(st.floats(allow_nan=False), max_size=50))
def test_midranks_are_scipys(values: list[float]) -> None:
    assert midranks(np.array(values)).tolist() == stats.rankdata(values).tolist()


@given(reference=scores_of, current=scores_of)
def test_the_area_under_the_curve_is_scikit_learns(reference: list[float], current: list[float]) -> None:
    scores, is_current = sides(reference, current)
    assert roc_auc(scores, is_current) == pytest.approx(roc_auc_score(is_current, scores))


@given(reference=scores_of, current=scores_of)
def test_the_null_of_the_area_is_mann_whitneys(reference: list[float], current: list[float]) -> None:
    scores, is_current = sides(reference, current)
    value, error = roc_auc(scores, is_current), calibration.auc_null_error(scores, is_current)
    if len(set(scores)) == 1:
        assert (error, calibration.auc_p_value(value, error)) == (0.0, 1.0)
        return
    wanted = stats.mannwhitneyu(
        current, reference, alternative="greater", method="asymptotic", use_continuity=False
    ).pvalue
    assert calibration.auc_p_value(value, error) == pytest.approx(wanted, rel=1e-9)


def test_the_p_value_of_an_area_is_that_of_a_permutation_test() -> None:
    rng = np.random.default_rng(1)
    scores, is_current = sides(rng.normal(0, 1, 80).round(1), rng.normal(0.3, 1, 40).round(1))
    value = roc_auc(scores, is_current)
    permuted = [roc_auc(scores, rng.permutation(is_current)) for _ in range(4_000)]
    by_hand = (1 + sum(one >= value for one in permuted)) / 4_001
    found = calibration.auc_p_value(value, calibration.auc_null_error(scores, is_current))
    assert found == pytest.approx(by_hand, abs=0.01)


def test_the_standard_error_of_an_area_is_that_of_many_samples() -> None:
    rng = np.random.default_rng(2)
    areas, errors = [], []
    for _ in range(400):
        scores, is_current = sides(rng.normal(0, 1, 120), rng.normal(1, 2, 60))
        areas.append(roc_auc(scores, is_current))
        errors.append(calibration.auc_error(scores, is_current))
    assert np.mean(errors) == pytest.approx(np.std(areas), rel=0.1)


def test_an_area_needs_both_sides() -> None:
    with pytest.raises(MetricInputError, match="both sides"):
        roc_auc(np.array([1.0]), np.array([True]))


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), missing=st.sampled_from([0.0, 0.3]))
def test_correlations_are_those_of_pandas_on_the_rows_that_have_both_values(seed: int, missing: float) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(60, 4)) @ rng.normal(size=(4, 4))
    x[rng.random(x.shape) < missing] = np.nan
    found = correlations(x)
    assert np.allclose(found.r, pd.DataFrame(x).corr().to_numpy(), atol=1e-9)
    assert (found.n == (~np.isnan(x)).T.astype(int) @ (~np.isnan(x)).astype(int)).all()


def test_on_normal_scores_they_are_van_der_waerdens_and_blind_to_the_marginals() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(500, 2))
    x[:, 1] += x[:, 0]
    plain, bent = correlations(scored(x)).r, correlations(scored(np.column_stack([np.exp(x[:, 0]), x[:, 1] ** 3]))).r
    wanted = stats.pearsonr(*(stats.norm.ppf((stats.rankdata(column) - 0.5) / 500) for column in x.T)).statistic
    assert plain[0, 1] == pytest.approx(wanted)
    assert bent[0, 1] == plain[0, 1]


@given(values=st.lists(st.floats(-1e6, 1e6).map(lambda x: round(x, 3)) | st.just(float("nan")), max_size=40))
def test_normal_scores_keep_the_order_and_the_gaps(values: list[float]) -> None:
    array = np.array(values, dtype=np.float64)
    scores = normal_scores(array)
    assert (np.isnan(scores) == np.isnan(array)).all()
    known = ~np.isnan(array)
    assert midranks(scores[known]).tolist() == midranks(array[known]).tolist()
    assert normal_scores(array * 3).tolist() == pytest.approx(scores.tolist(), nan_ok=True)


@pytest.mark.parametrize("kind", ["normal", "heavy tails", "lognormal", "zeros", "counts"])
def test_no_drift_is_rarely_called_a_changed_correlation(kind: str) -> None:
    """P(p < 0.01 | no drift) is at most about 0.01: of 400 pairs each, at most 10 (P < 0.01 of more if it is)."""
    rng = np.random.default_rng(4)
    found = [changed(rng, kind) for _ in range(400)]
    assert sum(p < 0.01 for p in found) <= 10


def changed(rng: np.random.Generator, kind: str) -> float:
    """The p-value of one pair of columns, 1,000 rows against 300."""
    before, now = (pair(rng, n, kind) for n in (1_000, 300))
    p_values = calibration.correlation_p_values(correlations(scored(before)), correlations(scored(now)))
    return float(p_values[0, 1])


def pair(rng: np.random.Generator, n: int, kind: str) -> np.ndarray:
    """Two columns that have something in common."""
    both = rng.normal(size=(n, 1)) + rng.normal(size=(n, 2))
    if kind == "heavy tails":
        return both / np.sqrt(rng.chisquare(3, size=(n, 1)) / 3)
    if kind == "lognormal":
        return np.exp(both)
    if kind == "zeros":
        return np.where(both > 1.5, both, 0.0)
    return rng.poisson(np.exp(both / 2 - 1)).astype(float) if kind == "counts" else both


def sides(reference: object, current: object) -> tuple[np.ndarray, np.ndarray]:
    r, c = np.array(reference, dtype=float), np.array(current, dtype=float)
    return np.concatenate([r, c]), np.arange(len(r) + len(c)) >= len(r)
