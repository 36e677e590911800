"""Values over time, with the interval of each as a band and the thresholds as lines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from modelwatch.domain import Window
from modelwatch.report.charts.scale import Scale, date_ticks, nice_top, ticks
from modelwatch.report.charts.svg import drawing, el, path

WIDTH, HEIGHT = 620, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 18, 14, 24
APART = 13
Link = Callable[[Window], str]


@dataclass(frozen=True)
class Line:
    """One thing over time; a None is a gap.

    Attributes:
        values, lows, highs: as long as the chart's windows.
        statuses: of each value; findings are drawn as marked dots.
    """

    name: str
    values: tuple[float | None, ...]
    lows: tuple[float | None, ...] = ()
    highs: tuple[float | None, ...] = ()
    statuses: tuple[str | None, ...] = ()


@dataclass(frozen=True)
class Limit:
    """A threshold.

    Attributes:
        value: the newest; values: of each window, where it moves with the lines.
    """

    level: str
    value: float
    values: tuple[float | None, ...] = ()

    def at(self, i: int) -> float | None:
        """The threshold of one window."""
        return self.values[i] if self.values else self.value


@dataclass(frozen=True)
class TimeChart:
    """What is drawn.

    Attributes:
        name: in addresses and file names.
        bars: draw the one line as bars.
        note: what a reader of it has to know, or nothing.
    """

    name: str
    title: str
    windows: tuple[Window, ...]
    lines: tuple[Line, ...]
    limits: tuple[Limit, ...] = ()
    percent: bool = False
    bars: bool = False
    note: str = ""


def time_chart(chart: TimeChart, *, link: Link | None = None) -> Markup:
    """The drawing; with ``link`` every window of it leads to its page."""
    x = Scale(0, max(len(chart.windows) - 1, 1), LEFT + 6, WIDTH - RIGHT - 6)
    y = Scale(0, _top(chart), HEIGHT - BOTTOM, TOP)
    parts = [*_grid(chart, y), *_dates(chart, x)]
    for i, line in enumerate(chart.lines):
        parts += _bars(line, x, y) if chart.bars else [*_bands(line, i, x, y), *_curves(line, i, x, y)]
    parts += _limits(chart, x, y)
    for i, line in enumerate(chart.lines):
        parts += _dots(line, i, x, y)
    if link is not None:
        parts += _links(chart, x, link)
    return drawing(WIDTH, HEIGHT, *parts, label=chart.title, linked=link is not None)


def value_text(value: float | None, *, percent: bool) -> str:
    """A value as it is written beside the axis."""
    if value is None:
        return "no value"
    return f"{100 * value:.3g} %" if percent else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _top(chart: TimeChart) -> float:
    drawn = [v for line in chart.lines for v in (*line.values, *line.highs) if v is not None]
    top = nice_top([*drawn, *(limit.value * 1.1 for limit in chart.limits)])
    return min(top, 1.0) if chart.percent else top


def _grid(chart: TimeChart, y: Scale) -> list[Markup]:
    found = []
    for value in ticks(y.high):
        at = y(value)
        found.append(el("line", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, class_="grid"))
        text = value_text(value, percent=chart.percent)
        found.append(el("text", text, x=LEFT - 6, y=at + 4, text_anchor="end", class_="tick"))
    return found


def _dates(chart: TimeChart, x: Scale) -> list[Markup]:
    starts = [window.start for window in chart.windows]
    return [
        el("text", f"{starts[i].day} {starts[i]:%b}", x=x(i), y=HEIGHT - 8, text_anchor="middle", class_="tick")
        for i in date_ticks(starts)
    ]


def _limit(one: Limit, x: Scale, y: Scale) -> list[Markup]:
    if not one.values:
        return [el("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y(one.value), y2=y(one.value), class_=f"limit {one.level}")]
    values = [None if value is None else min(value, y.high) for value in one.values]
    return [
        el("path", d=path([(x(i), y(values[i] or 0.0)) for i in run]), class_=f"limit {one.level}")
        for run in _runs([value is not None for value in values])
    ]


def _limits(chart: TimeChart, x: Scale, y: Scale) -> list[Markup]:
    lines = [line for one in chart.limits for line in _limit(one, x, y)]
    names, last = [], float("inf")
    for one in sorted(chart.limits, key=lambda limit: limit.value):
        last = min(y(one.value) - 4, last - APART)  # two names never on top of each other
        text = f"{one.level} at {value_text(one.value, percent=chart.percent)}"
        names.append(el("text", text, x=LEFT + 4, y=last, class_="limit-name"))
    return [*lines, *names]


def _bars(line: Line, x: Scale, y: Scale) -> list[Markup]:
    width = max(1.5, 0.7 * (x.end - x.start) / max(len(line.values), 1))
    return [
        el("rect", x=x(i) - width / 2, y=y(v), width=width, height=max(y.start - y(v), 0.5), class_="bar")
        for i, v in enumerate(line.values)
        if v is not None
    ]


def _bands(line: Line, number: int, x: Scale, y: Scale) -> list[Markup]:
    if not line.lows:
        return []
    found = []
    for run in _runs([a is not None and b is not None for a, b in zip(line.lows, line.highs, strict=True)]):
        upper = [(x(i), y(min(line.highs[i] or 0.0, y.high))) for i in run]
        lower = [(x(i), y(max(line.lows[i] or 0.0, 0.0))) for i in reversed(run)]
        found.append(el("path", d=path([*upper, *lower], closed=True), class_=f"band s{number % 6}"))
    return found


def _curves(line: Line, number: int, x: Scale, y: Scale) -> list[Markup]:
    runs = _runs([value is not None for value in line.values])
    return [
        el(
            "path",
            d=path([(x(i), y(line.values[i] or 0.0)) for i in run]),
            class_=f"line s{number % 6}{' second' if number >= 6 else ''}",
        )
        for run in runs
    ]


def _dots(line: Line, number: int, x: Scale, y: Scale) -> list[Markup]:
    """Findings, and values that stand alone and would not be seen as a line."""
    found = []
    alone = {run[0] for run in _runs([value is not None for value in line.values]) if len(run) == 1}
    for i, value in enumerate(line.values):
        status = line.statuses[i] if line.statuses else None
        if value is None or (status not in ("alert", "warning") and i not in alone):
            continue
        class_ = f"dot {status}" if status in ("alert", "warning") else f"dot s{number % 6}"
        found.append(el("circle", cx=x(i), cy=y(value), r=3.5, class_=class_))
    return found


def _links(chart: TimeChart, x: Scale, link: Link) -> list[Markup]:
    width = (x.end - x.start) / max(len(chart.windows) - 1, 1)
    found = []
    for i, window in enumerate(chart.windows):
        said = [
            f"{line.name}: {value_text(line.values[i], percent=chart.percent)}"
            for line in chart.lines
            if line.values[i] is not None
        ]
        words = "\n".join([f"{window.start:%Y-%m-%d}", *said])
        area = el("rect", x=x(i) - width / 2, y=TOP, width=width, height=HEIGHT - TOP - BOTTOM, class_="hit")
        found.append(el("a", el("title", words), area, href=link(window), tabindex="-1"))
    return found


def _runs(present: Sequence[bool]) -> list[list[int]]:
    """The positions of each unbroken series of what is present."""
    groups = groupby(range(len(present)), key=lambda i: present[i])
    return [list(run) for is_there, run in groups if is_there]
