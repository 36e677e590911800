"""Strips of verdicts and the map of features by day, as drawings for exports and reports."""

from collections.abc import Sequence

from markupsafe import Markup

from modelwatch.report.charts.scale import date_ticks
from modelwatch.report.charts.svg import drawing, el
from modelwatch.report.page.heat import Heat

CELL, GAP, NAME, TOP = 12, 2, 190, 8
LONGEST_NAME = 28


def heat_chart(heat: Heat, *, title: str) -> Markup:
    """Features by day; warm is a finding, cool is what was seen and is not one."""
    height = TOP + (CELL + GAP) * len(heat.rows) + 22
    width = NAME + (CELL + GAP) * max(len(heat.columns), 1) + 8
    parts: list[Markup] = [hatch()]
    for i, row in enumerate(heat.rows):
        y = TOP + (CELL + GAP) * i
        name = row.name if len(row.name) <= LONGEST_NAME else row.name[: LONGEST_NAME - 1] + "…"
        parts.append(el("text", name, x=NAME - 8, y=y + 10, text_anchor="end", class_="label"))
        for j, cell in enumerate(row.cells):
            if cell is None:
                continue
            x = NAME + (CELL + GAP) * j
            words = el("title", f"{row.name}, {heat.columns[j].label}: {cell.words}")
            square = el("rect", words, x=x, y=y, width=CELL, height=CELL, rx=2, class_=f"cell {cell.level}")
            parts.append(square)
    return drawing(width, height, *parts, *_days(heat, height), label=title)


def hatch() -> Markup:
    """The pattern of what could not be judged."""
    line = el("path", d="M0 4L4 0", class_="hatch-line")
    ground = el("rect", width=4, height=4, class_="hatch-ground")
    pattern = el("pattern", ground, line, id="hatch", width=4, height=4, patternUnits="userSpaceOnUse")
    return el("defs", pattern)


def strip_chart(verdicts: Sequence[str | None], *, label: str) -> Markup:
    """One square per day, oldest first."""
    parts = [
        el("rect", x=(CELL + GAP) * i, y=0, width=CELL, height=18, rx=2, class_=f"cell {verdict or 'none'}")
        for i, verdict in enumerate(verdicts)
    ]
    return drawing((CELL + GAP) * max(len(verdicts), 1), 18, hatch(), *parts, label=label)


def _days(heat: Heat, height: float) -> list[Markup]:
    starts = [column.start for column in heat.columns]
    return [
        el(
            "text",
            f"{starts[i].day} {starts[i]:%b}",
            x=NAME + (CELL + GAP) * i + CELL / 2,
            y=height - 6,
            text_anchor="middle",
            class_="tick",
        )
        for i in date_ticks(starts)
    ]
