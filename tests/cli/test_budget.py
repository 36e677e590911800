"""Pages by chance, and thresholds for a budget of pages."""

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from modelwatch.config import load_monitor
from modelwatch.domain import Levels, Measurement, Rules, Window
from modelwatch.episodes import Policy, Replay, judged_window
from modelwatch.report.document import Evaluation
from modelwatch.report.thresholds import proposal_lines, thresholds_yaml
from modelwatch.steps.budget import _at_least, expected_pages, propose
from modelwatch.verdict import judge
from support.dated_traffic import Shop, days

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    more = "thresholds: {missing_share: {warning: 0.02, alert: 0.05}}"
    return Shop(tmp_path, days(7, per_day=100, seed=1), days(1, per_day=100, seed=2), more=more)


def test_at_least_is_the_sum_over_all_outcomes() -> None:
    chances = [0.1, 0.5, 0.8]
    for k in range(5):
        expected = sum(
            np.prod([p if one else 1 - p for p, one in zip(chances, outcome, strict=True)])
            for outcome in product([True, False], repeat=3)
            if sum(outcome) >= k
        )
        assert _at_least(k, chances) == pytest.approx(expected)


def windows(shop: Shop, draw: "np.random.Generator", n: int, open_after: tuple[int, int] = (1, 1)) -> list[Evaluation]:
    """Windows in which nothing changed, judged where every significant effect is material."""
    rules = replace(shop.monitor.rules(), levels={"psi": Levels(alert=1e-9)}, by_feature={})
    found, replay = [], Replay(Policy(*open_after, critical=math.inf))
    for i in range(n):
        measured = [
            Measurement("feature_drift", "psi", 1.0, 1_000, 1_000, feature=name, effect=1.0, p_value=float(p))
            for name, p in zip(("amount", "items", "weekend"), draw.random(3), strict=True)
        ]
        judgement = judge(measured, rules, n_current=1_000)
        window = Window(START + i * timedelta(days=1), START + (i + 1) * timedelta(days=1))
        page = replay.add(judged_window(window, judgement, n_current=1_000))
        found.append(Evaluation("shop", window, judgement, 1_000, 1_000, 1.0, page))
    return found


@pytest.mark.parametrize(("rate", "open_after", "loose"), [(0.05, (1, 1), 1.15), (0.1, (2, 3), 1.6)])
def test_what_chance_is_said_to_page_at_most_is_about_what_it_pages(
    tmp_path: Path, rate: float, open_after: tuple[int, int], loose: float
) -> None:
    more = f"false_discovery_rate: {rate}\nthresholds: {{psi: {{alert: 0.000000001}}}}\n"
    more += f"alerts: {{open_after: {{windows: {open_after[0]}, of: {open_after[1]}}}}}"
    shop = Shop(tmp_path, days(7, per_day=100, seed=1), days(1, per_day=100, seed=2), more=more)
    evaluations = windows(shop, np.random.default_rng(3), 3_000, open_after)
    expected, paged = expected_pages(evaluations, shop.monitor), sum(one.page for one in evaluations)
    assert 0.85 * paged <= expected <= loose * paged


def test_windows_that_were_not_measured_are_not_expected_to_page(shop: Shop) -> None:
    judgement = judge([], shop.monitor.rules(), n_current=0, unmeasured="cut short")
    assert expected_pages([Evaluation("shop", None, judgement, 10, 0, None, page=False)], shop.monitor) == 0.0


def history(shop: Shop, effects: dict[str, list[float]]) -> list[Evaluation]:
    """Significant rises of missing values of these sizes, day by day."""
    rules: Rules = shop.monitor.rules()
    evaluations = []
    for i, sizes in enumerate(zip(*effects.values(), strict=True)):
        measured = [
            Measurement("quality", "missing_share", size, 1_000, 1_000, feature=name, effect=size, p_value=1e-9)
            for name, size in zip(effects, sizes, strict=True)
        ]
        judgement = judge(measured, rules, n_current=1_000)
        window = Window(START + i * timedelta(days=1), START + (i + 1) * timedelta(days=1))
        evaluations.append(Evaluation("shop", window, judgement, 1_000, 1_000, 1.0, judgement.verdict == "alert"))
    return evaluations


def test_only_what_pages_too_often_is_raised_and_only_as_far_as_it_must(shop: Shop) -> None:
    noisy = [0.06 + 0.001 * (i % 10) if i % 3 == 0 else 0.0 for i in range(61)]
    once = [0.2 if i == 30 else 0.0 for i in range(61)]
    evaluations = history(shop, {"amount": noisy, "items": once})
    proposal = propose(evaluations, shop.monitor, per_month=1)
    assert (proposal.pages_before, proposal.pages_after) == (21, 1)
    assert proposal.levels == {("amount", "missing_share"): Levels(0.02, 0.073)}
    text = thresholds_yaml(proposal.levels, shop.monitor)
    assert text == "features:\n  amount: {type: numeric, missing_share: {warning: 0.02, alert: 0.073}}\n"


def test_the_proposal_pasted_into_the_file_keeps_the_budget(shop: Shop) -> None:
    evaluations = history(shop, {"amount": [0.3] * 31, "items": [0.0] * 30 + [0.09]})
    proposal = propose(evaluations, shop.monitor, per_month=1)
    pasted = yaml.safe_load("\n".join(proposal_lines(proposal, shop.monitor, 1)))
    content = yaml.safe_load(shop.path.read_text())
    content["features"] |= pasted["features"]
    shop.path.write_text(yaml.safe_dump(content))
    rules = load_monitor(shop.path).rules()
    again = [judge([r.measurement for r in one.judgement.results], rules, n_current=1_000) for one in evaluations]
    assert sum(one.verdict == "alert" for one in again) == proposal.pages_after == 1


def test_a_history_within_its_budget_is_left_alone(shop: Shop) -> None:
    evaluations = history(shop, {"amount": [0.3] + [0.0] * 60})
    proposal = propose(evaluations, shop.monitor, per_month=1)
    assert proposal.levels == {}
    (line,) = proposal_lines(proposal, shop.monitor, 1)
    assert line.endswith("the thresholds as they are would have paged 1 times: nothing to change")


def test_where_no_number_is_beyond_the_alert_becomes_a_warning(shop: Shop) -> None:
    proposal = propose(history(shop, {"amount": [1.0] * 10}), shop.monitor, per_month=0)
    assert proposal.levels == {("amount", "missing_share"): Levels(warning=0.02)}
    assert proposal.pages_after == 0


@pytest.mark.parametrize("output", ["table", "jsonl"])
def test_a_backtest_ends_with_pages_chance_and_the_proposal(tmp_path: Path, output: str) -> None:
    quiet = days(43, per_day=300, seed=4)
    loud = [days(1, per_day=300, seed=5, first=day, drift=2.0, of="items") for day in (31, 35, 39)]
    is_loud = quiet["at"].dt.normalize().isin([one["at"].iloc[0].normalize() for one in loud])
    shop = Shop(tmp_path, days(14, per_day=300, seed=3), pd.concat([quiet[~is_loud], *loud]))
    command = [sys.executable, "-m", "modelwatch", "backtest", str(shop.path), "--current", shop.current]
    command += ["--every", "1d", "--target-pages-per-month", "1", "--output", output]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT / "include"), "MODELWATCH_HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=surroundings)
    assert done.returncode == 1, done.stderr
    lines, said = done.stdout.splitlines(), done.stdout if output == "table" else done.stderr
    summary = "43 windows, 43 measured; would have paged 3 times; expected by chance at most 0.43"
    assert (summary in done.stdout) == (output == "table")
    assert summary not in done.stderr
    assert "these " in said and "\nfeatures:\n  items: {type: numeric, " in said
    if output == "jsonl":
        assert len([json.loads(line) for line in lines]) == 43
