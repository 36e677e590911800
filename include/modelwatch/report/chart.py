"""The chart of an episode as a PNG: reference against current for features, rates with intervals for groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_PANELS = 4
MAX_BARS = 14
REFERENCE_COLOUR, CURRENT_COLOUR = "#9aa5b1", "#d64545"


@dataclass(frozen=True)
class Shares:
    """How a feature is distributed.

    Attributes:
        labels: bins or categories. reference, current: the share of each, in [0, 1].
    """

    title: str
    labels: tuple[str, ...]
    reference: tuple[float, ...]
    current: tuple[float, ...]

    def widest(self) -> "Shares":
        """At most as many bars as can be read: those that moved most, in their order."""
        moved = sorted(range(len(self.labels)), key=lambda i: (-abs(self.current[i] - self.reference[i]), i))
        kept = sorted(moved[:MAX_BARS])
        return Shares(
            self.title,
            tuple(self.labels[i] for i in kept),
            tuple(self.reference[i] for i in kept),
            tuple(self.current[i] for i in kept),
        )


@dataclass(frozen=True)
class Rates:
    """A rate by group, each with its interval; all in [0, 1]."""

    title: str
    groups: tuple[str, ...]
    values: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]


def draw(panels: Sequence[Shares | Rates]) -> bytes:
    """The panels below each other; the same panels give the same bytes.

    Raises:
        ImportError: matplotlib is not installed.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = panels[:MAX_PANELS]
    figure = Figure(figsize=(9, 3.4 * len(shown)), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, panel in zip(figure.subplots(len(shown), squeeze=False)[:, 0], shown, strict=True):
        if isinstance(panel, Shares):
            _draw_shares(axes, panel.widest())
        else:
            _draw_rates(axes, panel)
        axes.set_title(panel.title, loc="left", fontweight="bold")
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    image = BytesIO()
    figure.savefig(image, format="png", metadata={"Software": None})
    return image.getvalue()


def _draw_shares(axes: "Axes", panel: Shares) -> None:
    places = range(len(panel.labels))
    axes.bar([i - 0.2 for i in places], panel.reference, 0.4, label="reference", color=REFERENCE_COLOUR)
    axes.bar([i + 0.2 for i in places], panel.current, 0.4, label="current", color=CURRENT_COLOUR)
    axes.set_xticks(list(places), [_short(label) for label in panel.labels], rotation=30, ha="right", fontsize=8)
    axes.set_ylabel("share of requests")
    axes.legend(frameon=False)


def _draw_rates(axes: "Axes", panel: Rates) -> None:
    places = list(range(len(panel.groups)))
    below = [value - low for value, low in zip(panel.values, panel.lows, strict=True)]
    above = [high - value for value, high in zip(panel.values, panel.highs, strict=True)]
    axes.errorbar(panel.values, places, xerr=[below, above], fmt="o", capsize=4, color=CURRENT_COLOUR)
    axes.set_yticks(places, [_short(group) for group in panel.groups], fontsize=8)
    axes.set_ylim(-0.7, len(places) - 0.3)
    axes.set_xlabel("rate, with its interval")


def _short(label: str) -> str:
    # A $ would start a formula.
    text = label if len(label) <= 28 else f"{label[:27]}…"
    return text.replace("$", r"\$")
