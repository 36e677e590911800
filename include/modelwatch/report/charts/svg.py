"""Building SVG: elements whose names are ours, whose texts and attributes are always escaped."""

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup, escape

STYLE = Path(__file__).with_name("charts.css")


def el(name: str, *children: str, **attributes: str | float | None) -> Markup:
    """An element; ``stroke_width`` becomes ``stroke-width``, ``class_`` becomes ``class``, None is left out.

    Children that are not `Markup` are text and are escaped.
    """
    # Plain joining of escaped parts: a page has thousands of elements, and Markup's own formatting costs far more.
    parts = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(map(escape, children))
    return Markup(f"<{name}{parts}>{inner}</{name}>")  # noqa: S704  # names are ours, all else is escaped above


def drawing(width: float, height: float, *children: str, label: str, linked: bool = False) -> Markup:
    """The outermost element; it scales to the width it is given, and says to a screen reader what it shows."""
    return el(
        "svg",
        *children,
        viewBox=f"0 0 {_text(width)} {_text(height)}",
        xmlns="http://www.w3.org/2000/svg",
        class_="chart",
        role="group" if linked else "img",
        aria_label=label,
    )


def standalone(svg: Markup) -> str:
    """The drawing as a file of its own, its colours included."""
    style = el("style", Markup(STYLE.read_text()))  # noqa: S704  # our own file
    head, _, rest = str(svg).partition(">")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}>{style}{rest}\n'


def path(points: Sequence[tuple[float, float]], *, closed: bool = False) -> str:
    """The ``d`` of a line through the points."""
    text = "L".join(f"{_text(x)} {_text(y)}" for x, y in points)
    return f"M{text}{'Z' if closed else ''}"


def _text(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.2f}".rstrip("0").rstrip(".")
