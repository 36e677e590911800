"""The README's picture and texts of the demo are what one run of it really put out, kept in docs/demo.json."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from local.showcase import COLUMNS, KEPT, PICTURE, alert, message_block, picture, table_block, with_blocks

CONTENT = json.loads(KEPT.read_text(encoding="utf-8"))
README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_readme_shows_the_kept_output() -> None:
    assert with_blocks(README, CONTENT) == README


def test_the_picture_is_drawn_from_the_kept_output() -> None:
    assert PICTURE.read_text(encoding="utf-8") == picture(CONTENT)


def test_the_picture_shows_every_day_and_every_problem_of_the_message() -> None:
    shown = ["".join(text.itertext()) for text in ET.fromstring(picture(CONTENT)).iter() if text.tag.endswith("text")]  # noqa: S314
    assert {day["day"] for day in CONTENT["days"]} <= set(shown)
    sections = [block["text"]["text"] for block in alert(CONTENT)["blocks"] if block["type"] == "section"]
    names = [text.partition("*")[2].partition("*")[0].replace("&amp;", "&") for text in sections if "_circle:" in text]
    assert all(any(name in line for line in shown) for name in names)


def test_the_texts_fit_a_page_and_lose_no_day() -> None:
    lines = table_block(CONTENT).splitlines() + message_block(CONTENT).splitlines()
    assert max(map(len, lines)) <= COLUMNS
    assert len(table_block(CONTENT).splitlines()) == len(CONTENT["days"]) + 1


def test_a_readme_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="demo table"):
        with_blocks("# a page", CONTENT)
