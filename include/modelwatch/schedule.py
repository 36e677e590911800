"""Which window a run examines: calendar arithmetic in the monitor's time zone, with no clock and no Airflow.

A window's edges are the moments at which the local clock shows midnight (lengths of whole days) or a multiple
of the length since midnight (shorter ones). So a day is 23 or 25 hours long when the clocks change, the hour that
is shown twice in autumn is two windows, and the hour that is never shown in spring is none.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise

from modelwatch.domain import Window, iso
from modelwatch.errors import SettingsError

DAY = timedelta(days=1)
LONGEST = 3660 * DAY
EARLIEST, LATEST = 1970, 2200
Moment = str | datetime | None

_SHORT = re.compile(r"(?P<count>\d+)\s*(?P<unit>min|w|d|h|m|s)", re.IGNORECASE)
_UNITS = {
    "w": timedelta(weeks=1),
    "d": DAY,
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
_ISO = re.compile(
    r"P(?!$)(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)


def parse_every(text: str) -> timedelta:
    """Read a length of time such as ``1d``, ``12h``, ``30min`` or ISO 8601's ``P1D`` and ``PT12H``.

    Args:
        text: a whole number and a unit (w, d, h, m or min, s), or an ISO 8601 duration without years or months.

    Returns:
        The length, more than zero and at most ten years.

    Raises:
        SettingsError: the text is neither, or out of that range.
    """
    stripped = text.strip()
    short, long = _SHORT.fullmatch(stripped), _ISO.fullmatch(stripped.upper())
    length = timedelta(0)
    try:
        if short:
            length = int(short["count"]) * _UNITS[short["unit"].lower()]
        elif long:
            length = timedelta(**{unit: int(count) for unit, count in long.groupdict("0").items()})
    except OverflowError:
        length = timedelta(0)
    if not timedelta(0) < length <= LONGEST:
        message = f"'{text}' is not a length of time up to ten years; write a number and a unit: 1d, 12h or P7D"
        raise SettingsError(message)
    return length


def resolve_window(
    *,
    length: timedelta,
    timezone: tzinfo,
    data_interval_end: datetime | None = None,
    window_start: Moment = None,
    window_end: Moment = None,
) -> Window:
    """The window a run examines; what was asked for by hand wins over the schedule.

    Args:
        length: the monitor's window: whole days, or a length that divides a day.
        timezone: the monitor's time zone, whose calendar cuts the windows.
        data_interval_end: the end of the run's data interval; None for a run that has none.
        window_start: ISO 8601 date or date and time, in the monitor's time zone when it has no offset; None or
            empty when not asked for, and then it lies ``length`` before ``window_end`` if that is.
        window_end: the same for the end.

    Returns:
        The window asked for, else the last whole calendar one that ended at or before ``data_interval_end``.

    Raises:
        SettingsError: there is nothing to tell the window by, or what was asked for is not a span of time.
    """
    start, end = (
        _asked("window_start", window_start, timezone),
        _asked("window_end", window_end, timezone),
    )
    if start is not None or end is not None:
        return _asked_window(start, end, length, timezone)
    if data_interval_end is None:
        message = (
            "this run has no data interval to tell its window by: trigger it with a logical date, or with "
            "the parameters window_start and window_end"
        )
        raise SettingsError(message)
    return _last_whole(data_interval_end, length, timezone)


def windows_between(start: datetime, end: datetime, *, length: timedelta, timezone: tzinfo) -> list[Window]:
    """The whole calendar windows that cover ``[start, end)``, oldest first, each starting where the last ended.

    Args:
        start: an aware moment, which the first window holds.
        end: an aware moment after ``start``; the last window holds what is just before it.
        length: whole days (counted from the local midnight before ``start``), or a length that divides a day.
        timezone: the time zone whose calendar cuts the windows.

    Returns:
        The windows; the first may begin before ``start`` and the last end after ``end``.

    Raises:
        SettingsError: ``end`` is not after ``start``, or the length does not fit a calendar day.
    """
    start, end = _utc(start), _utc(end)
    if end <= start:
        message = f"the span must end after it starts; got {iso(start)} to {iso(end)}"
        raise SettingsError(message)
    margin = max(length, DAY) + DAY
    edges = _edges(start - 2 * DAY, end + margin, length, timezone)
    first = max(i for i, edge in enumerate(edges) if edge <= start)
    chosen = edges[first :: max(1, length // DAY)]
    return [Window(a, b) for a, b in pairwise(chosen) if a < end]


def parts_of(window: Window, *, length: timedelta, timezone: tzinfo) -> list[Window]:
    """A window in parts of this length by the local calendar; a first or last one that is cut by an edge is shorter."""
    whole = windows_between(window.start, window.end, length=length, timezone=timezone)
    return [Window(max(one.start, window.start), min(one.end, window.end)) for one in whole]


def _last_whole(moment: datetime, length: timedelta, timezone: tzinfo) -> Window:
    """The newest window of this length whose end is at or before the moment."""
    edges = [edge for edge in _edges(moment - length - 4 * DAY, moment, length, timezone) if edge <= moment]
    return Window(edges[-1 - max(1, length // DAY)], edges[-1])


def _edges(start: datetime, end: datetime, length: timedelta, timezone: tzinfo) -> list[datetime]:
    """Every edge of the local days from ``start``'s to ``end``'s, in UTC, ascending and distinct."""
    first, last = start.astimezone(timezone).date(), end.astimezone(timezone).date()
    days = [first + n * DAY for n in range((last - first).days + 1)]
    return sorted({edge for day in days for edge in _edges_of_day(day, length, timezone)})


def _edges_of_day(day: date, length: timedelta, timezone: tzinfo) -> list[datetime]:
    """A day's edges in UTC: its midnight, and for shorter lengths every time a multiple of it is shown."""
    midnight = datetime.combine(day, time.min, timezone)
    edges = [_utc(midnight)]
    if length >= DAY:
        _require(length % DAY == timedelta(0), length)
        return edges
    _require(timedelta(0) < length and DAY % length == timedelta(0), length)
    for n in range(1, DAY // length):
        shown = midnight + n * length
        edges += [_utc(shown.replace(fold=fold)) for fold in (0, 1) if _is_shown(shown, fold)]
    return edges


def _is_shown(local: datetime, fold: int) -> bool:
    """Whether a clock on the wall ever shows this local time; where clocks change, one hour a year is not."""
    moment = local.replace(fold=fold)
    return _utc(moment).astimezone(local.tzinfo).replace(fold=0) == local.replace(fold=0)


def _require(fits: bool, length: timedelta) -> None:
    if not fits:
        message = f"a window of {length} does not fit the calendar; use whole days or a length that divides a day"
        raise SettingsError(message)


def _asked(name: str, value: Moment, timezone: tzinfo) -> datetime | None:
    """An edge asked for by hand, aware; None when it was left open."""
    if value is None or value == "":
        return None
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value.strip())
    except ValueError:
        message = f"{name}: '{value}' is not a date; write 2026-11-10 or 2026-11-10T06:00:00Z"
        raise SettingsError(message) from None
    if not EARLIEST <= moment.year <= LATEST:
        message = f"{name}: '{value}' is out of range; the year must be between {EARLIEST} and {LATEST}"
        raise SettingsError(message)
    return _utc(moment if moment.tzinfo else moment.replace(tzinfo=timezone))


def _asked_window(start: datetime | None, end: datetime | None, length: timedelta, timezone: tzinfo) -> Window:
    """The window between two edges asked for, or of the usual length beside the only one."""
    if start is None and end is not None:
        start = shifted(end, -length, timezone)
    elif start is not None and end is None:
        end = shifted(start, length, timezone)
    if start is None or end is None or end <= start:
        shown = [iso(edge) if edge else "nothing" for edge in (start, end)]
        message = f"window_end must be after window_start; got window_start {shown[0]} and window_end {shown[1]}"
        raise SettingsError(message)
    return Window(start, end)


def shifted(moment: datetime, length: timedelta, timezone: tzinfo) -> datetime:
    """Whole days later by the local calendar, shorter lengths later by the clock."""
    if length % DAY == timedelta(0):
        return _utc(moment.astimezone(timezone) + length)
    return moment + length


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
