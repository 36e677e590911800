"""What `init` takes a column for, at the edges between number, code, id, time and text."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from modelwatch.init.infer import as_numbers, infer

N = 1000
RANDOM = np.random.default_rng(0)


def column(values: Any, kind: pa.DataType | None = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, kind)])


CASES: dict[str, tuple[str, Any, str | None, str | None]] = {
    "fractions": ("amount", RANDOM.normal(size=N), "numeric", None),
    "a count with many values": ("visits", np.arange(N) % 21, "numeric", None),
    "a code of few whole numbers": ("grade", np.arange(N) % 20, "categorical", "a code of 20 whole numbers"),
    "a code with gaps": ("mcc", (np.arange(10 * N) % 50) * 97, "categorical", "a code of 50 whole numbers"),
    "an age": ("age", 18 + np.arange(10 * N) % 50, "numeric", None),
    "whole floats": ("grade", (np.arange(N) % 3).astype(float), "categorical", "a code of 3 whole numbers"),
    "a running number": ("nr", np.arange(N), None, "an id (whole numbers, each once)"),
    "shuffled numbers, each once": ("nr", RANDOM.permutation(N), None, "an id (whole numbers, each once)"),
    "amounts that happen to differ": ("cents", RANDOM.permutation(N) * 37 + 5, "numeric", None),
    "an id by its name": ("customer_id", np.arange(N) % 100, None, "an id by its name (100 different"),
    "an id in camel case": ("customerId", np.arange(N) % 100, None, "an id by its name (100 different"),
    "a name that only ends like one": ("bid", np.arange(N) % 100, "numeric", None),
    "a code called an id": ("plan_id", np.arange(N) % 5, "categorical", "a code of 5 whole numbers"),
    "seconds since 1970": ("created_at", 1_770_000_000 + np.arange(N) % 500, None, "a time (counted since 1970)"),
    "milliseconds since 1970": ("ts", 1_770_000_000_000 + np.arange(N) % 500, None, "a time (counted since 1970)"),
    "large numbers of another name": ("income", 1_770_000_000 + np.arange(N) % 500, "numeric", None),
    "booleans": ("is_new", [True, False] * N, "categorical", None),
    "one boolean": ("is_new", [True] * N, None, "constant"),
    "a constant": ("c", [3.5] * N, None, "constant"),
    "a constant beside infinities": ("c", [3.5, float("inf")] * N, None, "constant"),
    "nothing": ("c", [None] * N, None, "always missing"),
    "NaN only": ("c", [float("nan")] * N, None, "constant"),
    "words": ("c", ["red", "green"] * N, "categorical", None),
    "numbers as text": ("c", [f"{i / 7:.3f}" for i in range(N)], "numeric", None),
    "numbers as text, some missing": ("c", ["NA", "1.5", "2.5", ""] * N, "numeric", None),
    "codes with leading zeros": ("zip", [f"{i % 90:05d}" for i in range(N)], "categorical", None),
    "a word among numbers": ("c", ["x", *[str(i % 9) for i in range(N)]], "categorical", None),
    "dates as text": ("c", [f"2026-03-{1 + i % 28:02d}" for i in range(N)], None, "a time"),
    "months as text": ("c", [f"2026-{1 + i % 12:02d}" for i in range(N)], None, "a time"),
    "words, nearly all different": ("c", [f"w{i}" for i in range(N)], None, "an id or free text"),
    "few words, all different": ("c", [f"w{i}" for i in range(19)], "categorical", None),
    "very many words": ("c", [f"w{i % 1001}" for i in range(3 * N)], None, "free text (1,001 different values)"),
    "as many words as are counted": ("c", [f"w{i % 1000}" for i in range(3 * N)], "categorical", None),
    "long words": ("c", ["y" * 61, "z" * 61] * N, None, "free text (long values)"),
    "no name": ("  ", RANDOM.normal(size=N), None, "it has no name"),
    "lists": ("c", [[1]] * N, None, "a list, map or bytes"),
    "bytes": ("c", [b"x", b"y"] * N, None, "a list, map or bytes"),
    "times": ("c", [datetime(2026, 3, 1, i % 24, tzinfo=UTC) for i in range(N)], None, "a time"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_column_is_taken_for_what_it_is(case: str) -> None:
    name, values, kind, why = CASES[case]
    found = infer(name, column(values))
    assert (found.name, found.kind) == (name, kind)
    assert found.why is None if why is None else (found.why or "").startswith(why)


def test_a_dictionary_is_taken_for_its_values() -> None:
    encoded = pa.chunked_array([pa.array(["red", "green"] * N).dictionary_encode()])
    assert infer("c", encoded).kind == "categorical"


def test_all_reasons_to_leave_a_column_out_are_given() -> None:
    assert all(why for _, _, kind, why in CASES.values() if kind is None)


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        ([" 1 ", "2.5", "NaN", "", None], [1.0, 2.5, None, None, None]),
        ([1, 2, None], [1.0, 2.0, None]),
        (["007", "008"], None),
        (["-01", "2"], None),
        (["0", "0.5"], [0.0, 0.5]),
        (["x"], None),
        (["", None], None),
        ([True, False], None),
    ],
)
def test_text_that_holds_only_numbers_is_a_column_of_numbers(values: Any, numbers: list[float | None] | None) -> None:
    found = as_numbers(column(values))
    assert (None if found is None else found.to_pylist()) == numbers
