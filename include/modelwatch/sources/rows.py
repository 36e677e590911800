"""From raw rows to typed columns: rows that do not parse are counted, kept out, and one of each kind is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from modelwatch.domain import Column, ColumnType, Page, Reject, Schema
from modelwatch.errors import did_you_mean
from modelwatch.sources import fast
from modelwatch.sources.base import FileFault
from modelwatch.sources.values import Unfit, converter

ARROW: dict[ColumnType, pa.DataType] = {
    "number": pa.float64(),
    "text": pa.string(),
    "timestamp": pa.timestamp("us", "UTC"),
    "flag": pa.bool_(),
}
EXAMPLE_LENGTH = 40
ABSENT: Final = object()


@dataclass(frozen=True)
class Typed:
    """A column in its type, and for the rows that do not fit: which problem, by row (0 is none)."""

    values: pa.ChunkedArray
    problems: tuple[str, ...] = ()
    of_row: NDArray[np.int64] | None = None


def parse_records(records: Sequence[object], schema: Schema, *, timezone: tzinfo) -> Page:
    """Type a page of JSON records; a key that is absent is a missing value.

    Args:
        records: objects; anything else is a rejected row.
        schema: the columns to read.
        timezone: of times without an offset.
    """
    objects = [record for record in records if isinstance(record, Mapping)]
    typed = {column.name: _typed_values(_values(objects, column.path), column, timezone) for column in schema.columns}
    raw = {column.name: column for column in schema.columns}
    page = _page(typed, schema, lambda name, row: _at(objects[row], raw[name].path), len(objects))
    strangers = len(records) - len(objects)
    if strangers:
        return Page(page.rows, (*page.rejects, Reject("", "expected an object", strangers)), page.total)
    return page


def parse_table(table: pa.Table, schema: Schema, *, timezone: tzinfo, where: str = "the file") -> Page:
    """Type a table; columns that already have their type are not touched value by value.

    Raises:
        DataError: a declared column is absent from the whole table.
    """
    require_columns(table.column_names, schema, where)
    columns = {column.name: _column(table, column, where) for column in schema.columns}
    typed = {column.name: _typed_array(columns[column.name], column, timezone) for column in schema.columns}
    return _page(typed, schema, lambda name, row: columns[name][row].as_py(), table.num_rows)


def _typed_array(values: pa.ChunkedArray, column: Column, timezone: tzinfo) -> Typed:
    """Whole where arrow can; else only the values that need it one by one, each distinct one once."""
    quick = fast.typed(values, column, timezone)
    if quick is not None:
        return Typed(quick)
    odd = fast.odd(values, column)
    if odd is not None:
        plain = fast.typed(pc.if_else(odd, pa.scalar(None, values.type), values), column, timezone)
        if plain is not None:
            return _patched(plain, odd, _one_by_one(values.filter(odd), column, timezone))
    return _one_by_one(values, column, timezone)


def _one_by_one(values: pa.ChunkedArray, column: Column, timezone: tzinfo) -> Typed:
    if pa.types.is_nested(values.type):
        return _typed_list(values.to_pylist(), column, timezone)
    encoded = values.combine_chunks().dictionary_encode()
    distinct = _typed_list(encoded.dictionary.to_pylist(), column, timezone)
    indices = encoded.indices
    taken = pa.chunked_array([distinct.values.combine_chunks().take(indices)])
    if distinct.of_row is None:
        return Typed(taken)
    codes = np.append(distinct.of_row, 0)
    rows = np.asarray(indices.fill_null(len(codes) - 1), dtype=np.int64)
    return Typed(taken, distinct.problems, codes[rows])


def _patched(plain: pa.ChunkedArray, odd: pa.ChunkedArray, fitted: Typed) -> Typed:
    """The column with the values that were looked at one by one put where they belong."""
    mask = odd.combine_chunks()
    whole = pc.replace_with_mask(plain.combine_chunks(), mask, fitted.values.combine_chunks())
    if fitted.of_row is None:
        return Typed(pa.chunked_array([whole]))
    of_row = np.zeros(len(whole), dtype=np.int64)
    of_row[np.asarray(mask.to_numpy(zero_copy_only=False), dtype=bool)] = fitted.of_row
    return Typed(pa.chunked_array([whole]), fitted.problems, of_row)


def _values(objects: Sequence[Mapping[str, Any]], path: tuple[str, ...]) -> list[Any]:
    """The value at the path in each object; a plain key needs no walk."""
    if len(path) == 1:
        return [record.get(path[0]) for record in objects]
    return [_at(record, path) for record in objects]


def _typed_values(values: list[Any], column: Column, timezone: tzinfo) -> Typed:
    """Whole where they are of one kind, as JSON of a well-kept API is; else one by one."""
    kinds = {type(value) for value in values} - {type(None)}
    if len(kinds) > 1 and kinds != {int, float}:  # arrow would take [1.5, True] for numbers
        return _typed_list(values, column, timezone)
    try:
        array = pa.chunked_array([pa.array(values)])
    except (pa.ArrowException, OverflowError, UnicodeError, TypeError, ValueError):
        return _typed_list(values, column, timezone)
    quick = fast.typed(array, column, timezone)
    return _typed_list(values, column, timezone) if quick is None else Typed(quick)


def _typed_list(values: Sequence[Any], column: Column, timezone: tzinfo) -> Typed:
    convert, problems = converter(column, timezone), [""]
    converted: list[Any] = []
    of_row = np.zeros(len(values), dtype=np.int64)
    for row, value in enumerate(values):
        try:
            converted.append(convert(value))
        except Unfit as unfit:
            if str(unfit) not in problems:
                problems.append(str(unfit))
            of_row[row] = problems.index(str(unfit))
            converted.append(None)
    array = pa.chunked_array([pa.array(converted, ARROW[column.type])])
    return Typed(array, tuple(problems), of_row) if len(problems) > 1 else Typed(array)


def _page(typed: Mapping[str, Typed], schema: Schema, raw: Any, n_rows: int) -> Page:  # noqa: ANN401  # a lookup
    """Keep the rows without a problem; a row with several counts for the first column that has one."""
    bad = np.zeros(n_rows, dtype=bool)
    rejects: list[Reject] = []
    for column in schema.columns:
        one = typed[column.name]
        rejects += _rejects(column, one, bad, raw)
    rows = pa.table({name: one.values for name, one in typed.items()})
    return Page(rows.filter(pa.array(~bad)) if bad.any() else rows, tuple(rejects))


def _rejects(column: Column, one: Typed, bad: NDArray[np.bool_], raw: Any) -> list[Reject]:  # noqa: ANN401  # a lookup
    """This column's rejected rows, marked in ``bad``."""
    found: list[tuple[str, NDArray[np.bool_]]] = []
    if one.of_row is not None:
        found += [(problem, one.of_row == code) for code, problem in enumerate(one.problems) if code]
    if column.required and one.values.null_count:
        missing = np.asarray(one.values.is_null().to_numpy(), dtype=bool)
        found.append(("missing", missing if one.of_row is None else missing & (one.of_row == 0)))
    rejects = []
    for problem, rows in found:
        fresh = rows & ~bad
        if fresh.any():
            first = int(np.flatnonzero(fresh)[0])
            rejects.append(Reject(column.name, problem, int(fresh.sum()), _example(column, problem, raw, first)))
            bad |= fresh
    return rejects


def _example(column: Column, problem: str, raw: Any, row: int) -> str | None:  # noqa: ANN401  # a lookup
    value = None if column.is_sensitive or problem == "missing" else raw(column.name, row)
    # An object or a list may hold a sensitive field among others.
    if value is None or isinstance(value, Mapping | list | tuple):
        return None
    shown = repr(value)
    return shown if len(shown) <= EXAMPLE_LENGTH else shown[: EXAMPLE_LENGTH - 1] + "…"


def has(record: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    """Whether a record has the path, be its value null."""
    return _at(record, path, default=ABSENT) is not ABSENT


def _at(record: Mapping[str, Any], path: tuple[str, ...], default: Any = None) -> Any:  # noqa: ANN401  # any JSON value
    """The value at the path; a key that is written with the dots wins."""
    whole = ".".join(path)
    if whole in record:
        return record[whole]
    value: Any = record
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return default
        value = value[key]
    return value


def paths(schema: Schema) -> set[str]:
    """The top-level names that a schema's columns may be found under."""
    return {name for column in schema.columns for name in (column.path[0], ".".join(column.path))}


def require_columns(names: Sequence[str], schema: Schema, where: str) -> None:
    """Stop before anything is read when a declared column is nowhere.

    Args:
        names: every top-level column there is.
        schema: the columns that are declared.
        where: what the message calls the file or query.

    Raises:
        DataError: a column is absent, or there twice; the message has what was found.
    """
    for column in schema.columns:
        whole = ".".join(column.path)
        for name in (whole, column.path[0]):
            if names.count(name) > 1:
                message = f"{where}: column '{name}' is there {names.count(name)} times; rename all but one"
                raise FileFault(message, "column")
        if whole not in names and column.path[0] not in names:
            raise absent(whole, names, where)


def absent(name: str, names: Sequence[str], where: str) -> FileFault:
    """The error for a column that is nowhere, with its neighbours."""
    found = ", ".join(names[:30]) + (", …" if len(names) > 30 else "")
    message = f"{where}: there is no column '{name}'; found: {found or 'none'}{did_you_mean(name, list(names))}"
    return FileFault(message, "column")


def _column(table: pa.Table, column: Column, where: str) -> pa.ChunkedArray:
    whole = ".".join(column.path)
    if whole in table.column_names:
        return table[whole]
    nested = fast.struct_field(table[column.path[0]], column.path[1:])
    if nested is None:
        raise absent(whole, table.column_names, where)
    return nested
