"""Which of a monitor's windows stand for its days: ad-hoc looks at an afternoon are kept, but are not the story."""

from collections.abc import Sequence
from datetime import date, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from modelwatch.errors import SettingsError
from modelwatch.history import About, Mark
from modelwatch.report.page.words import WORST_FIRST
from modelwatch.schedule import parse_every

DAY = timedelta(days=1)
CLOCK_CHANGE = timedelta(hours=2)


def regular(marks: Sequence[Mark], about: About) -> list[Mark]:
    """The windows of the monitor's own length, oldest first; on days that have none, the longest there is."""
    length, zone = length_of(about), zone_of(about)
    by_day: dict[date, list[Mark]] = {}
    for mark in marks:
        by_day.setdefault(mark.window.start.astimezone(zone).date(), []).append(mark)
    chosen = [mark for day in by_day.values() for mark in (day if len(day) == 1 else _of_day(day, length))]
    return sorted(chosen, key=lambda mark: mark.window)


def by_date(marks: Sequence[Mark], about: About) -> dict[date, Mark]:
    """One window per local day: the worst of those that start on it."""
    zone, found = zone_of(about), dict[date, Mark]()
    for mark in marks:
        day = mark.window.start.astimezone(zone).date()
        if day not in found or WORST_FIRST.index(mark.verdict) < WORST_FIRST.index(found[day].verdict):
            found[day] = mark
    return found


def zone_of(about: About) -> tzinfo:
    """The monitor's time zone; UTC when this machine does not know it."""
    try:
        return ZoneInfo(about.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def length_of(about: About) -> timedelta:
    """The length of the monitor's windows."""
    try:
        return parse_every(about.window)
    except SettingsError:
        return DAY


def _of_day(marks: list[Mark], length: timedelta) -> list[Mark]:
    own = [mark for mark in marks if abs(mark.window.end - mark.window.start - length) < min(CLOCK_CHANGE, length)]
    longest = max(mark.window.end - mark.window.start for mark in marks)
    return own or [mark for mark in marks if mark.window.end - mark.window.start == longest][:1]
