"""Whole columns at once, for arrow columns that have their type already or can be cast to it as they are."""

from datetime import tzinfo

import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.domain import Column
from modelwatch.sources import values as since

UTC_TIME = pa.timestamp("us", "UTC")
LARGEST_MILLISECONDS = 253_402_300_799_999  # the end of the year 9999
# What arrow certainly casts; of a column with a few other values only those are looked at one by one.
PLAIN = {
    "number": r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$",
    "timestamp": r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[-+]\d\d:\d\d)$",
}


def typed(values: pa.ChunkedArray, column: Column, timezone: tzinfo) -> pa.ChunkedArray | None:
    """The column in its type, or None when some value needs a closer look."""
    if pa.types.is_dictionary(values.type) and column.type != "flag":
        values = values.cast(values.type.value_type)
    try:
        if column.type == "number":
            return _number(values)
        if column.type == "text":
            return _text(values)
        if column.type == "timestamp":
            return _timestamp(values, timezone)
        return _flag(values, column.equals)
    except pa.ArrowInvalid:
        return None


def odd(values: pa.ChunkedArray, column: Column) -> pa.ChunkedArray | None:
    """Which strings need a closer look, True for each; None when that cannot be told of the whole column."""
    if not _is_string(values.type) or column.type not in PLAIN:
        return None
    return pc.fill_null(pc.invert(pc.match_substring_regex(values, PLAIN[column.type])), fill_value=False)


def struct_field(values: pa.ChunkedArray, path: tuple[str, ...]) -> pa.ChunkedArray | None:
    """The field at a path inside a struct column, or None when there is none."""
    for key in path:
        if not pa.types.is_struct(values.type) or values.type.get_field_index(key) < 0:
            return None
        values = pc.struct_field(values, key)
    return values


def _number(values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    kind = values.type
    if _is_string(kind) or pa.types.is_floating(kind):
        return _without_nan(values.cast(pa.float64()))
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        # Not safe: an int64 beyond 2**53 is rounded to the nearest float, which no distribution can tell.
        return values.cast(pa.float64(), safe=False)
    return values.cast(pa.float64()) if pa.types.is_null(kind) else None


def _without_nan(values: pa.ChunkedArray) -> pa.ChunkedArray:
    nan = pc.is_nan(values)
    return pc.if_else(nan, pa.scalar(None, values.type), values) if pc.any(nan).as_py() else values


def _text(values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    kind = values.type
    if _is_string(kind):
        strings = values.cast(pa.string())
        empty = pc.equal(strings, "")
        if pc.any(empty).as_py():
            strings = pc.if_else(empty, pa.scalar(None, pa.string()), strings)
        spelt = pc.or_(pc.equal(strings, "True"), pc.equal(strings, "False"))
        return pc.if_else(spelt, pc.utf8_lower(strings), strings) if pc.any(spelt).as_py() else strings
    if pa.types.is_floating(kind):
        # Refused by the cast when a value is not whole; those are written one by one.
        return _without_nan(values).cast(pa.int64()).cast(pa.string())
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return values.cast(pa.string())
    return None


def _timestamp(values: pa.ChunkedArray, timezone: tzinfo) -> pa.ChunkedArray | None:
    kind = values.type
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return values.cast(UTC_TIME, safe=False)
    if pa.types.is_integer(kind):
        return _since_1970(values)
    if pa.types.is_null(kind):
        return values.cast(UTC_TIME)
    if pa.types.is_date(kind):
        values = values.cast(pa.timestamp("us"))
    elif _is_string(kind):
        values = _from_strings(values)
        if values.type.tz is not None:
            return values
    elif not pa.types.is_timestamp(kind):
        return None
    local = values.cast(pa.timestamp("us"), safe=False)
    zoned = pc.assume_timezone(local, str(timezone), ambiguous="earliest", nonexistent="latest")
    return zoned.cast(UTC_TIME)


def _since_1970(values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Whole numbers whose size tells their unit (`values.timestamp`); None when one is beyond any year."""
    whole = values.cast(pa.int64())
    size = pc.abs_checked(whole)
    is_micro, is_nano = _between(size, since.MICROSECONDS), _between(size, since.NANOSECONDS)
    is_known = pc.or_(is_micro, is_nano)
    if pc.any(pc.and_not(pc.greater(size, LARGEST_MILLISECONDS), is_known)).as_py():
        return None
    factor = pc.if_else(is_known, 1, pc.if_else(pc.less(size, since.LARGEST_SECONDS), 10**6, 10**3))
    return pc.if_else(is_nano, pc.divide(whole, 10**3), pc.multiply_checked(whole, factor)).cast(UTC_TIME)


def _between(size: pa.ChunkedArray, limits: tuple[int, int]) -> pa.ChunkedArray:
    return pc.and_(pc.greater_equal(size, limits[0]), pc.less(size, limits[1]))


def _from_strings(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """ISO 8601 strings, all with an offset or all without."""
    try:
        return values.cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        return values.cast(UTC_TIME)


def _flag(values: pa.ChunkedArray, equals: object) -> pa.ChunkedArray | None:
    if pa.types.is_boolean(values.type) and (equals is None or equals is True):
        return values
    return None


def _is_string(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
