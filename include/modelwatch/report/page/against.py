"""What a window can be compared with besides the reference, as an address says it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from modelwatch.domain import Window
from modelwatch.history import Mark
from modelwatch.report.page.words import VERDICT_WORDS, parse_window, window_slug, window_words

LONGEST_DAYS, LONGEST_WEEKS = 90, 12
Choice = tuple[str, str]
MOST_SUMMED = 100  # windows whose counts are read and added for one page
HELP = (
    "'against' is empty for the reference, previous-7 for the 7 days before (up to 90), weekday-4 for the same weekday "
    "of the 4 weeks before (up to 12), or another window such as 2026-11-10"
)
_PREVIOUS, _WEEKDAY = re.compile(r"previous-([1-9]\d?)"), re.compile(r"weekday-([1-9]\d?)")


@dataclass(frozen=True)
class Against:
    """Days before the window, the same weekday of weeks before it, or one other window; nothing: the reference."""

    days: int = 0
    weeks: int = 0
    window: Window | None = None

    @property
    def is_reference(self) -> bool:
        """Whether nothing else was asked for."""
        return self == Against()

    def span(self, of: Window) -> timedelta:
        """How far before the window its days reach: no further than `MOST_SUMMED` windows of its length."""
        return min(timedelta(days=self.days), MOST_SUMMED * (of.end - of.start))

    def words(self, of: Window) -> str:
        """What the counts are compared with."""
        if self.window is not None:
            return window_words(self.window)
        if self.weeks:
            return f"the same weekday of the {_several(self.weeks, 'week')} before it"
        if not self.days:
            return "the reference"
        short = self.span(of) < timedelta(days=self.days)
        return f"the {MOST_SUMMED} windows before it" if short else f"the {_several(self.days, 'day')} before it"


def parse_against(text: str) -> Against | None:
    """What the address asks for; None when it is none of these."""
    if not text:
        return Against()
    if (match := _PREVIOUS.fullmatch(text)) and int(match[1]) <= LONGEST_DAYS:
        return Against(days=int(match[1]))
    if (match := _WEEKDAY.fullmatch(text)) and int(match[1]) <= LONGEST_WEEKS:
        return Against(weeks=int(match[1]))
    window = parse_window(text)
    return None if window is None else Against(window=window)


def choices(asked: str, of: Window, others: Sequence[Mark]) -> tuple[list[Choice], list[Choice]]:
    """What the page offers, as addresses and words: rolling references, then windows; what was asked is among them."""
    rolling = [("previous-7", "the 7 days before"), ("previous-30", "the 30 days before")]
    rolling += [("previous-90", "the 90 days before"), ("weekday-4", "the same weekday, 4 weeks")]
    windows = [(window_slug(m.window), f"{window_words(m.window)} · {VERDICT_WORDS[m.verdict]}") for m in others]
    known = {address for address, _ in [*rolling, *windows]}
    other = parse_against(asked)
    if other is not None and asked and asked not in known:
        (windows if other.window else rolling).insert(0, (asked, other.words(of)))
    return rolling, windows


def _several(n: int, what: str) -> str:
    return what if n == 1 else f"{n} {what}s"
