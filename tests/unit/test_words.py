"""Numbers and sentences for people."""

import pytest

from modelwatch.words import joined, number, percent


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.22471, "0.2247"),
        (30_551.2, "30,550"),
        (1234, "1,234"),
        (-999, "-999"),
        (0, "0"),
        (123_456_789, "123,500,000"),
    ],
)
def test_a_number_has_four_digits_and_no_power_of_ten(value: float, shown: str) -> None:
    assert number(value) == shown


def test_a_small_share_is_not_rounded_away() -> None:
    assert [percent(share) for share in (0.0, 0.00004, 0.001, 0.1234)] == ["0.0 %", "0.004 %", "0.1 %", "12.3 %"]


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        (("only in a: lower", "lower; median 2 -> 1"), "only in a: lower; median 2 -> 1"),
        (("the mix moved: 'a' 1 % -> 2 %", "'a': 1 % -> 2 %"), "the mix moved: 'a' 1 % -> 2 %"),
        ((None, "", "x"), "x"),
        ((None, None), None),
    ],
)
def test_a_sentence_says_nothing_twice(parts: tuple[str | None, ...], sentence: str | None) -> None:
    assert joined(*parts) == sentence
