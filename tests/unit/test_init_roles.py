"""The columns that `init` was told of: checked against their roles, and what is made of their values."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from modelwatch.errors import DataError
from modelwatch.init.roles import Chosen, choose

N = 200
TABLE = pa.table(
    {
        "id": [f"r{i}" for i in range(N)],
        "at": ["2026-03-01T00:00:00Z"] * N,
        "score": np.arange(N) / N,
        "flagged": [i % 10 == 0 for i in range(N)],
        "gender": ["F", "M"] * (N // 2),
        "age": 20 + np.arange(N) % 50,
        "word": ["x", "y"] * (N // 2),
        "empty": pa.nulls(N),
    }
)


def chosen(sensitive: list[str] | None = None, /, *, table: pa.Table = TABLE, **roles: str) -> Chosen:
    return choose("data.parquet", table, roles, sensitive or [])


def of(role: str, values: list[Any]) -> Chosen:
    """A decision or a label with these values."""
    return choose("data.parquet", pa.table({"outcome": values}), {role: "outcome"}, [])


def test_columns_in_order_are_taken_as_they_are() -> None:
    found = chosen(["gender"], id="id", timestamp="at", score="score", decision="flagged")
    assert found.columns == {"id", "at", "score", "flagged", "gender"}
    assert (found.selected, found.positive, found.bands) == (True, None, {})


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ({"id": "idd"}, "--id: there is no column 'idd'; found: id, at, score"),
        ({"id": "idd"}, "did you mean 'id'?"),
        ({"score": "word"}, "--score: 200 of 200 values of 'word' do not fit (expected a number, found text)"),
        ({"timestamp": "word"}, "--timestamp: 200 of 200 values of 'word' do not fit"),
        ({"id": "empty"}, "--id: 200 of 200 values of 'empty' do not fit (missing)"),
        ({"timestamp": "empty"}, "--timestamp: 200 of 200 values of 'empty' do not fit (missing)"),
        ({"decision": "score"}, "--decision: 'score' has 200 different values; expected two"),
        ({"label": "empty"}, "--label: 'empty' has 0 different values; expected two"),
        ({"score": "score", "decision": "score"}, "--decision: column 'score' is named by --score already"),
    ],
)
def test_a_column_that_does_not_fit_its_role_is_refused(roles: dict[str, str], words: str) -> None:
    with pytest.raises(DataError) as refused:
        chosen(**roles)
    assert str(refused.value).startswith("data.parquet: ")
    assert words in str(refused.value)


def test_a_few_values_that_do_not_fit_are_borne_as_a_reference_bears_them() -> None:
    values = ["x", *[str(i / N) for i in range(N - 1)]]
    assert choose("data.csv", pa.table({"score": values}), {"score": "score"}, []).roles == {"score": "score"}


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(DataError) as refused:
        chosen(["nobody"], id="idd", score="skore")
    assert len(str(refused.value).splitlines()) == 4


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        ([True, False, False], True),
        ([0, 1, 0], 1),
        (["0", "1", "0"], 1),
        (["yes", "no", "no"], True),
        (["True", "False"], True),
        (["accepted", "rejected", "accepted"], "rejected"),
        (["n", "y", "n"], "y"),
        ([2, 1, 2], 1),
        ([7, 9, 9], 7),
        ([1.0, 2.0, 2.0], 1),
        (["b", "a"], "a"),
        ([None, "good", "bad", "good"], "bad"),
    ],
)
@pytest.mark.parametrize(("role", "field"), [("decision", "selected"), ("label", "positive")])
def test_the_value_that_counts_is_the_true_one_or_the_rarest(
    role: str, field: str, values: list[Any], counts: object
) -> None:
    found = of(role, values)
    assert getattr(found, field) == counts
    assert type(getattr(found, field)) is type(counts)
    is_guessed = not {str(one).lower() for one in values} <= {"true", "false", "0", "1", "yes", "no"}
    assert any(f"{role}.{field} is guessed" in note for note in found.notes) is is_guessed


@pytest.mark.parametrize(
    ("name", "values", "outcome"),
    [
        ("flagged", [True, False], "adverse"),
        ("decision", ["approve", "reject", "approve"], "adverse"),
        ("is_fraud", [0, 1], "adverse"),
        ("approved", [True, False], "favourable"),
        ("flag", ["approved", "declined", "declined"], "favourable"),
        ("flag", ["not_approved", "ok", "ok"], "adverse"),
        ("credit", ["good", "bad", "good"], "adverse"),
        ("offer", [True, False], "favourable"),
    ],
)
def test_whether_being_selected_harms_is_guessed_from_the_words_and_always_noted(
    name: str, values: list[Any], outcome: str
) -> None:
    found = choose("data.parquet", pa.table({name: values}), {"decision": name}, [])
    assert found.outcome == outcome
    assert any(note.startswith(f"decision.outcome is {outcome}") for note in found.notes)


def test_a_sensitive_number_is_cut_at_its_quartiles_so_that_no_group_is_empty() -> None:
    found = chosen(["gender", "age"], decision="flagged")
    assert found.bands == {"age": [32, 44.5, 57]}
    assert any("fairness.bands cut age at its quartiles [32, 44.5, 57]" in note for note in found.notes)


@pytest.mark.parametrize(
    ("values", "cuts"),
    [
        ([float(i % 12) for i in range(N)], None),
        ([0] * 150 + list(range(50)), [1]),
        ([*range(13)] * 20, [3, 6, 9]),
        ([float("inf"), *[i / 7 for i in range(N - 1)]], [7.07, 14.1, 21.2]),
    ],
)
def test_bands_of_few_values_of_many_zeros_and_of_infinities(values: list[float], cuts: list[float] | None) -> None:
    table = pa.table({"flagged": [True, False] * (len(values) // 2), "age": values})
    found = choose("data.parquet", table, {"decision": "flagged"}, ["age"])
    assert found.bands.get("age") == cuts


def test_a_sensitive_text_of_many_values_is_refused() -> None:
    with pytest.raises(DataError, match="--sensitive: 'id' has 200 different values, too many to compare"):
        chosen(["id"], decision="flagged")


def test_sensitive_features_need_a_decision() -> None:
    with pytest.raises(DataError, match="name their column with --decision"):
        chosen(["gender"])


def test_a_sensitive_column_without_values_is_no_crash() -> None:
    assert chosen(["empty"], decision="flagged").bands == {}


def test_columns_of_one_name_are_refused() -> None:
    with pytest.raises(DataError, match="column 'score' is there 2 times; rename all but one"):
        chosen(table=TABLE.append_column("score", TABLE["score"]))
