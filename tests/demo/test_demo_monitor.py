"""The demo's own monitor file judges the story's days as the README tells it."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from demo.model import trained
from demo.traffic import FEATURES, Story, requests_on
from modelwatch.config import load_monitor

INCLUDE = Path(__file__).resolve().parents[2] / "include"
MONITOR = INCLUDE / "monitors" / "fraud.yaml"
END = date(2026, 3, 20)
Documents = Mapping[int, Mapping[str, Any]]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    """The document of each of the last eleven days, by the days that were left of the story."""
    rows = pd.concat([requests_on(END - timedelta(days=left), Story(END)) for left in range(11)])
    scores = trained().score(rows)
    rows = rows.drop(columns="is_fraud").assign(score=scores, flagged=trained().flag(scores), model_version="1")
    file = tmp_path_factory.mktemp("story") / "days.parquet"
    rows.to_parquet(file)
    command = [sys.executable, "-m", "modelwatch", "backtest", str(MONITOR), "--current", str(file)]
    options = ["--every", "1d", "--output", "jsonl"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, cwd=INCLUDE)
    documents = [json.loads(line) for line in done.stdout.splitlines()]
    return {(END - date.fromisoformat(one["window"]["start"][:10])).days: one for one in documents}


def features(document: Mapping[str, Any], check: str) -> set[str]:
    found = [one for one in document["findings"] if one["check"] == check and one["status"] == "alert"]
    return {one["feature"] or one["group"] for one in found}


def test_the_file_watches_every_feature_of_the_model_and_its_groups() -> None:
    monitor = load_monitor(MONITOR)
    assert set(monitor.schema().features) == set(FEATURES)
    assert {one.name for one in monitor.schema().sensitive} == {"gender", "age_band"}
    reference = pd.read_parquet(monitor.reference_uri)
    assert {column.path[0] for column in monitor.schema().columns} <= set(reference.columns)


@pytest.mark.parametrize("left", [10, 9, 8, 7])
def test_quiet_days_page_nobody(left: int, judged: Documents) -> None:
    assert (judged[left]["verdict"], judged[left]["page"], judged[left]["findings"]) == ("ok", False, [])


@pytest.mark.parametrize("left", [6, 5, 4])
def test_amounts_in_cents_page_with_the_amount_alone(left: int, judged: Documents) -> None:
    assert (judged[left]["verdict"], judged[left]["page"]) == ("alert", left == 6), "one page for one problem"
    assert features(judged[left], "feature_drift") == {"amount"}
    assert features(judged[left], "prediction_drift")


@pytest.mark.parametrize("left", [3, 2, 1, 0])
def test_the_campaign_pages_with_what_shifted_and_the_gap_between_ages(left: int, judged: Documents) -> None:
    assert (judged[left]["verdict"], judged[left]["page"]) == ("alert", left == 3)
    shifted = features(judged[left], "feature_drift")
    assert {"device_age_days", "account_age_days"} <= shifted
    assert "amount" not in shifted
    gaps = features(judged[left], "fairness")
    assert "age_band" in gaps
    assert "gender" not in gaps
