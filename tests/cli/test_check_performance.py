"""`modelwatch check` and `backtest` on labelled requests: performance, which drift it is, and what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from benchmarks.drift_kind_cases import draw

from support.cli import Outcome, modelwatch

DAY = np.datetime64("2026-03-01T00:00:00")
MONITOR: dict[str, Any] = {
    "monitor": "loans",
    "source": {"type": "files", "uri": "day.parquet"},
    "columns": {"id": "id", "timestamp": "at", "score": "score", "decision": "decision", "label": "label"},
    "decision": {"selected": True, "outcome": "adverse"},
    "reference": {"uri": "reference.parquet"},
    "sample": {"rows": 20000, "minimum": 300},
    "features": {"x0": "numeric", "x1": "numeric", "x2": "numeric", "x3": "numeric", "group": "categorical"},
    "multivariate": {"detector": "none"},
}


def requests(n: int, seed: int, kind: str = "none", *, day: int = 0) -> pa.Table:
    """Labelled requests of one day, each of one of 500 cards."""
    rng = np.random.default_rng(seed)
    rows = draw(n, rng, kind)
    at = DAY + np.timedelta64(day, "D") + (np.arange(n) * (86_000 / n)).astype("timedelta64[s]")
    rows = rows.append_column("id", pa.array([f"{day}-{seed}-{i}" for i in range(n)]))
    rows = rows.append_column("card", pa.array([f"c{k:03d}" for k in rng.integers(0, 500, n)]))
    return rows.append_column("at", pa.array(at.astype("datetime64[us]")))


def blocked(rows: pa.Table, seed: int, explored: float = 0.1) -> tuple[pa.Table, float]:
    """The rows as a shop sees them, what is selected blocked and called bad but for a tenth; and the true precision."""
    rng = np.random.default_rng(seed)
    selected, label = rows["decision"].to_numpy(), rows["label"].to_numpy()
    is_explored = selected & (rng.random(len(selected)) < explored)
    lane = np.where(is_explored, "exploration", np.where(selected, "blocked", "allowed"))
    seen = np.where(lane == "blocked", True, label)
    rows = rows.set_column(rows.column_names.index("label"), "label", pa.array(seen.astype(bool)))
    rows = rows.append_column("lane", pa.array(lane))
    rows = rows.append_column("chance", pa.array(np.where(selected, explored, 1.0)))
    return rows, float(label[selected].mean())


def check(folder: Path, reference: pa.Table, day: pa.Table, *options: str, **keys: object) -> Outcome:
    pq.write_table(reference, folder / "reference.parquet")
    pq.write_table(day, folder / "day.parquet")
    (folder / "loans.yaml").write_text(json.dumps({**MONITOR, **keys}))
    return modelwatch("check", "loans.yaml", "--current", "day.parquet", "--output", "json", *options)


def performance(document: dict[str, Any], group: str | None = None) -> dict[str, dict[str, Any]]:
    return {r["metric"]: r for r in document["results"] if r["check"] == "performance" and r["group"] == group}


@pytest.fixture(scope="module")
def reference() -> pa.Table:
    return requests(6_000, 1)


def test_a_model_that_became_worse_is_an_alert_that_says_why(folder: Path, reference: pa.Table) -> None:
    outcome = check(folder, reference, requests(3_000, 2, "concept_drift", day=9))
    document, found = outcome.document, performance(outcome.document)
    assert (outcome.status, document["drift_kind"]) == (1, "concept_drift")
    assert {f["check"] for f in document["findings"]} == {"performance"}
    assert found["roc_auc"]["status"] == "alert"
    assert found["roc_auc"]["ci_low"] < found["roc_auc"]["value"] < found["roc_auc"]["ci_high"]
    assert {one["cause"] for one in found.values()} == {"concept_drift"}
    first = document["findings"][0]["evidence"]
    assert first.startswith("concept drift: inputs are stable, what they mean has changed; ROC AUC 0.")
    assert found["estimated_roc_auc"]["evidence"].endswith(f"it came out as {found['roc_auc']['value']:.4g}")


def test_where_the_reference_has_no_labels_the_windows_before_are_what_performance_is_compared_with(
    folder: Path, reference: pa.Table
) -> None:
    days = [requests(1_500, 20 + day, "concept_drift" if day == 8 else "none", day=day) for day in range(9)]
    pq.write_table(pa.concat_tables(days), folder / "days.parquet")
    check(folder, reference.drop_columns("label"), days[0], thresholds={"roc_auc": {"alert": 0.08}})
    outcome = modelwatch("backtest", "loans.yaml", "--current", "days.parquet", "--every", "1d", "--output", "jsonl")
    assert [one["verdict"] for one in outcome.documents] == ["ok"] * 8 + ["alert"]
    *_, quiet, worse = [performance(one) for one in outcome.documents]
    assert (quiet["roc_auc"]["status"], quiet["roc_auc"]["reason"]) == ("not_computable", "the reference has no labels")
    assert quiet["roc_auc_worsening"]["status"] == "ok"
    fell = worse["roc_auc_worsening"]
    assert (fell["status"], fell["threshold"], fell["n_reference"]) == ("alert", 0.08, 8 * 1_500)
    assert 0 < fell["ci_low"] < fell["value"] < fell["ci_high"]
    assert "against the 8 windows before it" in fell["evidence"]


def test_a_quiet_day_is_ok_and_labels_from_a_file_give_the_same(folder: Path, reference: pa.Table) -> None:
    day = requests(3_000, 3, day=9)
    outcome = check(folder, reference, day, performance={"costs": {"false_negative": 10, "false_positive": 1}})
    assert (outcome.status, outcome.document["verdict"], outcome.document["drift_kind"]) == (0, "ok", None)
    decision, label = day["decision"].to_numpy(), day["label"].to_numpy()
    cost = performance(outcome.document)["cost"]
    assert cost["value"] == pytest.approx(((decision & ~label).sum() + 10 * (~decision & label).sum()) / 3_000)
    assert cost["status"] == "ok" and cost["threshold"] is None, "reported, not judged"
    pq.write_table(day.select(["id", "label"]), folder / "labels.parquet")
    joined = check(folder, reference, day.drop_columns("label"), "--labels", "labels.parquet")
    assert performance(joined.document)["f1"] == performance(outcome.document)["f1"]


def test_without_labels_nothing_is_known_and_performance_is_estimated(folder: Path, reference: pa.Table) -> None:
    day = requests(3_000, 4, "covariate_shift", day=9)
    outcome = check(folder, reference, day.drop_columns("label"))
    found = performance(outcome.document)
    assert {found[name]["reason"] for name in ("roc_auc", "recall", "brier")} == {"no labels"}
    assert outcome.document["verdict"] == "alert", "the inputs moved"
    assert found["estimated_roc_auc"]["effect"] > 0
    assert found["estimated_roc_auc"]["threshold"] is None


def test_estimates_are_withheld_after_a_window_that_was_not_calibrated(folder: Path, reference: pa.Table) -> None:
    days = [requests(3_000, 20 + i, "concept_drift" if i == 1 else "none", day=9 + i) for i in range(4)]
    unlabelled = days[2].set_column(days[2].column_names.index("label"), "label", pa.nulls(3_000, pa.bool_()))
    check(folder, reference, pa.concat_tables([*days[:2], unlabelled, days[3]]))
    outcome = modelwatch("backtest", "loans.yaml", "--current", "day.parquet", "--every", "1d", "--output", "jsonl")
    estimates = [performance(one)["estimated_f1"] for one in outcome.documents]
    reason = "not estimated: scores were not calibrated in the window of 2026-03-11T00:00:00Z"
    assert [one["reason"] for one in estimates] == [None, None, reason, reason]


def test_the_queue_is_reviewed_by_day_and_known_cards_are_left_out(folder: Path, reference: pa.Table) -> None:
    days = pa.concat_tables([requests(1_500, 5, day=9), requests(1_500, 6, day=10)])
    outcome = check(folder, reference, days, performance={"queue": {"size": 50, "entity": "card"}})
    found = performance(outcome.document)
    assert found["precision_at_k"]["n_current"] == found["entity_precision_at_k"]["n_current"] == 100
    assert found["precision_at_k"]["value"] > 0.8
    assert found["entity_precision_at_k"]["threshold"] is None


def test_an_inflated_precision_is_refused_and_the_corrected_one_covers(folder: Path, reference: pa.Table) -> None:
    before, _ = blocked(reference, 7)
    day, truth = blocked(requests(6_000, 8, day=9), 8)
    traffic = {"traffic": {"column": "lane"}, "propensity": "chance"}
    naive = performance(check(folder, before, day).document)["precision"]["value"]
    assert naive > truth + 0.2, "blocked requests that are called bad make it look so"
    document = check(folder, before, day, performance=traffic).document
    refused = performance(document)["precision"]
    assert refused["value"] is None and refused["reason"].startswith("what becomes of blocked requests is not known")
    assert performance(document, "lane=blocked")["precision"]["value"] is None
    assert performance(document, "lane=allowed")["precision"]["reason"] == "no request was selected"
    corrected = performance(document, "all traffic")["precision"]
    assert corrected["ci_low"] <= truth <= corrected["ci_high"]
    assert corrected["ci_high"] < naive
