"""What each column of a reference is: a number, a category, or something no distribution says anything about."""

from dataclasses import dataclass
from datetime import UTC
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from modelwatch.domain import Column
from modelwatch.sources import fast

MAX_CODES = 20
MAX_RARE_CODES = 50
MAX_LEVELS = 1000
ID_SHARE = 0.95
LONG_TEXT = 60
MIN_ROWS_FOR_IDS = 20

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
    if pa.types.is_nested(values.type) or pa.types.is_binary(values.type):
        return Inferred(name, None, "nested or binary; name a single value inside it with `path`")
    present = values.drop_null()
    n_distinct = pc.count_distinct(present).as_py()
    if n_distinct <= 1:
        return Inferred(name, None, "constant" if n_distinct else "always missing")
    if pa.types.is_temporal(values.type):
        return Inferred(name, None, "a time")
    if pa.types.is_boolean(values.type):
        return Inferred(name, "categorical")
    numbers = _as_numbers(name, values)
    return _text(name, present, n_distinct) if numbers is None else _number(name, numbers, n_distinct)


def as_numbers(name: str, values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """The column as float64, or None when it is not one of numbers."""
    return None if pa.types.is_boolean(values.type) else _as_numbers(name, values)


def _as_numbers(name: str, values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    return fast.typed(values, Column(name, (name,), "number"), UTC)


def _number(name: str, numbers: pa.ChunkedArray, n_distinct: int) -> Inferred:
    present = numbers.drop_null().to_numpy()
    finite = present[np.isfinite(present)]
    is_whole = bool(len(finite)) and bool(np.all(finite == np.floor(finite)))
    n = len(present)
    if not is_whole:
        return Inferred(name, "numeric")
    if n_distinct == n >= MIN_ROWS_FOR_IDS and _counts_up(finite):
        return Inferred(name, None, "an id (whole numbers, each once)")
    if n_distinct <= MAX_CODES or (n_distinct <= MAX_RARE_CODES and n_distinct < 0.01 * n and _looks_coded(finite)):
        return Inferred(name, "categorical", f"a code ({n_distinct} whole numbers); write numeric if it is a quantity")
    return Inferred(name, "numeric")


def _counts_up(values: NDArray[np.float64]) -> bool:
    return bool(np.all(np.diff(values) > 0)) or values.max() - values.min() < 2 * len(values)


def _looks_coded(values: NDArray[np.float64]) -> bool:
    """Codes have gaps and no order; counts and ages fill a range."""
    distinct = np.unique(values)
    return bool(distinct[-1] - distinct[0] > 2 * len(distinct))


def _text(name: str, present: pa.ChunkedArray, n_distinct: int) -> Inferred:
    if fast_time(name, present):
        return Inferred(name, None, "a time")
    n = len(present)
    if n >= MIN_ROWS_FOR_IDS and n_distinct > ID_SHARE * n:
        return Inferred(name, None, "an id or free text (nearly every value once)")
    if n_distinct > MAX_LEVELS:
        return Inferred(name, None, f"free text ({n_distinct} different values)")
    if pc.mean(pc.utf8_length(present.cast(pa.string()))).as_py() > LONG_TEXT:
        return Inferred(name, None, "free text (long values)")
    return Inferred(name, "categorical")


def fast_time(name: str, present: pa.ChunkedArray) -> bool:
    """Whether every value is an ISO 8601 time."""
    return fast.typed(present, Column(name, (name,), "timestamp"), UTC) is not None
