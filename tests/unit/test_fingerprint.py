"""Why a feature moved: the word, the phrase, and nothing claimed that was not shown."""

import numpy as np
import pytest
from benchmarks.fingerprint_cases import Case, categorical_cases, numbers, numeric_cases
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from modelwatch.checks.drift import measure_drift
from modelwatch.checks.fingerprint import UNSPECIFIC, Cause, fingerprint
from modelwatch.profile import profile_rows
from modelwatch.profile.cells import fit_categorical, fit_numeric
from modelwatch.profile.features import count
from support.rows import SCHEMA, fitted, requests, text

RNG = np.random.default_rng(1)
AMOUNTS = np.round(RNG.lognormal(3, 1, 20_000), 2)


def of_numbers(reference: np.ndarray, current: np.ndarray) -> Cause:
    cells = fit_numeric(numbers(reference))
    return fingerprint(count(numbers(reference), cells), count(numbers(current), cells))


def of_words(reference: list[str | None], current: list[str | None]) -> Cause:
    cells = fit_categorical(text(reference))
    return fingerprint(count(text(reference), cells), count(text(current), cells))


def said_of(case: Case) -> str:
    is_text = str(case.reference.type) == "string"
    cells = (fit_categorical if is_text else fit_numeric)(case.reference)
    return fingerprint(count(case.reference, cells), count(case.current, cells)).word


def test_at_least_nine_in_ten_injected_causes_are_told_and_false_claims_are_rare() -> None:
    cases = [
        case
        for seed in range(2)
        for made in (numeric_cases, categorical_cases)
        for case in made(20_000, 1_000, seed + 100)
    ]
    said = [(case, said_of(case)) for case in cases]
    injected = [(case, word) for case, word in said if case.truth not in ("quiet", "mixture")]
    false = [word for case, word in said if word not in case.right and word not in UNSPECIFIC]
    assert sum(word in case.right for case, word in injected) >= 0.95 * len(injected)
    assert len(false) < 0.02 * len(said)
    for truth in {case.truth for case, _ in injected}:
        words = [(case, word) for case, word in injected if case.truth == truth]
        assert sum(word in case.right for case, word in words) >= 0.9 * len(words), truth


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        (lambda x: x * 100, "values are 100 times as large: a changed unit?"),
        (lambda x: x / 1000, "values are 1/1000 of what they were: a changed unit?"),
        (lambda x: -x, "values have the opposite sign"),
        (lambda x: x + 273.15, "every value moved by about +273"),
        (lambda x: np.full_like(x, 12.5), "every value is 12.5 (0.035 % before)"),
        (lambda x: np.minimum(x, 50.0), "values are cut off above 50 (17.6 % of them were beyond)"),
        (
            lambda x: np.where(np.arange(len(x)) % 20 == 0, -999.0, x),
            "-999 stands in for values (0.0 % -> 5.0 %), the others are as before",
        ),
        (
            lambda x: np.where(np.arange(len(x)) % 20 == 0, 0.0, x),
            "more values are 0 (0.0 % -> 5.0 %), the others are as before",
        ),
        (
            lambda x: np.where(np.arange(len(x)) % 10 == 0, np.nan, x),
            "more values are missing (0.0 % -> 10.0 %), the others are as before",
        ),
    ],
)
def test_what_people_read(change: object, phrase: str) -> None:
    current = np.round(np.random.default_rng(2).lognormal(3, 1, 2_000), 2)
    assert of_numbers(AMOUNTS, change(current)).phrase == phrase  # type: ignore[operator]


def test_hours_are_told_with_the_shorter_way_around_the_clock() -> None:
    rng = np.random.default_rng(3)
    hours = np.floor(rng.normal(14, 4, 30_000)) % 24
    cause = of_numbers(hours[:25_000], (hours[25_000:] - 2) % 24)
    assert (cause.word, cause.phrase) == (
        "hour_shift",
        "the hours moved by -2 h around the clock: a changed time zone?",
    )


def test_others_are_called_unchanged_only_when_they_were_seen() -> None:
    gone = of_numbers(AMOUNTS, np.full(500, np.nan))
    assert gone == Cause("null_burst", "more values are missing (0.0 % -> 100.0 %)")
    assert of_words(["a", "b"] * 500, [None] * 500) == gone
    infinite = of_numbers(AMOUNTS, np.where(np.arange(2_000) % 10 == 0, np.inf, AMOUNTS[:2_000]))
    assert infinite.phrase == "infinity stands in for values (0.0 % -> 10.0 %), the others are as before"


def test_names_are_told() -> None:
    reference: list[str | None] = ["Grocery"] * 600 + ["Fuel"] * 300 + ["Travel"] * 100
    recased = of_words(reference * 10, ["grocery"] * 600 + ["Fuel"] * 300 + ["Travel"] * 100)
    assert (recased.word, recased.phrase) == (
        "recased_category",
        "'Grocery' is now written 'grocery' (60.0 % of values)",
    )
    renamed = of_words(reference * 10, ["Grocery"] * 600 + ["Petrol"] * 300 + ["Travel"] * 100)
    assert (renamed.word, renamed.phrase) == (
        "renamed_category",
        "'Petrol' took the place of 'Fuel' (30.0 % of values)",
    )
    swapped = of_words(reference * 10, ["Fuel"] * 600 + ["Grocery"] * 300 + ["Travel"] * 100)
    assert swapped.word == "swapped_categories"
    new = of_words(reference * 10, ["Grocery"] * 580 + ["Fuel"] * 290 + ["Travel"] * 95 + ["Crypto"] * 35)
    assert (new.word, new.phrase) == ("new_category", "new category 'Crypto': 0.0 % -> 3.5 %")


@pytest.mark.parametrize(
    ("known", "new", "word"),
    [
        ("new york", "New_York", "recased_category"),
        ("café", "Cafe", "recased_category"),
        ("1", "1.0", "recased_category"),
        ("1", "-1", "renamed_category"),
        ("A", "A+", "renamed_category"),
    ],
)
def test_only_spelling_is_recasing(known: str, new: str, word: str) -> None:
    reference: list[str | None] = [known, "x", "y"] * 1_000
    assert of_words(reference, [new, "x", "y"] * 400).word == word


def test_a_filler_inside_the_usual_range_is_named_exactly() -> None:
    rng = np.random.default_rng(4)
    burst = np.where(np.arange(3_000) % 20 == 0, -1.0, rng.normal(size=3_000))
    cause = of_numbers(rng.normal(size=50_000), burst)
    assert cause.word == "sentinel_burst"
    assert cause.phrase.startswith("-1 stands in")


def test_a_natural_move_through_zero_is_no_flipped_sign() -> None:
    rng = np.random.default_rng(5)
    assert of_numbers(rng.normal(0.3, 1, 20_000), rng.normal(-0.3, 1, 5_000)).word == "shift"


def test_the_cause_and_its_phrase_are_on_every_measurement_of_a_drifted_column_only() -> None:
    cells, reference = fitted(requests(20_000, seed=1))
    rows = requests(2_000, seed=2)
    rows = rows.set_column(0, "amount", [np.asarray(rows["amount"]) * 100])
    measured = measure_drift(
        reference, profile_rows(rows, cells, SCHEMA), ["amount", "category"], check="feature_drift", alpha=0.001
    )
    of_amount = [m for m in measured if m.feature == "amount"]
    assert {m.cause for m in of_amount} == {"scale_x100"}
    assert all(m.evidence is not None and m.evidence.startswith("values are 100 times") for m in of_amount)
    assert {m.cause for m in measured if m.feature == "category"} == {None}


@pytest.mark.parametrize("current", [[], [None] * 50, [3.0] * 50, [np.inf] * 500, [3.0] * 499 + [np.inf]])
def test_degenerate_samples_have_no_wrong_cause(current: list[float]) -> None:
    values = np.array(current, dtype=np.float64)
    for reference in (AMOUNTS, np.full(500, 3.0), np.array([np.nan] * 500)):
        cells = fit_numeric(numbers(reference))
        word = fingerprint(count(numbers(reference), cells), count(numbers(values), cells)).word
        assert word in {"unknown", "null_burst", "stuck", "sentinel_burst"}


ODD = hnp.arrays(
    np.float64,
    st.integers(100, 130),
    elements=st.one_of(st.floats(), st.sampled_from([0.0, -0.0, 1.0, 5e-324, 1.7e308, -1.7e308])),
)


@given(reference=ODD, current=ODD)
def test_any_numbers_have_a_cause_without_a_warning(reference: np.ndarray, current: np.ndarray) -> None:
    cause = of_numbers(reference, current)
    assert cause == of_numbers(reference, current)
    assert "nan" not in cause.phrase


@given(
    reference=st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=60),
    current=st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=60),
)
def test_any_words_have_a_cause_without_a_warning(reference: list[str | None], current: list[str | None]) -> None:
    assert of_words(reference, current).word
