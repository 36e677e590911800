"""Windows before the one being judged: as its reference, as more evidence, and what they must not do."""

import re
from datetime import UTC, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from modelwatch.domain import Schema
from modelwatch.steps.cut import window_profiles
from modelwatch.steps.past import Past, against
from modelwatch.steps.reference import Reference, load_reference
from support.dated_traffic import DAY, Shop, days, result, window_of

ROLLING = ", type: rolling, windows: 14, offset: 0"


def test_weekends_page_nobody_when_the_reference_has_whole_weeks(tmp_path: Path) -> None:
    shop = Shop(tmp_path, days(21, per_day=1_000, seed=1), days(14, per_day=1_000, seed=2, first=21), joint=True)
    evaluations = shop.backtest()
    assert [one.judgement.verdict for one in evaluations] == ["ok"] * 14
    status, reason = result(evaluations[0], "feature_drift", "psi", "weekend")
    assert status == "insufficient_data"  # a day says nothing of a flag that changes by the day
    assert reason is not None and "can show" in reason


def test_the_joint_check_leaves_out_what_tells_any_day_from_a_week_and_says_so(tmp_path: Path) -> None:
    shop = Shop(tmp_path, days(21, per_day=1_000, seed=1), days(1, per_day=1_000, seed=2, first=26), joint=True)
    (saturday,) = shop.backtest()
    (auc,) = [r for r in saturday.judgement.results if r.measurement.metric == "auc_domain"]
    assert auc.status == "ok"
    assert auc.measurement.evidence is not None
    assert re.search(r"without (amount, )?weekend, different from window to window", auc.measurement.evidence)


def test_a_shift_among_weekends_still_pages(tmp_path: Path) -> None:
    current = days(7, per_day=1_000, seed=3, first=21, drift=1.0)
    evaluations = Shop(tmp_path, days(21, per_day=1_000, seed=1), current).backtest()
    assert {one.judgement.verdict for one in evaluations} == {"alert"}
    assert evaluations[0].page
    assert not any(one.page for one in evaluations[1:5]), "one page for one episode, until it is critical"
    assert {f.measurement.feature for one in evaluations for f in one.judgement.findings} == {"amount"}


def test_a_reference_without_times_learns_from_windows_that_were_ok_and_only_from_those(tmp_path: Path) -> None:
    shop = Shop(tmp_path, days(1, per_day=4_000, seed=4), days(1, per_day=10, seed=5))
    reference = load_reference(shop.monitor, shop.settings())
    assert reference.variation == {}
    ok = history(reference, 28, ["ok"] * 28)
    learned = against(shop.monitor, reference, ok, window_of(28)).variation
    assert learned["weekend"].distribution.typical > 0.2 and learned["amount"].distribution.typical > 0
    assert learned["items"].distribution.bound == 0
    assert learned["items"].reference_windows == pytest.approx(8)
    no_weekends = history(reference, 28, ["alert" if n % 7 >= 5 else "ok" for n in range(28)])
    assert against(shop.monitor, reference, no_weekends, window_of(28)).variation["weekend"].distribution.bound == 0
    assert against(shop.monitor, reference, ok[:6], window_of(28)).variation == {}


def history(reference: Reference, n: int, verdicts: list[str]) -> list[Past]:
    rows = pa.Table.from_pandas(days(n, per_day=500, seed=6), preserve_index=False)
    schema = Schema((), {"amount": "numeric", "items": "numeric", "weekend": "categorical"}, timestamp="at")
    cells = {name: cells for name, cells in reference.cells.items() if name in schema.features}
    profiles = window_profiles(rows, cells, schema, length=DAY, timezone=UTC)
    return [Past(window_of(i), one, verdict) for i, (one, verdict) in enumerate(zip(profiles, verdicts, strict=True))]


def test_a_rolling_reference_waits_for_its_windows_and_then_is_their_sum(tmp_path: Path) -> None:
    reference, current = days(21, per_day=1_500, seed=8), days(22, per_day=1_500, seed=6)
    evaluations = Shop(tmp_path, reference, current, kind=ROLLING).backtest()
    assert {one.judgement.verdict for one in evaluations[:7]} == {"insufficient_data"}
    assert result(evaluations[6], "feature_drift", "psi", "amount") == (
        "insufficient_data",
        "the rolling reference has 6 of the 7 windows it needs",
    )
    assert [one.n_reference for one in evaluations[14:]] == [14 * 1_500] * 8
    assert {one.judgement.verdict for one in evaluations[14:]} <= {"ok", "warning"}


def test_a_new_level_is_news_against_a_rolling_reference_only_until_it_is_old(tmp_path: Path) -> None:
    """A step of 0.08 sd is a warning; the windows after it come into the reference, and it is the new normal."""
    before, after = days(14, per_day=1_500, seed=6), days(21, per_day=1_500, seed=7, first=14, drift=0.08, of="items")
    shop = Shop(tmp_path, days(21, per_day=1_500, seed=8), pd.concat([before, after]), kind=ROLLING)
    rolled = [result(one, "feature_drift", "ks_statistic", "items")[0] for one in shop.backtest()]
    assert rolled[14:17] == ["warning"] * 3
    assert rolled[-3:] == ["ok"] * 3


def test_alerts_stay_out_of_a_rolling_reference(tmp_path: Path) -> None:
    drifted = days(10, per_day=400, seed=10, first=14, drift=2.0, of="items")
    shop = Shop(
        tmp_path, days(7, per_day=400, seed=11), pd.concat([days(14, per_day=400, seed=9), drifted]), kind=ROLLING
    )
    evaluations = shop.backtest()
    quiet = [one.judgement.verdict != "alert" for one in evaluations]
    sizes = [sum(quiet[max(0, n - 14) : n]) for n in range(len(quiet))]
    judged = [(one.n_reference, 400 * n) for one, n in zip(evaluations, sizes, strict=True) if n >= 7]
    assert judged and all(found == expected for found, expected in judged)
    assert evaluations[14].judgement.verdict == "alert"
    assert sizes[-1] < 7 and evaluations[-1].judgement.verdict == "insufficient_data"


def test_the_same_weekday_knows_weekends(tmp_path: Path) -> None:
    shop = Shop(
        tmp_path,
        days(7, per_day=500, seed=12),
        days(70, per_day=500, seed=13),
        kind=", type: same_weekday, windows: 6, minimum: 4",
    )
    evaluations = shop.backtest()
    assert {one.judgement.verdict for one in evaluations[:28]} == {"insufficient_data"}
    later = evaluations[28:]
    assert {one.judgement.verdict for one in later} == {"ok"}
    assert {result(one, "feature_drift", "psi", "weekend")[0] for one in later} == {"ok"}
    assert later[-1].n_reference == 6 * 500


def test_a_thin_day_is_judged_with_the_days_before_it_and_says_so(tmp_path: Path) -> None:
    reference = days(28, per_day=300, seed=14)
    thin = Shop(tmp_path, reference, days(12, per_day=60, seed=15, first=28), minimum=500, more="lookback: P14D")
    evaluations = thin.backtest()
    assert [one.judgement.verdict for one in evaluations[:8]] == ["insufficient_data"] * 8
    assert evaluations[7].judgement.reason == "480 requests; the minimum is 500"
    assert {one.judgement.verdict for one in evaluations[8:]} == {"ok"}
    last = evaluations[-1]
    assert last.n_current == 60
    (rows,) = [r.measurement for r in last.judgement.results if r.measurement.metric == "row_count"]
    assert (rows.value, rows.n_current, rows.evidence) == (60.0, 540, "with the 8 stored windows before it")


def test_only_the_columns_that_cannot_tell_look_further_back(tmp_path: Path) -> None:
    """1,500 requests show enough of the items; of the gap between two groups' decisions they do not."""
    reference = days(28, per_day=1_500, seed=16)
    shop = Shop(
        tmp_path,
        reference,
        days(12, per_day=1_500, seed=17, first=28),
        more="lookback: P10D\nfairness: {sensitive: [gender]}",
    )
    last = shop.backtest()[-1].judgement.results
    items, gap = (
        next(r.measurement for r in last if (r.measurement.metric, r.measurement.feature or r.measurement.group) == key)
        for key in (("ks_statistic", "items"), ("demographic_parity_difference", "gender"))
    )
    assert items.n_current == 1_500
    assert 1_500 < gap.n_current < 15_000 and gap.evidence is not None and "before it" in gap.evidence


def test_a_day_without_requests_is_not_made_good_by_the_days_before(tmp_path: Path) -> None:
    current = pd.concat([days(10, per_day=200, seed=18), days(1, per_day=1, seed=19, first=12)])
    shop = Shop(tmp_path, days(21, per_day=300, seed=20), current, more="lookback: P7D")
    empty = shop.backtest()[10]
    assert (empty.n_current, empty.judgement.verdict) == (0, "insufficient_data")


def test_a_change_that_shows_at_once_is_not_diluted_by_the_days_before(tmp_path: Path) -> None:
    current = pd.concat(
        [days(10, per_day=150, seed=21), days(1, per_day=150, seed=22, first=10, drift=2.0, of="items")]
    )
    shop = Shop(tmp_path, days(21, per_day=1_000, seed=23), current, more="lookback: P7D")
    found = shop.backtest()[-1].judgement.findings[0].measurement
    assert (found.feature, found.n_current) == ("items", 150)


@pytest.mark.parametrize("every", [DAY, timedelta(days=7)])
def test_the_same_history_gives_the_same_results(tmp_path: Path, every: timedelta) -> None:
    shop = Shop(tmp_path, days(21, per_day=300, seed=24), days(28, per_day=300, seed=25), kind=ROLLING)
    assert shop.backtest(every) == shop.backtest(every)
