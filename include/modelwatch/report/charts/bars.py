"""One feature, reference against current, bin by bin."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from modelwatch.report.charts.scale import Scale, nice_top, ticks
from modelwatch.report.charts.svg import drawing, el

WIDTH, ROW, LEFT, RIGHT, TOP = 560, 26, 150, 110, 22
LONGEST_LABEL = 22


@dataclass(frozen=True)
class BinBar:
    """One bin.

    Attributes:
        reference, current: its shares, in [0, 1].
        contribution: its part of the PSI.
        n_reference, n_current: requests in it.
    """

    label: str
    reference: float
    current: float
    contribution: float
    n_reference: int
    n_current: int


def bin_chart(bins: Sequence[BinBar], *, title: str, names: tuple[str, str] = ("reference", "current")) -> Markup:
    """Two bars per bin, the bin's part of the PSI beside them; what moved most is strongest."""
    top = nice_top([max(one.reference, one.current) for one in bins])
    x = Scale(0, top, LEFT, WIDTH - RIGHT)
    height = TOP + ROW * len(bins) + 20
    largest = max((one.contribution for one in bins), default=0.0)
    parts = [*_axis(x, height)]
    for i, one in enumerate(bins):
        parts += _row(one, TOP + ROW * i, x, largest, names)
    head = el("text", "part of the PSI", x=WIDTH - 4, y=TOP - 8, text_anchor="end", class_="tick")
    return drawing(WIDTH, height, *parts, head, label=f"{title}: share of each bin, {names[0]} against {names[1]}")


def _axis(x: Scale, height: float) -> list[Markup]:
    found = []
    for value in ticks(x.high):
        at = x(value)
        found.append(el("line", x1=at, x2=at, y1=TOP - 4, y2=height - 18, class_="grid"))
        found.append(el("text", f"{100 * value:.3g} %", x=at, y=height - 5, text_anchor="middle", class_="tick"))
    return found


def _row(one: BinBar, y: float, x: Scale, largest: float, names: tuple[str, str]) -> list[Markup]:
    weight = one.contribution / largest if largest > 0 else 0.0
    moved = "moved" if weight > 0.15 and one.contribution >= 0.005 else "still"
    words = (
        f"{one.label}\n{names[0]} {100 * one.reference:.2f} % ({one.n_reference:,})\n"
        f"{names[1]} {100 * one.current:.2f} % ({one.n_current:,})"
    )
    return [
        el(
            "g",
            el("title", words),
            el("rect", x=0, y=y, width=WIDTH, height=ROW, class_="hit"),
            el("text", _short(one.label), x=LEFT - 8, y=y + 16, text_anchor="end", class_="label"),
            el("rect", x=LEFT, y=y + 4, width=max(x(one.reference) - LEFT, 0.5), height=8, class_="was"),
            el("rect", x=LEFT, y=y + 13, width=max(x(one.current) - LEFT, 0.5), height=8, class_=f"is {moved}"),
        ),
        el("rect", x=WIDTH - 84, y=y + 8, width=max(44 * weight, 0.5), height=8, class_=f"part {moved}"),
        el("text", f"{one.contribution:.3f}", x=WIDTH - 4, y=y + 16, text_anchor="end", class_="tick"),
    ]


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"
