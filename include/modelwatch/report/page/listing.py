"""All models: one row per monitor, worst first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from modelwatch.domain import VerdictName, iso
from modelwatch.history import About, Finding, Mark
from modelwatch.report.page.days import by_date, length_of, zone_of
from modelwatch.report.page.tables import Table, Value
from modelwatch.report.page.words import WORST_FIRST

STRIP_DAYS = 60


class Square(NamedTuple):
    """One day of a strip; ``verdict`` is None for a day of which nothing is stored."""

    day: date
    verdict: VerdictName | None


@dataclass(frozen=True)
class Row:
    """One monitor.

    Attributes:
        verdict: of the newest window; None when no window was ever judged.
        since: the start of the first window of the unbroken series with this verdict.
        strip_is_same: the whole strip has this verdict, so that it may have begun before.
        is_late: more windows are due than were judged.
        problems: what is open, worst first, by feature or group.
        n_episodes, n_known: open episodes, and those that somebody has acknowledged.
    """

    monitor: str
    about: About | None
    verdict: VerdictName | None
    since: datetime | None
    strip_is_same: bool
    strip: tuple[Square, ...]
    mark: Mark | None
    is_late: bool
    problems: tuple[str, ...]
    n_episodes: int = 0
    n_known: int = 0

    @property
    def owner(self) -> str:
        """Who answers for the model."""
        return self.about.owner if self.about else ""


@dataclass(frozen=True)
class Filter:
    """What the address of the page asks for; empty asks for everything."""

    search: str = ""
    owner: str = ""
    verdict: str = ""
    tag: str = ""

    def keeps(self, row: Row) -> bool:
        """Whether the row is asked for."""
        tags = row.about.tags if row.about else ()
        text = " ".join([row.monitor, row.owner, row.about.description if row.about else "", *tags]).lower()
        return (
            all(word in text for word in self.search.lower().split())
            and self.owner in ("", row.owner)
            and self.verdict in ("", row.verdict or "never")
            and (not self.tag or self.tag in tags)
        )


def row_of(
    about: About, shown: Sequence[Mark], last: Mark | None, findings: Sequence[Finding], *, now: datetime
) -> Row:
    """The row of a monitor whose windows of the strip are ``shown`` and whose newest window is ``last``."""
    newest = shown[-1] if shown else last
    same = list(_series(shown))
    return Row(
        monitor=about.monitor,
        about=about,
        verdict=newest.verdict if newest else None,
        since=same[0].window.start if same else newest.window.start if newest else None,
        strip_is_same=bool(shown) and len(same) == len(shown),
        strip=strip(shown, about, now=now),
        mark=newest,
        is_late=newest is not None and now - newest.window.end > _patience(about),
        problems=problem_names(findings),
    )


def never_judged(monitor: str, *, now: datetime) -> Row:
    """The row of a monitor file of which nothing is stored yet."""
    days = tuple(Square(day, None) for day in _days(now.date()))
    return Row(monitor, None, None, None, strip_is_same=False, strip=days, mark=None, is_late=False, problems=())


def strip(shown: Sequence[Mark], about: About, *, now: datetime) -> tuple[Square, ...]:
    """The last sixty days, oldest first."""
    found = by_date(shown, about)
    days = _days(now.astimezone(zone_of(about)).date())
    return tuple(Square(day, found[day].verdict if day in found else None) for day in days)


def worst_first(rows: Sequence[Row]) -> list[Row]:
    """By verdict, then by how long it has been so, then by name; monitors never judged come last."""
    return sorted(rows, key=lambda row: (_rank(row), -(row.since.timestamp() if row.since else 0.0), row.monitor))


def counts(rows: Sequence[Row]) -> dict[str, int]:
    """How many monitors there are of each verdict, worst first; ``never`` is one that was not judged yet."""
    names = [*WORST_FIRST, "never"]
    found = {name: sum((row.verdict or "never") == name for row in rows) for name in names}
    return {name: n for name, n in found.items() if n}


def problem_names(findings: Sequence[Finding]) -> tuple[str, ...]:
    """The features and groups that crossed a threshold, worst first, each once."""
    return tuple(dict.fromkeys(finding.feature or finding.group or finding.metric for finding in findings))


def owners(rows: Sequence[Row]) -> list[str]:
    """Every owner, sorted."""
    return sorted({row.owner for row in rows if row.owner})


def tags(rows: Sequence[Row]) -> list[str]:
    """Every tag, sorted."""
    return sorted({tag for row in rows if row.about for tag in row.about.tags})


def _series(shown: Sequence[Mark]) -> list[Mark]:
    """The newest windows that all have the newest one's verdict, oldest first."""
    same: list[Mark] = []
    for mark in reversed(shown):
        if same and mark.verdict != same[0].verdict:
            break
        same.append(mark)
    return same[::-1]


def _days(today: date) -> list[date]:
    return [today - timedelta(days=back) for back in range(STRIP_DAYS, 0, -1)]


def _patience(about: About) -> timedelta:
    """One window and a day for the run that judges it."""
    return length_of(about) + timedelta(days=1)


def _rank(row: Row) -> int:
    return WORST_FIRST.index(row.verdict) if row.verdict else len(WORST_FIRST)


def models_table(rows: Sequence[Row]) -> Table:
    """The list as it is exported."""
    columns = (
        "monitor", "owner", "verdict", "since", "window_start", "window_end", "n_current", "minimum", "is_late",
        "open_episodes", "acknowledged_episodes", "problems",
    )  # fmt: skip
    return Table("models", columns, tuple(_exported(row) for row in rows))


def _exported(row: Row) -> tuple[Value, ...]:
    mark, minimum = row.mark, row.about.minimum if row.about else None
    since = iso(row.since) if row.since else None
    window = (iso(mark.window.start), iso(mark.window.end), mark.n_current) if mark else (None, None, None)
    told = (row.is_late, row.n_episodes, row.n_known, ", ".join(row.problems))
    return (row.monitor, row.owner, row.verdict, since, *window, minimum, *told)
