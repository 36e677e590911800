"""What a run reads of the stored windows before it: as its reference and as more evidence, from a real Postgres."""

from datetime import timedelta
from pathlib import Path

import pandas as pd

from modelwatch.domain import Window
from modelwatch.report.document import Evaluation, document
from modelwatch.steps import Run
from modelwatch.steps.inline import run_window
from support.dated_traffic import Shop, days, no_connection, result, window_of


def test_a_stored_rolling_reference_is_the_sum_of_quiet_windows(tmp_path: Path, database_url: str) -> None:
    current = pd.concat([days(4, per_day=600, seed=1), days(3, per_day=600, seed=2, first=4, drift=3.0, of="items")])
    shop = Shop(
        tmp_path, days(7, per_day=600, seed=3), current, kind=", type: rolling, windows: 5, offset: 1, minimum: 2"
    )
    evaluations = shop.run(database_url, range(7))
    assert [one.judgement.verdict for one in evaluations] == ["insufficient_data"] * 3 + ["ok"] + ["alert"] * 3
    assert result(evaluations[2], "feature_drift", "psi", "items") == (
        "insufficient_data",
        "the rolling reference has 1 of the 2 windows it needs",
    )
    # Day 3 has days 0 and 1 (offset 1); from day 5 on the days with an alert are no part of it.
    assert [one.n_reference for one in evaluations[3:]] == [1_200, 1_800, 2_400, 2_400]


def test_stored_lookback_adds_the_days_before_a_thin_one(tmp_path: Path, database_url: str) -> None:
    shop = Shop(
        tmp_path,
        days(14, per_day=1_000, seed=4),
        days(8, per_day=150, seed=5, first=14),
        minimum=700,
        more="lookback: P6D",
    )
    evaluations = shop.run(database_url, range(14, 22))
    assert [one.judgement.verdict for one in evaluations[:4]] == ["insufficient_data"] * 4
    last = evaluations[-1]
    assert last.judgement.verdict == "ok" and last.n_current == 150
    (rows,) = [r for r in last.judgement.results if r.measurement.metric == "row_count"]
    assert (rows.status, rows.measurement.value, rows.measurement.n_current) == ("ok", 150.0, 750)
    assert rows.measurement.evidence == "with the 4 stored windows before it"


def test_the_store_and_a_backtest_of_the_same_days_say_the_same(tmp_path: Path, database_url: str) -> None:
    current = pd.concat([days(10, per_day=300, seed=6), days(2, per_day=300, seed=7, first=10, drift=1.0, of="items")])
    shop = Shop(
        tmp_path,
        days(7, per_day=300, seed=8),
        current,
        kind=", type: rolling, windows: 7, offset: 3, minimum: 3",
        more="lookback: P4D",
        joint=True,
    )
    stored, backtested = shop.run(database_url, range(12)), shop.backtest()
    assert [comparable(one) for one in stored] == [comparable(one) for one in backtested]
    assert {one.judgement.verdict for one in backtested} >= {"insufficient_data", "ok", "alert"}


def test_labelled_windows_are_compared_with_the_stored_ones_before_as_in_a_backtest(
    tmp_path: Path, database_url: str
) -> None:
    reference, current = days(7, per_day=300, seed=12), days(8, per_day=300, seed=13, first=7)
    shop = Shop(tmp_path, *(one.assign(bad=one["flagged"] ^ (one["items"] > 2)) for one in (reference, current)))
    shop.path.write_text(shop.path.read_text().replace("decision: flagged}", "decision: flagged, label: bad}"))
    stored, backtested = shop.run(database_url, range(7, 15)), shop.backtest()
    assert [comparable(one) for one in stored] == [comparable(one) for one in backtested]
    found = [r.measurement for r in stored[-1].judgement.results if r.measurement.metric == "accuracy_worsening"]
    assert [(m.n_reference, m.n_current) for m in found] == [(7 * 300, 300)]


def test_a_reference_without_times_is_widened_by_stored_windows(tmp_path: Path, database_url: str) -> None:
    """Three days do not know how much days differ; eight stored ok days do."""
    friday_on = days(3, per_day=2_000, seed=9, first=4)
    shop = Shop(tmp_path, friday_on, days(9, per_day=2_000, seed=10), more=LOOSE)
    first, *_, last = shop.run(database_url, range(9))
    before, after = (smallest(one, "weekend") for one in (first, last))
    assert before < 0.05
    assert after > 1


def test_a_rerun_by_hand_of_half_a_day_is_no_part_of_the_reference(tmp_path: Path, database_url: str) -> None:
    shop = Shop(
        tmp_path,
        days(7, per_day=600, seed=11),
        days(4, per_day=600, seed=12),
        kind=", type: rolling, windows: 3, minimum: 3",
    )
    shop.run(database_url, range(3))
    day = window_of(2)
    half = Window(day.start, day.start + timedelta(hours=12))
    run_window(Run(shop.monitor, half, "by hand", "manual", shop.settings(database_url)), no_connection)
    (judged,) = shop.run(database_url, [3])
    assert judged.n_reference == 1_800


def test_features_are_compared_together_with_the_rows_of_earlier_windows(tmp_path: Path, database_url: str) -> None:
    """Two features begin to move together; when the rows of the windows before are gone, that is said."""
    current = days(6, per_day=500, seed=13)
    joined = current["at"] >= window_of(5).start
    current.loc[joined, "items"] = current.loc[joined, "amount"].rank() / 250
    kind = ", type: rolling, windows: 4, minimum: 3"
    shop = Shop(tmp_path, days(7, per_day=500, seed=14), current, kind=kind, joint=True)
    evaluations = shop.run(database_url, range(6))
    assert [result(one, *JOINT)[0] for one in evaluations] == ["insufficient_data"] * 3 + ["ok"] * 2 + ["alert"]
    assert result(evaluations[2], *JOINT)[1] == "the rolling reference has 2 of the 3 windows it needs"
    for kept in (tmp_path / "kept").rglob("sample.parquet"):
        kept.unlink()
    (again,) = shop.run(database_url, [5])
    status, reason = result(again, *JOINT)
    assert status == "insufficient_data"
    assert str(reason).startswith(
        "the rows of 0 of the 4 windows of the reference are kept, and it takes 3: MODELWATCH_"
    )


def test_features_of_a_thin_day_are_compared_together_with_the_days_before(tmp_path: Path) -> None:
    current = days(5, per_day=150, seed=15, first=7)
    shop = Shop(tmp_path, days(5, per_day=500, seed=16), current, minimum=400, more="lookback: P5D", joint=True)
    alone, *_, last = shop.backtest()
    assert result(alone, *JOINT)[0] == "insufficient_data"
    joint = {r.measurement.metric: r.measurement for r in last.judgement.results if r.measurement.check == JOINT[0]}
    assert set(joint) == {"correlation_shift", "auc_domain"}
    for measured in joint.values():
        assert measured.n_current in (450, 600, 750) and "stored windows before it" in str(measured.evidence)


JOINT = ("multivariate_drift", "correlation_shift", None)
LOOSE = "thresholds: {psi: {alert: 50}, ks_statistic: {alert: 1}, spike_share: {alert: 1}, tail_share: {alert: 1}}"


def smallest(evaluation: Evaluation, feature: str) -> float:
    (one,) = [
        r.measurement
        for r in evaluation.judgement.results
        if (r.measurement.metric, r.measurement.feature) == ("psi", feature)
    ]
    assert one.smallest_detectable is not None
    return one.smallest_detectable


def comparable(evaluation: Evaluation) -> dict[str, object]:
    """Everything but what only one of the two knows: a source's coverage."""
    return {**document(evaluation), "coverage": None}
