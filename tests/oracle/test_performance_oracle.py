"""Performance from counts equals scikit-learn's on real requests, and what NannyML published; its errors hold."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn import metrics as sk
from sklearn.isotonic import IsotonicRegression

from modelwatch.calibration import performance as calibration
from modelwatch.checks.estimated import calibrated_chances, estimates
from modelwatch.checks.performance import both_figures, measure_performance
from modelwatch.checks.performance_figures import Figure
from modelwatch.domain import Measurement, Schema
from modelwatch.metrics import performance
from modelwatch.metrics.queue import entity_precision_at, precision_at
from modelwatch.profile import Outcomes, count_outcomes
from support.shared_data import shared_data

SCHEMA = Schema(columns=(), features={}, score="score", decision="decision", label="label")
CHUNK = 5_000


def outcomes(score: object, label: object, decision: object | None = None) -> Outcomes:
    scores = np.asarray(score, dtype=np.float64)
    columns = {"score": scores, "label": np.asarray(label, dtype=bool)}
    columns["decision"] = scores > 0.5 if decision is None else np.asarray(decision, dtype=bool)
    counted = count_outcomes(pa.table(columns), SCHEMA)
    assert counted is not None
    return counted


def measured(reference: Outcomes | None, current: Outcomes) -> dict[str, Measurement]:
    found = measure_performance(current, *both_figures(reference, current, confidence=0.99), alpha=0.001)
    return {m.metric: m for m in found}


@pytest.fixture(scope="module")
def car_loan() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    folder = shared_data("nannyml_car_loan")
    target = pd.read_csv(folder / "analysis_target.csv.gz")
    current = pd.read_csv(folder / "analysis.csv.gz").merge(target, on="id")
    published = pd.read_csv(folder / "recomputed_nannyml_0.13.1" / "car_loan_realized.csv")
    return pd.read_csv(folder / "reference.csv.gz"), current, published[published.chunk_period == "analysis"]


def test_realised_performance_of_every_chunk_is_the_published_one(
    car_loan: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    reference, current, published = car_loan
    before = outcomes(reference.y_pred_proba, reference.repaid, reference.y_pred)
    for i, row in enumerate(published.itertuples()):
        chunk = current.iloc[i * CHUNK : (i + 1) * CHUNK]
        found = measured(before, outcomes(chunk.y_pred_proba, chunk.repaid, chunk.y_pred))
        for metric in ("roc_auc", "accuracy", "f1", "precision", "recall"):
            assert found[metric].value == pytest.approx(getattr(row, f"{metric}_value"), abs=1e-9)
        fell = [m.metric for m in found.values() if (m.p_value or 0) < 1e-3 and (m.effect or 0) >= 0.02]
        assert ("accuracy" in fell) == (i >= 5)  # the drift that costs performance begins in the sixth chunk


def test_estimates_without_labels_are_within_the_published_sampling_error_of_the_published_ones(
    car_loan: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    reference, current, _ = car_loan
    before = outcomes(reference.y_pred_proba, reference.repaid, reference.y_pred)
    chances = calibrated_chances(before, current.y_pred_proba.to_numpy())
    isotonic = IsotonicRegression().fit(reference.y_pred_proba, reference.repaid)
    assert chances == pytest.approx(isotonic.predict(current.y_pred_proba), abs=1e-9)
    published = pd.read_csv(shared_data("nannyml_car_loan") / "recomputed_nannyml_0.13.1" / "car_loan_cbpe.csv")
    for i, row in enumerate(published[published.chunk_period == "analysis"].itertuples()):
        chunk = current.iloc[i * CHUNK : (i + 1) * CHUNK]
        unlabelled = outcomes(chunk.y_pred_proba, np.zeros(CHUNK), chunk.y_pred)  # no label is looked at
        found = estimates(before, unlabelled, alpha=0.01)
        for metric in ("roc_auc", "accuracy", "f1", "precision", "recall"):
            value, error = getattr(row, f"{metric}_value"), getattr(row, f"{metric}_sampling_error")
            figure = found[metric]
            assert isinstance(figure, Figure)
            assert abs(figure.value - value) <= error
            if metric in ("roc_auc", "accuracy", "f1"):  # the published estimate of precision misses more than once
                assert figure.low <= getattr(row, f"{metric}_realized") <= figure.high, (i, metric)


def test_intervals_of_estimates_hold_what_comes_true_however_few_labels_the_scores_were_calibrated_by() -> None:
    rng = np.random.default_rng(11)

    def draw(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        x = rng.normal(size=n)
        score = np.round(1 / (1 + np.exp(1.2 - x)), 3)  # no chance, but it rises with it
        return score, rng.random(n) < 1 / (1 + np.exp(2 - 1.5 * x)), score > 0.5

    metrics, rounds = ("roc_auc", "average_precision", "accuracy", "precision", "recall", "f1"), 80
    held, beyond = dict.fromkeys(metrics, 0.0), dict.fromkeys(metrics, 0.0)
    for _ in range(rounds):
        current = outcomes(*draw(4_000))
        expected, came = estimates(outcomes(*draw(800)), current, alpha=0.05), measured(None, current)
        for metric in metrics:
            figure, value = expected[metric], came[metric].value or 0.0
            assert isinstance(figure, Figure)
            held[metric] += (figure.low <= value <= figure.high) / rounds
            beyond[metric] += (figure.value - value) / rounds
    assert min(held.values()) >= 0.88, held
    assert max(beyond.values()) <= 0.02, beyond  # maps that have seen their own labels expect 0.04 too much


def test_every_day_of_card_transactions_equals_scikit_learn() -> None:
    folder = shared_data("fraud_handbook")
    rows = pd.read_parquet(folder / "transactions_base.parquet", columns=["TX_DATETIME", "TX_FRAUD", "score_lr"])
    for _, day in rows.groupby(rows.TX_DATETIME.dt.date):
        score, label = day.score_lr.to_numpy(np.float64), day.TX_FRAUD.to_numpy()
        counted = outcomes(score, label)
        negatives, positives, _ = counted.by_label.T
        of_precision, squared = performance.average_precision(positives, negatives), (score - label) ** 2
        assert performance.roc_auc(positives, negatives) == pytest.approx(sk.roc_auc_score(label, score), abs=1e-12)
        assert of_precision == pytest.approx(sk.average_precision_score(label, score), abs=1e-12)
        assert performance.brier(counted.scores, positives, negatives) == pytest.approx(squared.mean(), abs=1e-12)


def test_the_queue_finds_what_the_handbook_says_on_every_day() -> None:
    rows = pd.read_parquet(shared_data("fraud_handbook") / "transactions_base.parquet")
    rows = rows.assign(day=rows.TX_DATETIME.dt.date)
    known: set[str] = set()
    removed: list[int] = []  # as in the handbook's card_precision_top_k
    for _, day in rows.groupby("day"):
        score, label = day.score_lr.to_numpy(np.float64), day.TX_FRAUD.to_numpy(bool)
        cards = day.CUSTOMER_ID.astype(str).str.zfill(5).to_numpy(object)
        looked, found = entity_precision_at(score, label, cards, 100, known)
        left = day[~day.CUSTOMER_ID.isin(removed)][["score_lr", "CUSTOMER_ID", "TX_FRAUD"]]
        ranked = left.groupby("CUSTOMER_ID").max().sort_values("score_lr", ascending=False, kind="stable").head(100)
        assert (looked.found / looked.n, looked.n) == (ranked.TX_FRAUD.mean(), 100)
        removed += ranked.index[ranked.TX_FRAUD == 1].tolist()
        known |= found
        first = precision_at(score, label, 100)
        worst, best = (label[np.lexsort((tie, -score))][:100].sum() for tie in (label, ~label))
        assert worst <= first.found <= best  # the same number wherever no tie straddles the end of the queue
    assert len(known) == len(removed) > 300


def test_the_intervals_of_both_areas_cover_what_they_should() -> None:
    rng = np.random.default_rng(7)

    def draw(n: int) -> tuple[np.ndarray, np.ndarray]:
        x = rng.normal(size=n)
        chance = 1 / (1 + np.exp(3 - 1.5 * x))
        return np.round(chance, 3), rng.random(n) < chance

    score, label = draw(1_000_000)
    truth = sk.roc_auc_score(label, score), sk.average_precision_score(label, score)
    covered = np.zeros(2)
    for _ in range(120):
        negatives, positives, _ = outcomes(*draw(1_500)).by_label.T
        for i, (value, error) in enumerate(
            (
                (performance.roc_auc(positives, negatives), calibration.auc_error(positives, negatives)),
                (
                    performance.average_precision(positives, negatives),
                    calibration.average_precision_error(positives, negatives),
                ),
            )
        ):
            low, high = calibration.logit_interval(value, error, alpha=0.05)
            covered[i] += low <= truth[i] <= high
    assert (covered / 120 >= 0.9).all(), covered
    assert (covered / 120 <= 0.99).all(), covered


def test_scores_that_are_probabilities_are_called_uncalibrated_no_more_often_than_chance_allows() -> None:
    rng = np.random.default_rng(3)

    def draw(n: int, tilt: float = 1.0) -> Outcomes:
        chance = rng.beta(1, 6, n)
        return outcomes(chance, rng.random(n) < np.minimum(1, chance * tilt))

    p_values = [measured(draw(8_000), draw(2_000))["expected_calibration_error"].p_value or 0 for _ in range(80)]
    assert 0.01 <= np.mean(np.array(p_values) < 0.05) <= 0.1
    tilted = [measured(draw(8_000), draw(8_000, 1.5))["expected_calibration_error"] for _ in range(8)]
    assert max(m.p_value or 0 for m in tilted) < 1e-6
    assert np.mean([m.effect or 0 for m in tilted]) == pytest.approx(
        0.5 / 7, abs=0.01
    )  # a beta(1, 6) score's mean: 1/7


def test_undefined_stays_undefined() -> None:
    only_negatives = measured(None, outcomes([0.1, 0.2, 0.6], [0, 0, 0]))
    assert {m.metric: m.reason for m in only_negatives.values() if m.value is None} == {
        "roc_auc": "no request turned out positive",
        "average_precision": "no request turned out positive",
        "recall": "no request turned out positive",
    }
    only_positives = measured(None, outcomes([0.1, 0.2, 0.3], [1, 1, 1]))
    assert {m.metric: m.reason for m in only_positives.values() if m.value is None} == {
        "roc_auc": "no request turned out negative",
        "precision": "no request was selected",
    }
