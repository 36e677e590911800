"""Which rows are kept out, how they are counted and shown, and which columns must be there."""

from datetime import UTC
from typing import Any

import pyarrow as pa
import pytest

from modelwatch.domain import Column, ColumnType, Reject, Schema
from modelwatch.errors import DataError
from modelwatch.sources.rows import parse_records, parse_table


def schema(kind: ColumnType, equals: object = None, *, sensitive: bool = False) -> Schema:
    return Schema((Column("x", ("x",), kind, equals=equals, is_sensitive=sensitive),), {})


@pytest.mark.parametrize(
    ("kind", "values", "problem"),
    [
        ("number", [[1.0], None], "expected a number, found a list"),
        ("text", [{"a": 1}, None], "expected a single value, found an object"),
        ("number", [True, None], "expected a number, found true or false"),
        ("timestamp", [True, None], "expected a time, found true or false"),
        ("text", [b"x", None], "expected a single value, found bytes"),
    ],
)
def test_a_column_of_the_wrong_kind_is_rejected_row_by_row(
    kind: ColumnType, values: list[object], problem: str
) -> None:
    page = parse_table(pa.table({"x": values}), schema(kind), timezone=UTC)
    assert page.rows.num_rows == 1
    assert [(one.column, one.problem, one.count) for one in page.rejects] == [("x", problem, 1)]


def test_the_few_bad_values_of_a_column_are_found_in_their_rows() -> None:
    values = [str(number) for number in range(1000)]
    values[10], values[500], values[700] = "abc", "", "1e3"
    page = parse_table(pa.table({"x": values, "i": range(1000)}), schema("number"), timezone=UTC)
    expected = [float(value) if value else None for row, value in enumerate(values) if row != 10]
    assert page.rows["x"].to_pylist() == expected
    assert page.rejects == (Reject("x", "expected a number, found text", 1, "'abc'"),)


def test_a_row_with_several_faults_counts_once_and_a_required_value_may_not_be_missing() -> None:
    columns = (Column("id", ("id",), "text", required=True), Column("n", ("n",), "number"))
    rows: list[dict[str, Any]] = [
        {"id": "a", "n": 1},
        {"id": None, "n": "x"},
        {"n": 2},
        {"id": "d", "n": "y" * 60},
        {"id": "e", "n": "z"},
    ]
    for page in (
        parse_records(rows, Schema(columns, {}), timezone=UTC),
        parse_table(
            pa.table({k: [str(r[k]) if r.get(k) else None for r in rows] for k in ("id", "n")}),
            Schema(columns, {}),
            timezone=UTC,
        ),
    ):
        assert page.rows.to_pylist() == [{"id": "a", "n": 1.0}]
        shown = "'" + "y" * 38 + "…"
        assert page.rejects == (
            Reject("id", "missing", 2),
            Reject("n", "expected a number, found text", 2, shown),
        )


def test_nested_values_are_found_by_path_and_a_key_with_the_dots_wins() -> None:
    nested = Schema((Column("x", ("a", "b"), "number"),), {})
    records = [{"a": {"b": 1}}, {"a.b": 2, "a": {"b": 9}}, {"a": None}, {"a": 3}, {}]
    assert parse_records(records, nested, timezone=UTC).rows["x"].to_pylist() == [1.0, 2.0, None, None, None]
    for table in (pa.table({"a": [{"b": 1}, None]}), pa.table({"a.b": [1, None], "a": [9, 9]})):
        assert parse_table(table, nested, timezone=UTC).rows["x"].to_pylist() == [1.0, None]
    with pytest.raises(DataError, match=r"no column 'a\.b'; found: a"):
        parse_table(pa.table({"a": [{"c": 1}]}), nested, timezone=UTC)


def test_an_object_is_no_example_as_it_may_hold_a_sensitive_field() -> None:
    page = parse_records([{"x": {"gender": "F"}}, {"x": ["F"]}], schema("text"), timezone=UTC)
    assert [one.example for one in page.rejects] == [None, None]


def test_a_sensitive_value_is_never_an_example() -> None:
    page = parse_records([{"x": "42 years"}], schema("number", sensitive=True), timezone=UTC)
    assert page.rejects[0].example is None


def test_a_record_that_is_no_object_is_a_rejected_row() -> None:
    page = parse_records(["junk", {"x": 1}], schema("number"), timezone=UTC)
    assert (page.rows.num_rows, page.rejects[0].problem) == (1, "expected an object")


def test_a_column_that_is_nowhere_is_named_with_its_neighbours() -> None:
    with pytest.raises(DataError, match=r"march.csv: there is no column 'x'; found: xx, y; did you mean 'xx'\?"):
        parse_table(pa.table({"xx": [1], "y": [2]}), schema("number"), timezone=UTC, where="march.csv")


def test_a_column_that_is_there_twice_is_refused() -> None:
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])
    with pytest.raises(DataError, match="'x' is there 2 times"):
        parse_table(twice, schema("number"), timezone=UTC)
