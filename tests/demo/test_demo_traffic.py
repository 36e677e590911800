"""The demo's story: quiet days differ by chance alone, the story's days do not, and the reference is reproducible."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from demo.model import trained
from demo.reference import reference
from demo.traffic import CATEGORIES, FEATURES, REQUESTS_A_DAY, WEEKDAY_VOLUME, Story, merchants, requests_on

COMMITTED = Path(__file__).resolve().parents[2] / "include" / "monitors" / "reference" / "fraud.parquet"
END = date(2026, 3, 20)
STORY = Story(END)
QUIET = [date(2025, 9, 1) + timedelta(days=i) for i in range(28)]
CONTINUOUS = ["amount", "distance_from_home_km", "device_age_days", "account_age_days"]
WHOLE = ["hour", "transactions_last_24h"]
CATEGORICAL = ["merchant_category", "channel", "country", "gender", "age_band"]


@pytest.fixture(scope="module")
def quiet() -> list[pd.DataFrame]:
    return [flagged(day, Story()) for day in QUIET]


@pytest.fixture(scope="module")
def committed() -> pd.DataFrame:
    return pd.read_parquet(COMMITTED)


def flagged(day: date, story: Story) -> pd.DataFrame:
    rows = requests_on(day, story)
    scores = trained().score(rows)
    return rows.assign(score=scores, flagged=trained().flag(scores))


def gap(rows: pd.DataFrame, group: str) -> float:
    rates = rows.groupby(group)["flagged"].mean()
    return float(rates.max() - rates.min())


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2199, 12, 31)))
def test_any_day_is_the_same_whenever_it_is_asked_for(day: date) -> None:
    rows = requests_on(day, STORY)
    pd.testing.assert_frame_equal(rows, requests_on(day, STORY))
    assert rows["request_id"].is_unique
    assert rows["requested_at"].is_monotonic_increasing
    assert set(rows["requested_at"].dt.date) == {day}
    assert (rows["requested_at"].dt.hour == rows["hour"]).all()


def test_the_weekdays_differ_in_volume_only(quiet: list[pd.DataFrame]) -> None:
    for day, rows in zip(QUIET, quiet, strict=True):
        expected = REQUESTS_A_DAY * WEEKDAY_VOLUME[day.weekday()]
        assert abs(len(rows) - expected) < 5 * expected**0.5


def test_a_merchant_s_payments_keep_its_categories_share() -> None:
    shops = merchants()
    shares = [float(shops["share"][shops["category"] == name].sum()) for name in CATEGORIES]
    assert shares == pytest.approx([0.32, 0.14, 0.17, 0.06, 0.09, 0.12, 0.07, 0.03])
    groceries = np.sort(shops["share"][shops["category"] == "grocery"])[::-1]
    assert groceries[0] > 5 * groceries[-1], "few merchants take most payments"


@pytest.mark.parametrize("column", [*CONTINUOUS, "score"])
def test_quiet_days_numbers_differ_from_the_reference_by_chance_alone(
    column: str, quiet: list[pd.DataFrame], committed: pd.DataFrame
) -> None:
    old = committed[column].dropna()
    p_values = [stats.ks_2samp(old, day[column].dropna()).pvalue for day in quiet]
    assert_like_chance(p_values)


@pytest.mark.parametrize("column", [*CATEGORICAL, *WHOLE, "flagged"])
def test_quiet_days_categories_differ_from_the_reference_by_chance_alone(
    column: str, quiet: list[pd.DataFrame], committed: pd.DataFrame
) -> None:
    old = committed[column].value_counts().loc[lambda counts: counts >= 50]
    tables = [np.vstack([old, day[column].value_counts().reindex(old.index, fill_value=0)]) for day in quiet]
    assert_like_chance([stats.chi2_contingency(table, correction=False).pvalue for table in tables])


def assert_like_chance(p_values: list[float]) -> None:
    """Far fewer small ones than drift would give. Days share the reference, so they are not quite independent."""
    assert min(p_values) > 1e-4
    assert np.mean(np.asarray(p_values) < 0.05) <= 0.25
    assert 0.2 < float(np.median(p_values)) < 0.85


def test_quiet_days_flag_one_in_twenty_of_every_group(quiet: list[pd.DataFrame]) -> None:
    rates = [day["flagged"].mean() for day in quiet]
    assert 0.04 < np.mean(rates) < 0.06
    assert min(rates) > 0.03
    assert max(rates) < 0.07
    month = pd.concat(quiet)
    assert gap(month, "gender") < 0.01
    assert gap(month, "age_band") < 0.015


def test_quiet_days_have_missing_values_where_requests_really_have_none(quiet: list[pd.DataFrame]) -> None:
    month = pd.concat(quiet)
    assert month.loc[month["channel"] == "online", "device_age_days"].notna().all()
    assert month.loc[month["channel"] != "online", "device_age_days"].isna().all()
    assert month["distance_from_home_km"].isna().mean() == pytest.approx(0.01, abs=0.002)
    assert month[[name for name in FEATURES if name not in CONTINUOUS[1:3]]].notna().all(axis=None)


@pytest.mark.parametrize("left", [6, 5, 4])
def test_for_three_days_amounts_come_in_cents(left: int) -> None:
    day = END - timedelta(days=left)
    quiet, now = requests_on(day, Story()), requests_on(day, STORY)
    np.testing.assert_allclose(now["amount"], quiet["amount"] * 100)
    pd.testing.assert_frame_equal(now.drop(columns="amount"), quiet.drop(columns="amount"))


@pytest.mark.parametrize("left", [3, 2, 1, 0, -1, -30])
def test_then_a_campaign_opens_a_gap_between_the_ages(left: int) -> None:
    rows = flagged(END - timedelta(days=left), STORY)
    assert rows.groupby("age_band").size().min() > 200
    assert gap(rows, "age_band") > 0.2
    assert gap(rows, "gender") < 0.06
    assert (rows["age_band"] == "18-24").mean() > 0.3
    assert rows["amount"].median() < 100, "the unit was mended"


@pytest.mark.parametrize("left", [7, 8, 40])
def test_before_the_story_days_are_as_without_one(left: int) -> None:
    day = END - timedelta(days=left)
    pd.testing.assert_frame_equal(requests_on(day, STORY), requests_on(day, Story()))


def test_the_model_finds_most_of_the_fraud_without_seeing_gender_or_age() -> None:
    assert trained().roc_auc == pytest.approx(0.868, abs=0.005)
    assert {"gender", "age_band"}.isdisjoint(FEATURES)


def test_the_committed_reference_is_what_the_program_writes(committed: pd.DataFrame) -> None:
    made = reference()
    assert COMMITTED.stat().st_size < 1_500_000
    assert len(made) > 25_000
    exact = [name for name in made.columns if name not in ("score", "requested_at")]
    pd.testing.assert_frame_equal(made[exact], committed[exact])
    assert (made["requested_at"] == committed["requested_at"]).all()
    np.testing.assert_allclose(made["score"], committed["score"], atol=2e-4)
