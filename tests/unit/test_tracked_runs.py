"""What of an evaluation goes to MLflow: one name per result, and the tags that find it again."""

import os
import sys
from datetime import UTC, datetime

import pytest

from modelwatch.domain import Connection, Judgement, Measurement, Result, Window
from modelwatch.errors import SettingsError
from modelwatch.report.document import Evaluation
from modelwatch.report.mlflow import log_runs
from modelwatch.report.tracked import metrics_of, tracked_run

WINDOW = Window(datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 6, tzinfo=UTC))


def results(*measured: Measurement) -> tuple[Result, ...]:
    return tuple(Result(m, "ok") for m in measured)


def test_every_value_has_a_name_that_mlflow_takes_and_no_two_have_one() -> None:
    found = metrics_of(
        results(
            Measurement("feature_drift", "psi", 0.1, 9, 9, feature="amount"),
            Measurement("performance", "recall", None, 9, 9, reason="no request turned out positive"),
            Measurement("performance", "roc_auc", 0.9, 9, 9),
            Measurement("fairness", "selection_rate", 0.2, 9, 9, group="gender=F & age=<30"),
            Measurement("fairness", "selection_rate", 0.3, 9, 9, group="gender=F & age=>30"),
        )
    )
    assert found == {
        "feature_drift.psi.amount": 0.1,
        "performance.roc_auc": 0.9,
        "fairness.selection_rate.gender_F _ age__30": 0.2,
        "fairness.selection_rate.gender_F _ age__30_": 0.3,
    }


def test_a_run_says_which_window_version_and_evaluation_it_is_of() -> None:
    judgement = Judgement("ok", None, results(Measurement("performance", "roc_auc", 0.9, 9, 9)), ())
    evaluation = Evaluation("fraud", WINDOW, judgement, 9, 9, 1.0, page=False)
    run = tracked_run(evaluation, number=2, run_id="scheduled__1", versions=["v8", "v7"])
    assert (run.name, run.step) == ("fraud 2026-03-05T00:00:00Z/2026-03-06T00:00:00Z #2", 2)
    assert run.tags == {
        "modelwatch.monitor": "fraud",
        "modelwatch.window_start": "2026-03-05T00:00:00Z",
        "modelwatch.window_end": "2026-03-06T00:00:00Z",
        "modelwatch.evaluation": "fraud 2026-03-05T00:00:00Z/2026-03-06T00:00:00Z 2",
        "modelwatch.run_id": "scheduled__1",
        "modelwatch.verdict": "ok",
        "model_version": "v7, v8",
    }


def test_a_missing_client_is_named_and_the_environment_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "of somebody else")
    before = dict(os.environ)
    with pytest.raises(SettingsError, match=r"pip install 'modelwatch\[mlflow\]'"):
        log_runs([], Connection("tracking", login="me", password="secret"), "http://127.0.0.1", "fraud")
    assert dict(os.environ) == before
