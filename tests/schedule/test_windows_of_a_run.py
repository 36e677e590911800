"""Windows follow the local calendar: whole days of 23, 24 or 25 hours, no gap and no overlap between them."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.domain import Window
from modelwatch.errors import SettingsError
from modelwatch.schedule import parse_every, parts_of, resolve_window, windows_between

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")

# Zones with half-hour changes, changes at midnight (a day that starts at 01:00) and a day that was skipped.
zones = st.sampled_from(
    [
        ZoneInfo(name)
        for name in (
            "UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "America/Havana",
            "Australia/Lord_Howe", "Asia/Kathmandu", "Asia/Beirut", "Pacific/Apia", "Pacific/Chatham",
        )
    ]
)  # fmt: skip
moments = st.datetimes(datetime(2008, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
lengths = st.sampled_from([HOUR / 2, HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 30 * DAY])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def window(start: str, end: str) -> Window:
    return Window(at(start), at(end))


@given(moment=moments, length=lengths, zone=zones)
def test_the_last_window_is_whole_and_the_newest_that_ended(
    moment: datetime, length: timedelta, zone: ZoneInfo
) -> None:
    found = resolve_window(length=length, timezone=zone, data_interval_end=moment)
    assert found.end <= moment
    following = windows_between(found.end, moment + DAY + HOUR, length=min(length, DAY), timezone=zone)[0]
    assert following.start == found.end
    assert following.end > moment, "a newer window had already ended"


@given(moment=moments, length=lengths, zone=zones)
def test_a_window_of_days_starts_and_ends_when_a_local_day_begins(
    moment: datetime, length: timedelta, zone: ZoneInfo
) -> None:
    found = resolve_window(length=max(length, DAY), timezone=zone, data_interval_end=moment)
    for edge in (found.start, found.end):
        today = edge.astimezone(zone).date()
        before = (edge - timedelta(microseconds=1)).astimezone(zone).date()
        assert before < today, "the edge is not the first moment of its local day"


@given(moment=moments, length=lengths, zone=zones)
def test_the_edge_of_a_short_window_reads_a_multiple_of_its_length(
    moment: datetime, length: timedelta, zone: ZoneInfo
) -> None:
    length = min(length, 12 * HOUR)
    found = resolve_window(length=length, timezone=zone, data_interval_end=moment)
    for edge in (found.start, found.end):
        local = edge.astimezone(zone)
        since_midnight = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
        begins_day = (edge - timedelta(microseconds=1)).astimezone(zone).date() < local.date()
        assert begins_day or since_midnight % length == timedelta(0)


@given(start=moments, days=st.integers(1, 40), hours=st.integers(0, 23), length=lengths, zone=zones)
def test_windows_between_cover_the_span_without_gap_or_overlap(
    start: datetime, days: int, hours: int, length: timedelta, zone: ZoneInfo
) -> None:
    end = start + days * DAY + hours * HOUR
    windows = windows_between(start, end, length=length, timezone=zone)
    assert windows[0].start <= start < windows[0].end
    assert windows[-1].start < end <= windows[-1].end
    assert all(one.end == following.start for one, following in pairwise(windows))


@given(start=moments, length=lengths, zone=zones)
def test_a_backfilled_window_is_the_one_the_schedule_had(start: datetime, length: timedelta, zone: ZoneInfo) -> None:
    for one in windows_between(start, start + 3 * length, length=length, timezone=zone):
        assert resolve_window(length=length, timezone=zone, data_interval_end=one.end) == one


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 3, 28), 24)])
def test_a_day_on_which_the_clocks_change_is_a_whole_day(day: date, hours: int) -> None:
    at_three = datetime.combine(day + DAY, time(3), BERLIN)
    found = resolve_window(length=DAY, timezone=BERLIN, data_interval_end=at_three)
    assert found.end - found.start == hours * HOUR
    assert found.start.astimezone(BERLIN).date() == day


@pytest.mark.parametrize(("day", "count"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_every_hour_that_passed_is_one_window(day: date, count: int) -> None:
    midnight = datetime.combine(day, time(), BERLIN)
    hours = windows_between(midnight, datetime.combine(day + DAY, time(), BERLIN), length=HOUR, timezone=BERLIN)
    assert len(hours) == count
    assert {one.end - one.start for one in hours} == {HOUR}


def test_six_hours_keep_to_the_clock_on_the_wall_when_it_changes() -> None:
    midnight = datetime.combine(date(2026, 10, 25), time(), BERLIN)
    found = windows_between(midnight, midnight + DAY, length=6 * HOUR, timezone=BERLIN)
    assert [one.start.astimezone(BERLIN).hour for one in found] == [0, 6, 12, 18]
    assert [one.end - one.start for one in found] == [7 * HOUR, 6 * HOUR, 6 * HOUR, 6 * HOUR]


def test_a_run_at_three_examines_yesterday_and_one_at_midnight_the_day_that_just_ended() -> None:
    yesterday = window("2026-11-10T00:00Z", "2026-11-11T00:00Z")
    for end in ("2026-11-11T03:00Z", "2026-11-11T00:00Z", "2026-11-11T23:59:59Z"):
        assert resolve_window(length=DAY, timezone=UTC, data_interval_end=at(end)) == yesterday


def test_a_week_ends_at_the_last_midnight() -> None:
    found = resolve_window(length=7 * DAY, timezone=UTC, data_interval_end=at("2026-11-11T03:00Z"))
    assert found == window("2026-11-04T00:00Z", "2026-11-11T00:00Z")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (("2026-11-10", "2026-11-12"), ("2026-11-09T23:00Z", "2026-11-11T23:00Z")),
        (("2026-11-10", None), ("2026-11-09T23:00Z", "2026-11-10T23:00Z")),
        ((None, "2026-11-10"), ("2026-11-08T23:00Z", "2026-11-09T23:00Z")),
        (("2026-10-25", ""), ("2026-10-24T22:00Z", "2026-10-25T23:00Z")),
        (("2026-11-10T06:30", "2026-11-10T07:00"), ("2026-11-10T05:30Z", "2026-11-10T06:00Z")),
        (("2026-11-10T06:00:00Z", None), ("2026-11-10T06:00Z", "2026-11-11T06:00Z")),
        ((datetime(2026, 11, 10, tzinfo=UTC), None), ("2026-11-10T00:00Z", "2026-11-11T00:00Z")),
    ],
)
def test_what_was_asked_for_wins_over_the_schedule(
    asked: tuple[str | datetime | None, str | datetime | None], expected: tuple[str, str]
) -> None:
    found = resolve_window(
        length=DAY,
        timezone=BERLIN,
        data_interval_end=at("2020-01-01T00:00Z"),
        window_start=asked[0],
        window_end=asked[1],
    )
    assert found == window(*expected)


@pytest.mark.parametrize(
    ("start", "end", "named"),
    [
        ("yesterday", None, "window_start: 'yesterday'"),
        (None, "2026-13-01", "window_end: '2026-13-01'"),
        ("0001-01-01", None, "window_start: '0001-01-01'"),
        ("2026-11-10", "2026-11-10", "window_end must be after window_start"),
        ("2026-11-10", "2026-11-09", "window_end must be after window_start"),
    ],
)
def test_a_window_that_is_none_is_refused_by_name(start: str | None, end: str | None, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        resolve_window(length=DAY, timezone=BERLIN, window_start=start, window_end=end)


def test_without_interval_or_parameters_there_is_no_guess() -> None:
    with pytest.raises(SettingsError, match="window_start and window_end"):
        resolve_window(length=DAY, timezone=UTC)


@pytest.mark.parametrize("length", [5 * HOUR, 36 * HOUR, timedelta(0), -DAY])
def test_a_length_that_does_not_fit_the_calendar_is_refused(length: timedelta) -> None:
    with pytest.raises(SettingsError, match="does not fit the calendar"):
        resolve_window(length=length, timezone=UTC, data_interval_end=at("2026-11-11T03:00Z"))


@given(start=moments, hours=st.integers(1, 80))
def test_parts_are_the_window_without_gap_or_overlap(start: datetime, hours: int) -> None:
    window = Window(start, start + hours * HOUR)
    parts = parts_of(window, length=6 * HOUR, timezone=BERLIN)
    assert (parts[0].start, parts[-1].end) == (window.start, window.end)
    assert all(a.end == b.start for a, b in pairwise(parts))
    assert max(part.end - part.start for part in parts) <= 7 * HOUR  # when the clocks go back
    assert [Window.parse(str(part)) for part in parts] == parts


def test_an_empty_span_has_no_windows() -> None:
    with pytest.raises(SettingsError, match="2026-11-11T00:00:00Z"):
        windows_between(at("2026-11-11T00:00Z"), at("2026-11-11T00:00Z"), length=DAY, timezone=UTC)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("1d", DAY),
        ("12h", 12 * HOUR),
        ("30min", HOUR / 2),
        ("30m", HOUR / 2),
        (" 2 W ", 14 * DAY),
        ("P1D", DAY),
        ("p7d", 7 * DAY),
        ("PT1H30M", 1.5 * HOUR),
        ("P1W", 7 * DAY),
        ("P1DT12H", 36 * HOUR),
    ],
)
def test_a_length_is_read_in_either_form(text: str, length: timedelta) -> None:
    assert parse_every(text) == length


@pytest.mark.parametrize("text", ["", "d", "1", "0d", "P", "PT", "P1Y", "P1M", "-1d", "1.5d", "99999999999d", "1 day"])
def test_anything_else_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(SettingsError, match=f"'{text}' is not a length of time.*1d, 12h or P7D"):
        parse_every(text)


@given(count=st.integers(1, 500), unit=st.sampled_from("wdh"))
def test_both_forms_mean_the_same(count: int, unit: str) -> None:
    iso = f"PT{count}H" if unit == "h" else f"P{count}{unit.upper()}"
    assert parse_every(f"{count}{unit}") == parse_every(iso)
