"""Numbers, times, windows and verdicts in the words and addresses of the pages."""

import re
from datetime import UTC, datetime, timedelta

from modelwatch.domain import VerdictName, Window

DAY = timedelta(days=1)
NOTHING = "–"  # noqa: RUF001  # a dash for people
WORST_FIRST: tuple[VerdictName, ...] = ("alert", "warning", "not_measured", "insufficient_data", "ok")
VERDICT_WORDS: dict[str, str] = {
    "ok": "ok",
    "warning": "warning",
    "alert": "alert",
    "insufficient_data": "too little data",
    "not_measured": "not measured",
    "not_computable": "not computable",
}
CHECK_WORDS: dict[str, str] = {
    "quality": "data quality",
    "feature_drift": "feature drift",
    "prediction_drift": "prediction drift",
    "multivariate_drift": "multivariate drift",
    "fairness": "fairness",
    "performance": "performance",
}
CAUSE_WORDS: dict[str, str] = {"unknown": "no known fingerprint fits"}
SLACK_USER = re.compile(r"[UW][A-Z0-9]{5,}")
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_MOMENT = r"(\d{8}T\d{6}(?:\.\d{6})?)Z"
_SPAN = re.compile(f"{_MOMENT}-{_MOMENT}")


def window_slug(window: Window) -> str:
    """A window in an address: ``2026-11-10`` for a day in UTC, else both ends."""
    if window.end - window.start == DAY and window.start.time() == datetime.min.time():
        return f"{window.start:%Y-%m-%d}"
    return f"{_compact(window.start)}-{_compact(window.end)}"


def parse_window(slug: str) -> Window | None:
    """The window that `window_slug` wrote, or None when the text is none."""
    try:
        if _DAY.fullmatch(slug):
            start = datetime.strptime(slug, "%Y-%m-%d").replace(tzinfo=UTC)
            return Window(start, start + DAY)
        if match := _SPAN.fullmatch(slug):
            return Window(_moment(match[1]), _moment(match[2]))
    except (ValueError, OverflowError):
        return None
    return None


def window_words(window: Window) -> str:
    """``10 Nov 2026`` for a day in UTC, else both ends."""
    if window.end - window.start == DAY and window.start.time() == datetime.min.time():
        return day_words(window.start)
    return f"{moment_words(window.start)} to {moment_words(window.end)}"


def day_words(moment: datetime) -> str:
    """``10 Nov 2026``."""
    return f"{moment.day} {moment:%b %Y}"


def moment_words(moment: datetime) -> str:
    """``10 Nov 2026 03:00 UTC``."""
    return f"{day_words(moment)} {moment:%H:%M} UTC"


def person_words(by: str) -> str:
    """Who answered: an Airflow user's name, or a person on Slack, of whom only the id is known here."""
    return f"a person on Slack ({by})" if SLACK_USER.fullmatch(by) else by


def number(value: float | None, digits: int = 3) -> str:
    """Three significant digits without an exponent where that is readable; a dash for what is not there."""
    if value is None:
        return NOTHING
    if value != 0 and not 1e-3 <= abs(value) < 1e6:
        return f"{value:.2g}"
    text = f"{value:.{digits}g}"
    return f"{value:,.0f}" if "e" in text or abs(value) >= 1000 else text


def count(value: float | None) -> str:
    """A whole number with its thousands apart."""
    return NOTHING if value is None else f"{value:,.0f}"


def percent(share: float | None) -> str:
    """A share in [0, 1] as ``12.3 %``."""
    if share is None:
        return NOTHING
    return f"{100 * share:.3g} %" if share < 0.1 else f"{100 * share:.1f} %"


def p_words(value: float | None) -> str:
    """A p or q value."""
    if value is None:
        return NOTHING
    return "< 0.0001" if value < 1e-4 else f"{value:.2g}"


def _compact(moment: datetime) -> str:
    fraction = f".{moment.microsecond:06d}" if moment.microsecond else ""
    return f"{moment:%Y%m%dT%H%M%S}{fraction}Z"


def _moment(text: str) -> datetime:
    form = "%Y%m%dT%H%M%S.%f" if "." in text else "%Y%m%dT%H%M%S"
    return datetime.strptime(text, form).replace(tzinfo=UTC)
