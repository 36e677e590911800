"""The story of a model: which problems are open, since when, and what they look like in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from modelwatch.history import Mark, Point
from modelwatch.report.page.words import CAUSE_WORDS, CHECK_WORDS, number, window_slug
from modelwatch.words import without

FINDINGS = ("alert", "warning")
SAID = 2
MEASURED = ("ok", "warning", "alert")


@dataclass(frozen=True)
class Problem:
    """One thing that moved: a feature, a group or a metric, over an unbroken series of measured windows.

    Attributes:
        key: the check and the feature or group.
        first, last: the series' ends.
        worst: the strongest result of the newest window of the series.
        status: the worst status in that window.
        metrics: everything that crossed in that window.
        is_open: the newest measured window has it.
        others: the problems that moved for the same reason in its newest window, each told with it.
    """

    key: str
    name: str
    check: str
    status: str
    first: Mark
    last: Mark
    n_windows: int
    worst: Point
    metrics: tuple[Point, ...]
    is_open: bool
    others: tuple["Problem", ...] = ()

    @property
    def parts(self) -> tuple["Problem", ...]:
        """It and the others."""
        return self, *self.others

    @property
    def names(self) -> tuple[str, ...]:
        """What moved, each once."""
        return tuple(dict.fromkeys(part.name for part in self.parts))

    @property
    def reason(self) -> str | None:
        """What it has in common with the others."""
        return self.worst.shared_reason if self.others else None

    @property
    def slug(self) -> str:
        """The window to look at."""
        return window_slug(self.last.window)

    @property
    def words(self) -> str:
        """What it looks like: the evidence of the newest window."""
        return next((point.evidence for point in self.metrics if point.evidence), None) or "no evidence in words"

    def words_of(self, part: "Problem") -> str:
        """What one of its parts looks like, without the reason that all of them share."""
        return without(part.words, self.reason)

    @property
    def cause(self) -> str | None:
        """The fingerprint of the change, in words, when one fits."""
        found = next((point.cause for point in self.metrics if point.cause), None)
        return CAUSE_WORDS.get(found, found.replace("_", " ")) if found else None

    @property
    def figures(self) -> str:
        """``psi 0.31 (alert at 0.25), ks_statistic 0.22 (alert at 0.2) and 2 more``."""
        return figures([(p.metric, p.value, p.status, p.threshold) for p in self.metrics])


def figures(crossed: Sequence[tuple[str, float | None, str, float | None]]) -> str:
    """The first two of what crossed, in words, and how many more there are."""
    said = [f"{name} {number(value)} ({status} at {number(limit)})" for name, value, status, limit in crossed[:SAID]]
    more = f" and {len(crossed) - SAID} more" if len(crossed) > SAID else ""
    return ", ".join(said) + more


def problems(shown: Sequence[Mark], points: Iterable[Point]) -> list[Problem]:
    """Every problem of these windows, open ones first, then by how recent; in a window as the points are ranked."""
    measured = [mark for mark in shown if mark.verdict in MEASURED]
    place = {mark.window: i for i, mark in enumerate(measured)}
    by_key: dict[str, dict[int, list[Point]]] = {}
    ranked = list(points)
    order = {id(point): i for i, point in enumerate(ranked)}
    for point in ranked:
        if point.status in FINDINGS and point.window in place:
            by_key.setdefault(key_of(point), {}).setdefault(place[point.window], []).append(point)
    found = [_problem(key, run, crossed, measured) for key, crossed in by_key.items() for run in _series(crossed)]
    return _told_once(sorted(found, key=lambda one: (-place[one.last.window], order[id(one.worst)])))


def key_of(one: Point) -> str:
    """What makes findings of two windows the same problem: the check and the feature or group, not the metric."""
    return f"{one.check}:{one.feature or one.group or one.metric}"


def _told_once(found: Iterable[Problem]) -> list[Problem]:
    """The problems, those that share a reason in one window under the first of them."""
    together: dict[object, list[Problem]] = {}
    for one in found:
        reason = one.worst.shared_reason
        together.setdefault((one.last.window, reason) if reason else (one.key, one.first, one.last), []).append(one)
    return [replace(first, others=tuple(others)) for first, *others in together.values()]


def _series(crossed: dict[int, list[Point]]) -> list[list[int]]:
    """The unbroken series among the positions."""
    runs: list[list[int]] = []
    for at in sorted(crossed):
        if runs and runs[-1][-1] == at - 1:
            runs[-1].append(at)
        else:
            runs.append([at])
    return runs


def _problem(key: str, run: list[int], crossed: dict[int, list[Point]], measured: list[Mark]) -> Problem:
    newest = crossed[run[-1]]
    worst = newest[0]
    return Problem(
        key=key,
        name=worst.feature or worst.group or worst.metric,
        check=CHECK_WORDS[worst.check],
        status=worst.status,
        first=measured[run[0]],
        last=measured[run[-1]],
        n_windows=len(run),
        worst=worst,
        metrics=tuple(newest),
        is_open=run[-1] == len(measured) - 1,
    )
