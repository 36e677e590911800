"""One value at a time: from whatever stands in a record to the type its column must have, or why not."""

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any, SupportsFloat

from modelwatch.domain import Column

MISSING_NUMBERS = {"", "na", "n/a", "nan", "null", "none"}
TRUE, FALSE = {"true", "1", "yes"}, {"false", "0", "no"}
# Seconds since 1970 reach this in the year 5138; anything larger is milliseconds ...
LARGEST_SECONDS = 10**11
# ... but for what are micro- and nanoseconds from 2001 to 2065, and would be milliseconds of no year.
MICROSECONDS, NANOSECONDS = (10**15, 3 * 10**15), (10**18, 3 * 10**18)
EPOCH = re.compile(r"-?\d{9,}(\.\d*)?")

Convert = Callable[[Any], Any]


class Unfit(Exception):  # control flow within this package, never shown
    """The value cannot be of the column's type; its text says what was expected and found."""


def converter(column: Column, timezone: tzinfo) -> Convert:
    """The function from a raw value to the column's type; it raises `Unfit`."""
    if column.type == "number":
        return number
    if column.type == "text":
        return text
    if column.type == "timestamp":
        return lambda value: timestamp(value, timezone)
    return lambda value: flag(value, column.equals)


def number(value: Any) -> float | None:  # noqa: ANN401  # any JSON value
    """A float; null, NaN and empty text are missing; infinities stay."""
    if value is None or (isinstance(value, str) and value.strip().lower() in MISSING_NUMBERS):
        return None
    # Python would read "1_000"; no data format writes numbers so.
    if (
        isinstance(value, bool)
        or not isinstance(value, str | SupportsFloat)
        or (isinstance(value, str) and "_" in value)
    ):
        raise unfit(value, expected="a number")
    try:
        converted = float(value)
    except ValueError:
        raise unfit(value, expected="a number") from None
    except OverflowError:
        return math.inf if value > 0 else -math.inf  # type: ignore[operator]  # an int too large for a float
    return None if math.isnan(converted) else converted


def text(value: Any) -> str | None:  # noqa: ANN401  # any JSON value
    """The same text for the same thing in JSON, CSV and parquet: 1 and 1.0 are "1", true and True are "true"."""
    if value is None or value == "" or _is_nan(value):
        return None
    if isinstance(value, dict | list | tuple | bytes | bytearray | memoryview):
        raise unfit(value, expected="a single value")
    if isinstance(value, bool) or value in ("True", "False"):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return str(int(value))
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return str(int(value))
    return _unicode(str(value))


def timestamp(value: Any, timezone: tzinfo) -> datetime | None:  # noqa: ANN401  # any JSON value
    """ISO 8601 text, in the monitor's zone without an offset; or seconds, milli-, micro- or nanoseconds since 1970."""
    if value is None or value == "" or _is_nan(value):
        return None
    try:
        moment = _moment(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise unfit(value, expected="an ISO 8601 time") from None


def _moment(value: Any) -> datetime:  # noqa: ANN401  # any JSON value
    if isinstance(value, str):
        # Eight digits are a day in ISO 8601's basic form; more are what a csv file makes of epoch seconds.
        if not EPOCH.fullmatch(value.strip()):
            return datetime.fromisoformat(value.strip())
        value = float(value)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return datetime.fromtimestamp(float(value) / _per_second(abs(float(value))), UTC)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, datetime.min.time())
    if not isinstance(value, datetime):
        raise unfit(value, expected="a time")
    return value


def _per_second(size: float) -> int:
    """How many of the unit of a number of this size make a second."""
    for (low, high), per in (((0, LARGEST_SECONDS), 1), (MICROSECONDS, 10**6), (NANOSECONDS, 10**9)):
        if low <= size < high:
            return per
    return 10**3


def _is_nan(value: Any) -> bool:  # noqa: ANN401  # any JSON value
    return (isinstance(value, float) and math.isnan(value)) or (isinstance(value, Decimal) and value.is_nan())


def _unicode(value: str) -> str:
    """Half of a surrogate pair, which JSON can spell, is no text that any file or database can hold."""
    try:
        value.encode()
    except UnicodeEncodeError:
        message = "expected text, found broken Unicode"
        raise Unfit(message) from None
    return value


def flag(value: Any, equals: object) -> bool | None:  # noqa: ANN401  # any JSON value
    """Whether the value is the one that counts as true; by default true, 1, "true", "1", "yes"."""
    known = text(value)
    if known is None:
        return None
    wanted = "true" if equals is None else text(equals)
    if wanted in TRUE | FALSE and known.lower() in TRUE | FALSE:
        return (known.lower() in TRUE) == (wanted in TRUE)
    if equals is None or isinstance(equals, bool):
        raise unfit(value, expected="true or false")
    return known == wanted


def kind_of(value: Any) -> str:  # noqa: ANN401  # any JSON value
    """A value's kind in words a reader of JSON knows."""
    names = {
        type(None): "null",
        bool: "true or false",
        str: "text",
        dict: "an object",
        list: "a list",
        int: "a number",
        float: "a number",
    }
    return names.get(type(value), type(value).__name__)


def unfit(value: Any, *, expected: str) -> Unfit:  # noqa: ANN401  # any JSON value
    """What is wrong with a value, without the value itself."""
    return Unfit(f"expected {expected}, found {kind_of(value)}")
