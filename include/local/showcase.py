"""The README's picture and texts of the demo, drawn from what `make demo` wrote to build/demo.json.

    python -m local.showcase build/demo.json

keeps that file as docs/demo.json and draws docs/demo.svg and the marked blocks of README.md from it. Nothing is made
up: texts are only cut or wrapped to fit.
"""

import json
import re
import shutil
import sys
import textwrap
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from demo.slack_text import plain, render
from local.home import PROJECT
from local.summary import Day, table

KEPT, PICTURE, README = PROJECT / "docs" / "demo.json", PROJECT / "docs" / "demo.svg", PROJECT / "README.md"
COLUMNS = 100
LONGEST_URL = 48
WIDTH, MARGIN, LINE = 920, 24, 20
COLOURS = {"ok": "#2e7d32", "warning": "#b26a00", "alert": "#c62828"}
OTHER_COLOUR = "#616161"
ICONS = {"●": "alert", "○": "warning"}
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
    'role="img" aria-label="{label}">\n'
    '<style>text{{font:13px -apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1d1c1d}}'
    ".b{{font-weight:700}}.s{{font-size:11px;fill:#616061}}.h{{font-size:16px;font-weight:700}}</style>\n"
    '<rect width="{width}" height="{height}" fill="#fff"/>'
)

Content = dict[str, Any]


def table_block(content: Content) -> str:
    """The days as `make demo` prints them, cut to the width of a page."""
    lines = table([Day(**day) for day in content["days"]]).splitlines()
    return "\n".join(_cut(line, COLUMNS) for line in lines)


def alert(content: Content) -> Content:
    """The message of the episode with most to tell, without its thread."""
    keys = {(one.get("metadata") or {}).get("event_payload", {}).get("key", ""): one for one in content["slack"]}
    roots = [message for key, message in keys.items() if key.startswith("episode:") and key.endswith(":root")]
    return max(roots, key=lambda message: len(render(message)))


def message_block(content: Content) -> str:
    """That message as text, wrapped to the width of a page."""
    lines: list[str] = []
    for line in render(alert(content)).splitlines():
        short = re.sub(r"https?://\S+", lambda url: _cut(url[0], LONGEST_URL), line)
        lines += textwrap.wrap(short, COLUMNS, subsequent_indent="│ ")
    return "\n".join(lines)


def with_blocks(text: str, content: Content) -> str:
    """The README with its two marked blocks drawn afresh.

    Raises:
        ValueError: a mark is missing.
    """
    for name, block in (("table", table_block(content)), ("message", message_block(content))):
        start, end = f"<!-- demo {name} -->\n", f"<!-- end of demo {name} -->"
        before, _, rest = text.partition(start)
        if end not in rest:
            message = f"README.md has no block between {start.strip()} and {end}"
            raise ValueError(message)
        text = f"{before}{start}```text\n{block}\n```\n{end}{rest.partition(end)[2]}"
    return text


def picture(content: Content) -> str:
    """The days and the Slack message as an SVG."""
    shapes, y = _days(content["days"], MARGIN)
    message, y = _message(alert(content), y + LINE)
    first, last = content["days"][0]["day"], content["days"][-1]["day"]
    head = HEAD.format(width=WIDTH, height=y + MARGIN, label=f"The demo's days {first} to {last} and its Slack message")
    return "\n".join([head, *shapes, *message, "</svg>\n"])


def _days(days: list[Content], y: int) -> tuple[list[str], int]:
    y += LINE
    shapes = [_text(MARGIN, y, "What Airflow stored of the demo's days", "h")]
    for day in days:
        y += LINE
        colour = COLOURS.get(day["verdict"], OTHER_COLOUR)
        shapes += [
            f'<circle cx="{MARGIN + 6}" cy="{y - 4}" r="5" fill="{colour}"/>',
            _text(MARGIN + 22, y, day["day"]),
            _text(MARGIN + 110, y, day["verdict"], "b"),
            _text(MARGIN + 180, y, "page" if day["page"] else ""),
            _text(MARGIN + 230, y, f"{day['n_current']:,} requests", "s"),
            _text(MARGIN + 330, y, _cut(day["top_finding"] or "", 86)),
        ]
    return shapes, y + LINE


def _message(message: Content, y: int) -> tuple[list[str], int]:
    top, x = y, MARGIN + 20
    shapes = [_text(x, y + 24, f"{message['channel']}", "b"), _text(x + 120, y + 24, "modelwatch", "s")]
    y += 34
    for block in message["blocks"]:
        for line, kind in _lines(block):
            y += LINE
            shapes.append(_text(x, y, line, kind))
        y += 6
    frame = (
        f'<rect x="{MARGIN}" y="{top}" width="{WIDTH - 2 * MARGIN}" height="{y - top + 12}" rx="8" fill="none" '
        'stroke="#dddddd"/>'
    )
    return [frame, *shapes], y + 12


def _lines(block: Content) -> list[tuple[str, str]]:
    """The lines of a block, each with its style."""
    kind = block["type"]
    if kind == "header":
        return [(block["text"]["text"], "h")]
    if kind == "section":
        lines = plain(block["text"]["text"]).splitlines()
        wrapped = [(part, i) for i, line in enumerate(lines) for part in textwrap.wrap(line, 130)]
        return [(part, "b" if i == 0 and part[0] in ICONS else "") for part, i in wrapped]
    if kind == "actions":
        return [("    ".join(f"[ {one['text']['text']} ]" for one in block["elements"]), "b")]
    return [(plain(one["text"]), "s") for one in block.get("elements", [])]


def _text(x: int, y: int, text: str, style: str = "") -> str:
    shown, kind = escape(text), f' class="{style}"' if style else ""
    if text[:1] in ICONS:
        shown = f'<tspan fill="{COLOURS[ICONS[text[0]]]}">{shown[0]}</tspan>{shown[1:]}'
    return f'<text x="{x}" y="{y}"{kind}>{shown}</text>'


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def main(source: Path) -> None:
    """Keep the demo's output and draw everything from it."""
    if source.resolve() != KEPT:
        shutil.copyfile(source, KEPT)
    content = json.loads(KEPT.read_text(encoding="utf-8"))
    PICTURE.write_text(picture(content), encoding="utf-8")
    README.write_text(with_blocks(README.read_text(encoding="utf-8"), content), encoding="utf-8")
    print(f"drawn: {PICTURE.relative_to(PROJECT)} and the blocks of README.md, from {KEPT.relative_to(PROJECT)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT / "build" / "demo.json")
