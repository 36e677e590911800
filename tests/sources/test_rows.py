"""Typing rows: the same thing in JSON, CSV and parquet becomes the same value; what does not fit is kept out."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.domain import Column, ColumnType, Schema
from modelwatch.sources import rows
from modelwatch.sources.rows import parse_records, parse_table

BERLIN = ZoneInfo("Europe/Berlin")


def schema(kind: ColumnType, equals: object = None, *, sensitive: bool = False) -> Schema:
    return Schema((Column("x", ("x",), kind, equals=equals, is_sensitive=sensitive),), {})


def from_records(values: Sequence[object], kind: ColumnType, equals: object = None) -> list[Any]:
    page = parse_records([{"x": value} for value in values], schema(kind, equals), timezone=BERLIN)
    found: list[Any] = page.rows["x"].to_pylist()
    return found


def from_table(values: pa.Array, kind: ColumnType, equals: object = None) -> list[Any]:
    page = parse_table(pa.table({"x": values}), schema(kind, equals), timezone=BERLIN)
    found: list[Any] = page.rows["x"].to_pylist()
    return found


@pytest.mark.parametrize(
    ("kind", "in_json", "in_table", "expected"),
    [
        ("number", [1, "2.5", None, ""], pa.array(["1", "2.5", None, ""]), [1.0, 2.5, None, None]),
        ("number", [1, 2], pa.array([1, 2], pa.int64()), [1.0, 2.0]),
        ("number", [float("inf"), "nan"], pa.array(["inf", "NA"]), [float("inf"), None]),
        ("number", [float("nan"), 1], pa.array([float("nan"), 1.0]), [None, 1.0]),
        ("number", ["nan", "-1e3", " 7 "], pa.array(["nan", "-1e3", " 7 "]), [None, -1000.0, 7.0]),
        ("number", [2**53 + 1, Decimal("NaN")], pa.array([2**53 + 1, None]), [2.0**53, None]),
        ("number", [None, None], pa.array([None, None]), [None, None]),
        ("text", [1, 1.0, True, "x", ""], pa.array(["1", "1", "True", "x", ""]), ["1", "1", "true", "x", None]),
        ("text", [1, 2, None], pa.array([1.0, 2.0, float("nan")]), ["1", "2", None]),
        ("text", [1.5, 2.0], pa.array([1.5, 2.0]), ["1.5", "2"]),
        ("text", [True, False], pa.array([True, False]), ["true", "false"]),
        ("text", [Decimal("1.00"), Decimal("1.5")], pa.array(["1", "1.5"]), ["1", "1.5"]),
        ("text", ["a", None, "b"], pa.array(["a", None, "b"]).dictionary_encode(), ["a", None, "b"]),
        ("text", ["True", "TRUE", None], pa.array(["True", "TRUE", ""]), ["true", "TRUE", None]),
        ("text", ["Zürich", "007", "1.0"], pa.array(["Zürich", "007", "1.0"]), ["Zürich", "007", "1.0"]),
        ("flag", ["yes", "No", "0"], pa.array(["yes", "No", "0"]).dictionary_encode(), [True, False, False]),
        ("flag", [None, float("nan")], pa.array([None, None]), [None, None]),
        ("flag", [1, 0, "true", None], pa.array(["1", "0", "True", None]), [True, False, True, None]),
    ],
)
def test_every_format_gives_the_same_values(
    kind: ColumnType, in_json: list[object], in_table: pa.Array, expected: list[object]
) -> None:
    assert from_records(in_json, kind) == expected
    assert from_table(in_table, kind) == expected


def test_a_flag_may_be_another_word_or_number() -> None:
    assert from_records(["declined", "approved", None], "flag", "declined") == [True, False, None]
    assert from_table(pa.array([0, 1]), "flag", 0) == [True, False]
    assert from_table(pa.array([True, False]), "flag", False) == [False, True]


def test_times_without_an_offset_are_the_monitors() -> None:
    expected = [datetime(2026, 3, 5, 11, tzinfo=UTC)]
    for text in ("2026-03-05T12:00:00", "2026-03-05T11:00:00Z", "2026-03-05T06:00:00-05:00"):
        assert from_records([text], "timestamp") == expected
        assert from_table(pa.array([text]), "timestamp") == expected
    assert from_records([1_772_708_400, 1_772_708_400_000], "timestamp") == expected * 2
    naive = pa.array([datetime(2026, 3, 5, 12, tzinfo=BERLIN).replace(tzinfo=None)])
    assert from_table(naive, "timestamp") == expected


@pytest.mark.parametrize(
    ("in_json", "in_table"),
    [
        ([1_772_708_400, 1_772_708_400_000, None], pa.array([1_772_708_400, 1_772_708_400_000, None])),
        ([1_772_708_400.0, float("nan")], pa.array([1_772_708_400.0, float("nan")])),
        (
            [1_772_708_400_000_000, 1_772_708_400_000_000_000],
            pa.array([1_772_708_400_000_000, 1_772_708_400_000_000_000]),
        ),
        (["1772708400", "1772708400000"], pa.array(["1772708400", "1772708400000"])),
        (["2026-03-05T11:00:00Z", "1772708400"], pa.array(["2026-03-05T11:00:00Z", "1772708400"])),
        (["2026-03-05 11:00:00+00:00", ""], pa.array(["2026-03-05 11:00:00+00:00", ""])),
        (["20260305T120000"], pa.array(["20260305T120000"])),
    ],
)
def test_a_moment_is_the_same_however_it_is_written(in_json: list[object], in_table: pa.Array) -> None:
    expected = [None if v in (None, "") or v != v else datetime(2026, 3, 5, 11, tzinfo=UTC) for v in in_json]  # noqa: PLR0124
    assert from_records(in_json, "timestamp") == expected
    assert from_table(in_table, "timestamp") == expected


def test_days_are_their_midnights_in_the_monitors_zone() -> None:
    midnight = datetime(2026, 3, 4, 23, tzinfo=UTC)
    assert from_records(["2026-03-05", "20260305", date(2026, 3, 5)], "timestamp") == [midnight] * 3
    assert from_table(pa.array([date(2026, 3, 5)]), "timestamp") == [midnight]
    assert from_table(pa.array(["2026-03-05", "20260305"]), "timestamp") == [midnight] * 2


def test_the_hour_that_comes_twice_is_its_first() -> None:
    first = [datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]
    assert from_records(["2026-10-25T02:30:00"], "timestamp") == first
    assert from_table(pa.array(["2026-10-25T02:30:00"]), "timestamp") == first


@pytest.mark.parametrize("size", [300_000_000_000_000, -(2**63)])
def test_a_number_beyond_any_year_is_no_time(size: int) -> None:
    for page in (
        parse_records([{"x": size}], schema("timestamp"), timezone=UTC),
        parse_table(pa.table({"x": [size]}), schema("timestamp"), timezone=UTC),
    ):
        assert (page.rows.num_rows, sum(one.count for one in page.rejects)) == (0, 1)


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        ("number", "abc", "expected a number, found text"),
        ("number", True, "expected a number, found true or false"),
        ("number", "1_000", "expected a number, found text"),
        ("number", "12,5", "expected a number, found text"),
        ("number", [1], "expected a number, found a list"),
        ("text", [1], "expected a single value, found a list"),
        ("text", "\ud800", "expected text, found broken Unicode"),
        ("text", {"a": 1}, "expected a single value, found an object"),
        ("timestamp", "soon", "expected an ISO 8601 time, found text"),
        ("flag", "maybe", "expected true or false, found text"),
    ],
)
def test_what_does_not_fit_says_what_was_expected_and_found(kind: ColumnType, value: object, problem: str) -> None:
    page = parse_records([{"x": value}, {"x": None}], schema(kind), timezone=UTC)
    assert page.rows.num_rows == 1
    assert [(one.column, one.problem, one.count) for one in page.rejects] == [("x", problem, 1)]


@given(st.lists(st.one_of(st.none(), st.integers(-(2**62), 2**62), st.floats(allow_nan=False, width=32)), min_size=1))
def test_numbers_survive_json_and_tables_alike(values: list[float | None]) -> None:
    as_floats = [None if value is None else float(value) for value in values]
    assert from_records(values, "number") == as_floats
    assert from_table(pa.array(as_floats, pa.float64()), "number") == as_floats


CELLS = st.one_of(
    st.none(),
    st.text(max_size=4),
    st.integers(-9, 9).map(str),
    st.floats().map(repr),
    st.datetimes().map(str),
    st.sampled_from(["", "NA", "nan", "-inf", "1e400", "0x10", "1_0", "+5", ".5", "5.", "True", "yes", "\u0661"]),
)


@given(st.lists(CELLS, min_size=1, max_size=8), st.sampled_from(["number", "text", "timestamp", "flag"]))
def test_text_is_typed_alike_value_by_value_and_as_a_column(values: list[str | None], kind: ColumnType) -> None:
    one_by_one = parse_records([{"x": value} for value in values], schema(kind), timezone=UTC)
    at_once = parse_table(pa.table({"x": pa.array(values, pa.string())}), schema(kind), timezone=UTC)
    assert at_once.rows.equals(one_by_one.rows)
    assert at_once.rejects == one_by_one.rejects


@given(st.lists(st.one_of(st.none(), st.text(max_size=5), st.booleans(), st.integers(-9, 9)), max_size=20))
def test_every_row_is_either_kept_or_counted(values: list[object]) -> None:
    for kind in ("number", "text", "timestamp", "flag"):
        page = parse_records([{"x": value} for value in values], schema(kind), timezone=UTC)
        assert page.rows.num_rows + sum(one.count for one in page.rejects) == len(values)


MIXED = st.lists(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), st.just("2026-03-05T00:00:00Z"),
        st.sampled_from(["1", "1.5", "True", "", "nan", [1], {"a": 1}]),
    ),
    max_size=6,
)  # fmt: skip


@given(values=MIXED, kind=st.sampled_from(["number", "text", "timestamp", "flag"]))
def test_a_column_of_json_is_what_its_values_are_one_by_one(values: list[object], kind: ColumnType) -> None:
    column = Column("x", ("x",), kind)
    whole, single = rows._typed_values(values, column, UTC), rows._typed_list(values, column, UTC)
    assert whole.values.combine_chunks().equals(single.values.combine_chunks())
    problems = [[] if one.of_row is None else [one.problems[code] for code in one.of_row] for one in (whole, single)]
    assert problems[0] == problems[1]
