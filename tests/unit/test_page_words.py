"""The words and addresses of the pages."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.domain import Window
from modelwatch.report.links import window_page
from modelwatch.report.page import words
from modelwatch.report.page.heat import natural
from modelwatch.report.privacy import MIN_GROUP, is_small
from modelwatch.steps.telling import _note
from modelwatch.store.episode_tables import EpisodeRow

DAY = Window(datetime(2026, 11, 10, tzinfo=UTC), datetime(2026, 11, 11, tzinfo=UTC))
moments = st.datetimes(timezones=st.just(UTC)).filter(lambda moment: 1990 < moment.year < 2190)


@given(moments, st.timedeltas(timedelta(microseconds=1), timedelta(days=400)))
def test_every_window_has_an_address_that_leads_back_to_it(start: datetime, length: timedelta) -> None:
    window = Window(start, start + length)
    assert words.parse_window(words.window_slug(window)) == window


def test_a_day_is_its_date() -> None:
    assert words.window_slug(DAY) == "2026-11-10"
    assert words.window_words(DAY) == "10 Nov 2026"


@pytest.mark.parametrize(
    "text", ["", "today", "2026-02-30", "20261110T000000Z", "20261111T000000Z-20261110T000000Z", "9" * 99]
)
def test_what_is_no_window_is_none(text: str) -> None:
    assert words.parse_window(text) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.12345, "0.123"),
        (1234.5, "1,234"),
        (12345678.0, "1.2e+07"),
        (0.00001234, "1.2e-05"),
        (None, words.NOTHING),
    ],
)
def test_numbers_are_short(value: float | None, text: str) -> None:
    assert words.number(value) == text


def test_a_link_from_slack_leads_to_one_evaluation() -> None:
    link = window_page("https://airflow.example.com/team/", "fraud", DAY, 3)
    assert link == (
        "https://airflow.example.com/team/plugin/model-health/modelwatch/monitors/fraud/windows/2026-11-10/3"
    )
    assert window_page(None, "fraud", DAY, 3) is None


def test_numbered_features_are_in_the_order_of_their_numbers() -> None:
    assert sorted(["f10", "f2", "amount", "2x"], key=natural) == ["2x", "amount", "f2", "f10"]


@pytest.mark.parametrize(
    ("group", "n", "small"),
    [("gender=F", MIN_GROUP - 1, True), ("gender=F", MIN_GROUP, False), ("gender", 1, False), (None, 1, False)],
)
def test_a_group_is_small_below_ten_requests(group: str | None, n: int, small: bool) -> None:
    assert is_small(group, n) is small


def test_who_answered_is_a_name_on_the_page_and_on_slack() -> None:
    assert words.person_words("ada") == "ada"
    assert words.person_words("U0123ABCD") == "a person on Slack (U0123ABCD)"
    row = EpisodeRow(acknowledged_by="ada", acknowledged_reason="<fixed>")
    assert _note(None, row, DAY.start) == ":eyes: acknowledged by ada: &lt;fixed&gt;"  # type: ignore[arg-type]
    row.acknowledged_by = "U0123ABCD"
    assert _note(None, row, DAY.start) == ":eyes: acknowledged by <@U0123ABCD>: &lt;fixed&gt;"  # type: ignore[arg-type]
