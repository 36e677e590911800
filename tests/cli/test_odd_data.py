"""Odd data: a clear result or a clear error for each, from `check` and `backtest`; no NaN, no warning, no traceback."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support import odd_data as odd
from support.cli import Outcome, modelwatch
from support.odd_data import Change, same, with_column

QUIET, ALERT, WRONG, BLIND = 0, 1, 2, 3

# What is odd: changes of the reference and of the current file, and how `check` must end (None: without an alarm).
RESULTS: dict[str, tuple[Change, Change, int | None]] = {
    "a constant number": (*[with_column("number", odd.constant(1.0))] * 2, QUIET),
    "a constant number that moves": (
        with_column("number", odd.constant(1.0)),
        with_column("number", odd.constant(2.0)),
        ALERT,
    ),
    "a constant word": (*[with_column("word", odd.constant("red"))] * 2, QUIET),
    "a constant word that changes": (
        with_column("word", odd.constant("red")),
        with_column("word", odd.constant("blue")),
        ALERT,
    ),
    "a number that goes missing": (same, with_column("number", odd.nulls), ALERT),
    "a word that goes missing": (same, with_column("word", odd.constant(None)), ALERT),
    "a number that was never there": (*[with_column("number", odd.nulls)] * 2, BLIND),
    "a number that comes back": (with_column("number", odd.nulls), same, ALERT),
    "a score that goes missing": (same, with_column("score", odd.nulls), ALERT),
    "a decision that goes missing": (same, with_column("flagged", odd.constant(None)), ALERT),
    "infinities among the numbers": (same, with_column("number", odd.with_infinities), ALERT),
    "infinities everywhere in the same way": (*[with_column("number", odd.with_infinities)] * 2, QUIET),
    "integers beyond 2^53": (*[with_column("number", odd.big_integers)] * 2, QUIET),
    "integers beyond 2^53 as words": (*[with_column("word", odd.big_integers)] * 2, QUIET),
    "booleans as words": (*[with_column("word", lambda n: np.arange(n) % 3 == 0)] * 2, QUIET),
    "words that arrow calls views": (*[with_column("word", odd.views)] * 2, QUIET),
    "dates as words": (*[with_column("word", odd.dates)] * 2, QUIET),
    "unicode and very long words": (*[with_column("word", odd.odd_words)] * 2, QUIET),
    "unicode and very long words that are new": (same, with_column("word", odd.odd_words), ALERT),
    "numbers at the ends of float64": (
        *[with_column("number", lambda n: np.resize([5e-324, 1.7e308, -1.7e308, 0.0], n))] * 2,
        QUIET,
    ),
    "a column that nobody asked for": (same, with_column("extra", odd.constant("x")), QUIET),
    "the same decision for everybody": (*[with_column("flagged", odd.constant(value=True))] * 2, None),
    "one group only": (same, with_column("group", odd.constant("F")), BLIND),
    "a hundred groups": (same, with_column("group", lambda n: np.arange(n) % 100), BLIND),
}

# The same for files that cannot be used: the message must hold these words.
ERRORS: dict[str, tuple[Change, Change, str]] = {
    "booleans as numbers": (
        with_column("number", lambda n: np.arange(n) % 2 == 0),
        same,
        "reference.parquet: column 'number': 2000 of 2000 rows do not parse (expected a number, found true or false)",
    ),
    "dates as numbers": (with_column("number", odd.dates), same, "(expected a number, found date); correct the file"),
    "lists as words": (with_column("word", odd.constant([1, 2])), same, "(expected a single value, found a list)"),
    "bytes as words": (with_column("word", odd.constant(b"\xff")), same, "(expected a single value, found bytes)"),
    "a column that is absent": (
        same,
        lambda before: {("nummer" if name == "number" else name): values for name, values in before.items()},
        (
            "current.parquet: there is no column 'number'; found: id, at, nummer, word, group, score, flagged; "
            "did you mean 'nummer'?"
        ),
    ),
}


def commands(place: odd.Place) -> dict[str, Outcome]:
    """The file judged by every command that judges files."""
    given = (place.monitor, "--current", place.current)
    return {
        "json": modelwatch("check", *given, "--output", "json"),
        "table": modelwatch("check", *given),
        "jsonl": modelwatch("backtest", *given, "--every", "1d", "--output", "jsonl"),
        "backtest": modelwatch("backtest", *given, "--every", "1d"),
    }


def require_sound(document: dict[str, Any]) -> None:
    """Nothing that could not be computed is shown as if it had been."""
    for result in document["results"]:
        assert (result["value"] is None) == (result["status"] == "not_computable") or result["reason"], result
        assert result["status"] != "not_computable" or result["reason"], result
    assert all(result["status"] in ("warning", "alert") for result in document["findings"])


@pytest.mark.parametrize("name", RESULTS)
def test_it_has_a_clear_result(folder: Path, name: str) -> None:
    reference, current, status = RESULTS[name]
    outcomes = commands(odd.place(folder, reference(odd.columns(0)), current(odd.columns(1))))
    ends = {outcomes["json"].status, outcomes["table"].status}
    assert ends == {status} or (status is None and ends in ({QUIET}, {BLIND}))
    assert [one.err for one in outcomes.values()] == [""] * 4
    documents = [outcomes["json"].document, *outcomes["jsonl"].documents]
    assert len(documents) == 3
    for document in documents:
        require_sound(document)
    for text in (outcomes["table"].out, outcomes["backtest"].out):
        assert " nan" not in text.lower() and "Traceback" not in text


@pytest.mark.parametrize("name", ERRORS)
def test_it_has_a_clear_error(folder: Path, name: str) -> None:
    reference, current, words = ERRORS[name]
    outcomes = commands(odd.place(folder, reference(odd.columns(0)), current(odd.columns(1))))
    for outcome in outcomes.values():
        assert (outcome.status, outcome.out) == (WRONG, "")
        assert words in outcome.err


def test_init_takes_every_odd_column_or_says_why_not_and_its_file_judges_it(folder: Path) -> None:
    """One file of everything odd: what is left out is named, what is taken is quiet against itself."""
    made = odd.columns(1) | {
        "steady": [1.0] * odd.N,
        "empty": odd.nulls(odd.N),
        "endless": odd.with_infinities(odd.N),
        "levels": odd.many_words(odd.N),
        "large": odd.big_integers(odd.N),
        "yes": [i % 3 == 0 for i in range(odd.N)],
        "when": odd.dates(odd.N),
        "mixed": odd.half_words(odd.N),
        "größe 🙂": odd.odd_words(odd.N),
    }
    pq.write_table(pa.table(made), folder / "all.parquet")
    roles = ("--id", "id", "--timestamp", "at", "--score", "score", "--decision", "flagged", "--sensitive", "group")
    written = modelwatch("init", "odd", "--reference", "all.parquet", *roles, "--output", "odd.yaml")
    assert (written.status, written.err) == (0, ""), written.err
    for name in made:
        assert name in written.out or name in (folder / "odd.yaml").read_text(encoding="utf-8")
    for name in ("steady", "empty"):
        assert re.search(rf"{name}\b.*(constant|missing|no value)", written.out), written.out
    judged = modelwatch("check", "odd.yaml", "--current", "all.parquet", "--output", "json")
    assert judged.document["verdict"] in ("ok", "insufficient_data") and not judged.document["findings"]


@pytest.mark.parametrize(("n", "words"), [(0, "has no rows"), (1, "no column is left")])
def test_init_of_no_row_and_of_one_row_ends_in_words(folder: Path, n: int, words: str) -> None:
    pq.write_table(pa.table(odd.columns(1)).slice(0, n), folder / "few.parquet")
    ended = modelwatch("init", "few", "--reference", "few.parquet", "--id", "id", "--output", "few.yaml")
    assert (ended.status, words in ended.err, "Traceback" in ended.err) == (2, True, False), ended.err


@pytest.mark.parametrize("side", ["reference", "current"])
def test_a_column_that_is_there_twice_is_named(folder: Path, side: str) -> None:
    tables = {"reference": pa.table(odd.columns(0)), "current": pa.table(odd.columns(1))}
    tables[side] = odd.twice(tables[side], "number")
    for outcome in commands(odd.place(folder, **tables)).values():
        assert outcome.status == WRONG
        assert f"{side}.parquet: column 'number' is there 2 times; rename all but one" in outcome.err


def test_a_column_that_is_there_twice_does_not_matter_when_nobody_asks_for_it(folder: Path) -> None:
    current = odd.twice(pa.table({**odd.columns(1), "other": [1] * odd.N}), "other")
    assert modelwatch("check", *as_arguments(odd.place(folder, odd.columns(0), current))).status == QUIET


def test_some_values_of_another_type_are_counted_and_kept_out(folder: Path) -> None:
    few = with_column("number", lambda n: ["many"] * 40 + [str(i / n) for i in range(n - 40)])
    place = odd.place(folder, with_column("number", lambda n: np.arange(n) / n)(odd.columns(0)), few(odd.columns(1)))
    outcome = modelwatch("check", *as_arguments(place), "--output", "json")
    assert outcome.document["n_current"] == odd.N - 40
    (errors,) = [one for one in outcome.document["results"] if one["metric"] == "type_error_share" and one["value"]]
    assert (errors["feature"], errors["value"]) == ("number", pytest.approx(40 / odd.N))


def test_too_many_values_of_another_type_are_not_measured(folder: Path) -> None:
    place = odd.place(folder, odd.columns(0), with_column("number", odd.half_words)(odd.columns(1)))
    outcome = modelwatch("check", *as_arguments(place), "--output", "json")
    assert (outcome.status, outcome.document["verdict"]) == (BLIND, "not_measured")
    assert outcome.document["reason"] == (
        "1000 of 2000 rows do not parse, most of them for 'number' (1000: expected a number, found text)"
    )


def test_the_reference_itself_is_quiet_and_moves_nowhere(folder: Path) -> None:
    same_data = odd.columns(0)
    outcome = modelwatch("check", *as_arguments(odd.place(folder, same_data, same_data)), "--output", "json")
    assert outcome.status == QUIET
    values = {one["metric"]: one["value"] for one in outcome.document["results"] if one["feature"] == "number"}
    assert (values["psi"], values["ks_statistic"], values["wasserstein"]) == (0, 0, 0)


@pytest.mark.parametrize(("n", "minimum"), [(0, 100), (1, 100), (1, 1)])
def test_no_row_and_one_row_are_insufficient_and_still_give_a_document(folder: Path, n: int, minimum: int) -> None:
    place = odd.place(folder, odd.columns(0), odd.columns(1, n), minimum=minimum)
    outcome = modelwatch("check", *as_arguments(place), "--output", "json")
    assert (outcome.status, outcome.err) == (BLIND, "")
    assert (outcome.document["verdict"], outcome.document["n_current"]) == ("insufficient_data", n)
    require_sound(outcome.document)
    assert modelwatch("check", *as_arguments(place)).status == BLIND


def test_a_backtest_of_no_row_says_that_there_is_no_time_to_cut_it_by(folder: Path) -> None:
    place = odd.place(folder, odd.columns(0), odd.columns(1, 0))
    outcome = modelwatch("backtest", *as_arguments(place), "--every", "1d")
    assert (outcome.status, outcome.out) == (WRONG, "")
    assert outcome.err == f"{place.current}: column 'at' has no timestamps\n"


def test_a_backtest_over_a_wrong_year_says_so_instead_of_judging_a_century_of_windows(folder: Path) -> None:
    wrong = odd.columns(1)
    wrong["at"] = pa.array([datetime(1926, 3, 1, tzinfo=UTC), *wrong["at"][1:].to_pylist()])
    outcome = modelwatch("backtest", *as_arguments(odd.place(folder, odd.columns(0), wrong)), "--every", "1d")
    assert (outcome.status, outcome.out) == (WRONG, "")
    assert "column 'at' runs from 1926-03-01T00:00:00Z to 2026-03-0" in outcome.err


@pytest.mark.parametrize(("n", "status", "words"), [(0, WRONG, "the reference has no rows"), (1, BLIND, "")])
def test_a_reference_of_no_row_is_refused_and_one_of_one_row_shows_nothing(
    folder: Path, n: int, status: int, words: str
) -> None:
    outcome = modelwatch("check", *as_arguments(odd.place(folder, odd.columns(0, n), odd.columns(1))))
    assert outcome.status == status
    assert words in outcome.err


def test_a_hundred_thousand_levels_are_judged(folder: Path) -> None:
    n = 100_000
    reference = {**odd.columns(0, n), "word": odd.many_words(n)}
    current = {**odd.columns(1, n), "word": [f"word {i}" for i in range(n // 2, n + n // 2)]}
    for other, status in ((reference, QUIET), (current, ALERT)):
        outcome = modelwatch("check", *as_arguments(odd.place(folder, reference, other)), "--output", "json")
        assert outcome.status == status
        require_sound(outcome.document)


def test_a_feature_called_in_unicode_is_judged_under_its_name(folder: Path) -> None:
    renamed = {("Größe 日本 🙂" if name == "number" else name): values for name, values in odd.columns(0).items()}
    place = odd.place(folder, renamed, renamed)
    place.monitor.write_text(place.monitor.read_text().replace("number:", '"Größe 日本 🙂":'), encoding="utf-8")
    outcome = modelwatch("check", *as_arguments(place), "--output", "json")
    assert outcome.status == QUIET
    assert "Größe 日本 🙂" in {one["feature"] for one in outcome.document["results"]}


def as_arguments(place: odd.Place) -> tuple[object, ...]:
    return (place.monitor, "--current", place.current)
