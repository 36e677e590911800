"""tests/monitors_invalid has one file per mistake; its first lines say what `modelwatch lint` must say of it."""

import re
from pathlib import Path

import pytest

from modelwatch.lint import lint_monitor

FOLDER = Path(__file__).resolve().parents[1] / "monitors_invalid"
FILES = sorted(FOLDER.glob("*.yaml"))
EXPECT = "# expect: "


def expectations(path: Path) -> list[str]:
    """The expected problems; `...` stands for anything."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix(EXPECT) for line in lines if line.startswith(EXPECT)]


def matches(expected: str, found: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in expected.split("..."))
    return re.fullmatch(pattern, found) is not None


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_the_mistake_is_told_with_its_place_and_its_fix(path: Path) -> None:
    problems, _ = lint_monitor(path, {})
    expected = expectations(path)

    found = [problem.removeprefix(f"{path}: ") for problem in problems]
    assert len(found) == len(expected) > 0, found
    for one, wanted in zip(found, expected, strict=True):
        assert matches(wanted, one), one


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_no_message_shows_a_secret_or_the_words_of_a_library(path: Path) -> None:
    told = "\n".join(lint_monitor(path, {})[0]).replace("such as {type", "")
    for word in ("hunter2", "pydantic", "Input should", "Extra inputs", "function-", "Traceback", "type=", "datetime"):
        assert word not in told
