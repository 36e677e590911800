"""What each column of a reference is: a number, a category, or something no distribution says anything about."""

import re
from dataclasses import dataclass
from datetime import UTC
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from modelwatch.domain import Column
from modelwatch.sources import fast
from modelwatch.sources.values import MISSING_NUMBERS

MAX_CODES = 20
MAX_RARE_CODES = 50
MAX_LEVELS = 1000
ID_SHARE = 0.95
LONG_TEXT = 60
MIN_ROWS_FOR_IDS = 20

# customer_id, ID, customerId, but not bid, paid or valid.
ID_NAME = re.compile(r"(?i:(^|[_.\s])(id|uuid|guid|key)$)|[a-z]I[Dd]$")
TIME_NAME = re.compile(r"(time|timestamp|date|_at|_ts|^ts|epoch)$", re.IGNORECASE)
# 2001 to 2065 in seconds, and the same in milli-, micro- and nanoseconds.
EPOCHS = ((1e9, 3e9), (1e12, 3e12), (1e15, 3e15), (1e18, 3e18))

Kind = Literal["numeric", "categorical"]


@dataclass(frozen=True)
class Inferred:
    """What a column was taken for.

    Attributes:
        kind: None when it is left out as a feature.
        why: the reason, for a column that is left out or could have been taken for something else.
    """

    name: str
    kind: Kind | None
    why: str | None = None


def infer(name: str, values: pa.ChunkedArray) -> Inferred:
    """What the column is; text that holds only numbers (as in a csv file) is a number."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if not name.strip():
        return Inferred(name, None, "it has no name")
    if pa.types.is_nested(values.type) or _is_bytes(values.type):
        return Inferred(name, None, "a list, map or bytes, which have no distribution")
    present = values.drop_null()
    n_distinct = pc.count_distinct(present).as_py() if len(present) else 0
    if n_distinct <= 1:
        missing = "always missing" if n_distinct == 0 else "constant; add it to be told when that ends"
        return Inferred(name, None, missing)
    if pa.types.is_temporal(values.type):
        return Inferred(name, None, "a time")
    if pa.types.is_boolean(values.type):
        return Inferred(name, "categorical")
    numbers = as_numbers(values)
    return _text(name, present, n_distinct) if numbers is None else _number(name, numbers)


def as_numbers(values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """The column as float64, missing values as nulls, or None when it is not one of numbers.

    Codes such as ``007`` are text: as numbers they would lose their zeros.
    """
    if pa.types.is_boolean(values.type) or pa.types.is_temporal(values.type):
        return None
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        values = pc.utf8_trim_whitespace(values)
        is_missing = pc.is_in(pc.utf8_lower(values), pa.array(sorted(MISSING_NUMBERS), values.type))
        values = pc.if_else(is_missing, pa.scalar(None, values.type), values)
        if pc.any(pc.match_substring_regex(values, r"^-?0\d")).as_py() or values.null_count == len(values):
            return None
    numbers = fast.typed(values, Column("", ("",), "number"), UTC)
    return None if numbers is None else pc.if_else(pc.is_nan(numbers), pa.scalar(None, pa.float64()), numbers)


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))


def _number(name: str, numbers: pa.ChunkedArray) -> Inferred:
    present = numbers.drop_null().to_numpy()
    finite = present[np.isfinite(present)]
    distinct = np.unique(finite)
    if len(distinct) <= 1:
        return Inferred(name, None, "constant; add it to be told when that ends")
    if not bool(np.all(distinct == np.floor(distinct))):
        return Inferred(name, "numeric")
    reason = _not_a_quantity(name, finite, distinct)
    if reason:
        return Inferred(name, None, reason)
    n, k = len(present), len(distinct)
    if k <= MAX_CODES or (k <= MAX_RARE_CODES and k < 0.01 * n and _looks_coded(distinct)):
        return Inferred(name, "categorical", f"a code of {k} whole numbers; numeric if it is a quantity")
    return Inferred(name, "numeric")


def _not_a_quantity(name: str, values: NDArray[np.float64], distinct: NDArray[np.float64]) -> str | None:
    """Why whole numbers are no feature: they name things, or moments."""
    n, k = len(values), len(distinct)
    if k == n >= MIN_ROWS_FOR_IDS and (bool(np.all(np.diff(values) > 0)) or distinct[-1] - distinct[0] < 2 * n):
        return "an id (whole numbers, each once)"
    if ID_NAME.search(name) and k > MAX_RARE_CODES:
        return f"an id by its name ({k} different whole numbers)"
    if TIME_NAME.search(name) and any(low < distinct[0] and distinct[-1] < high for low, high in EPOCHS):
        return "a time (counted since 1970)"
    return None


def _looks_coded(distinct: NDArray[np.float64]) -> bool:
    """Codes have gaps; counts and ages fill a range."""
    return bool(distinct[-1] - distinct[0] > 2 * len(distinct))


def _text(name: str, present: pa.ChunkedArray, n_distinct: int) -> Inferred:
    if _is_time(present):
        return Inferred(name, None, "a time")
    n = len(present)
    if n >= MIN_ROWS_FOR_IDS and n_distinct > ID_SHARE * n:
        return Inferred(name, None, "an id or free text (nearly every value once)")
    if n_distinct > MAX_LEVELS:
        return Inferred(name, None, f"free text ({n_distinct:,} different values)")
    if pc.mean(pc.utf8_length(present.cast(pa.string()))).as_py() > LONG_TEXT:
        return Inferred(name, None, "free text (long values)")
    return Inferred(name, "categorical")


def _is_time(present: pa.ChunkedArray) -> bool:
    """Whether every value is an ISO 8601 time, or a month such as 2026-03."""
    if fast.typed(present, Column("", ("",), "timestamp"), UTC) is not None:
        return True
    return bool(pc.all(pc.match_substring_regex(present.cast(pa.string()), r"^(19|20)\d\d-(0[1-9]|1[0-2])$")).as_py())
