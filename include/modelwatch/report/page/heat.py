"""The map of features by day: what moved, how far, and whether chance explains it."""

import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from modelwatch.domain import VerdictName, Window
from modelwatch.history import Mark, Strongest
from modelwatch.report.page.words import VERDICT_WORDS, WORST_FIRST, day_words, number, window_slug

MOST_COLUMNS = 100
COOL = (0.1, 0.3, 0.6, 1.0)
FAR_BEYOND = 3.0


@dataclass(frozen=True)
class Column:
    """One window, or one week of windows of which the worst counts."""

    start: datetime
    label: str
    slug: str
    verdict: VerdictName


class Cell(NamedTuple):
    """One feature in one column.

    Attributes:
        level: how it is drawn: ``c0`` to ``c4`` cool, ``warning``, ``alert``, ``far`` (an alert far beyond it),
            ``insufficient_data``, ``not_computable``.
        significant: chance does not explain it, though it is too small to matter.
        words: what it says.
        window: the one it leads to.
    """

    level: str
    significant: bool
    words: str
    window: Window


@dataclass(frozen=True)
class HeatRow:
    """One feature."""

    name: str
    cells: tuple[Cell | None, ...]

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to see in it."""
        return all(cell is None or (cell.level == "c0" and not cell.significant) for cell in self.cells)


@dataclass(frozen=True)
class Heat:
    """The map.

    Attributes:
        quiet: features in whose rows there was nothing to see, and which are left out.
    """

    columns: tuple[Column, ...]
    rows: tuple[HeatRow, ...]
    quiet: tuple[str, ...] = ()


def columns_of(shown: Sequence[Mark]) -> list[list[Mark]]:
    """The windows of each column; by weeks when there are too many to be told apart."""
    found: dict[datetime, list[Mark]] = {}
    for mark in shown:
        start = mark.window.start
        if len(shown) > MOST_COLUMNS:
            start = (start - timedelta(days=start.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
        found.setdefault(start, []).append(mark)
    return list(found.values())


def heat_map(columns: Sequence[Sequence[Mark]], strongest: Iterable[Strongest], *, false_discovery_rate: float) -> Heat:
    """The strongest result of every feature in every column (its bucket); rows with the newest findings come first."""
    found: dict[str, list[Strongest | None]] = {}
    for one in strongest:
        found.setdefault(one.name, [None] * len(columns))[one.bucket] = one
    rows = [
        HeatRow(name, tuple(None if one is None else _cell(one, false_discovery_rate) for one in row))
        for name, row in sorted(found.items(), key=lambda item: (*_newest_finding(item[1]), natural(item[0])))
    ]
    return Heat(tuple(_column(marks) for marks in columns), tuple(rows))


def without_quiet(heat: Heat) -> Heat:
    """The map without the rows in which there is nothing to see."""
    rows = tuple(row for row in heat.rows if not row.is_quiet)
    return Heat(heat.columns, rows, tuple(row.name for row in heat.rows if row.is_quiet))


def in_thresholds(effect: float | None, threshold: float | None) -> float:
    """The debiased effect over the threshold, 1 being just there; 0 when either is missing."""
    return effect / threshold if effect is not None and threshold else 0.0


def natural(name: str) -> list[tuple[int, int, str]]:
    """Sorts ``feature_2`` before ``feature_10``."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]


def _column(marks: Sequence[Mark]) -> Column:
    worst = min(marks, key=lambda mark: WORST_FIRST.index(mark.verdict))
    first = marks[0].window.start
    label = f"{day_words(first)} to {day_words(marks[-1].window.start)}" if len(marks) > 1 else day_words(first)
    return Column(first, label, window_slug(worst.window), worst.verdict)


def _cell(one: Strongest, false_discovery_rate: float) -> Cell:
    significant = one.q_value is not None and one.q_value <= false_discovery_rate
    words = f"{one.metric} {number(one.effect)}"
    ratio = in_thresholds(one.effect, one.threshold)
    if one.status == "ok":
        return Cell(_cool(ratio), significant, f"{words}, real but small" if significant else words, one.window)
    if one.status in ("alert", "warning"):
        far = _ranked(one.metric, ratio) >= FAR_BEYOND
        level = "far" if one.status == "alert" and far else one.status
        return Cell(level, False, f"{words}, {one.status} at {number(one.threshold)}", one.window)
    return Cell(one.status, False, f"{words}, {VERDICT_WORDS[one.status]}", one.window)


def _ranked(metric: str, ratio: float) -> float:
    """How far beyond, comparable between metrics: as the verdict ranks findings, a share by the root of its ratio."""
    return math.sqrt(max(ratio, 0.0)) if metric.endswith("_share") else ratio


def _cool(ratio: float) -> str:
    return f"c{bisect_right(COOL, ratio)}"


def _newest_finding(row: Sequence[Strongest | None]) -> tuple[int, float]:
    """Sorts rows by how recent their newest finding is, then by how strong it is; rows without one come last."""
    for back, one in enumerate(reversed(row)):
        if one is not None and one.status in ("alert", "warning"):
            return back, -_ranked(one.metric, in_thresholds(one.effect, one.threshold))
    return len(row), 0.0
