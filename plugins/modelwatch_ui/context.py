"""What every route needs: the pages' data, the clock, and the refusals that are the same everywhere."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import HTTPException, Query

from modelwatch.domain import Window
from modelwatch.pages import Pages
from modelwatch.report.page.against import HELP, parse_against
from modelwatch.report.page.listing import Filter
from modelwatch.report.page.model import DEFAULT_SPAN, SPANS, ModelView
from modelwatch.report.page.trail import merged
from modelwatch.report.page.window import WindowView
from modelwatch.report.page.words import parse_window
from modelwatch.settings import Settings
from modelwatch_ui.viewer import Viewer

Text = Annotated[str, Query(max_length=200)]


def asked_filter(q: Text = "", owner: Text = "", verdict: Text = "", tag: Text = "") -> Filter:
    """Which models an address asks for."""
    return Filter(q, owner, verdict, tag)


@dataclass(frozen=True)
class Context:
    """Where the data comes from.

    Attributes:
        settings: read at each request: an Airflow Connection may change.
        now: the clock.
    """

    settings: Callable[[], Settings]
    now: Callable[[], datetime]

    @property
    def pages(self) -> Pages:
        """The data of the pages."""
        return Pages(self.settings())

    def model(self, viewer: Viewer, monitor: str, days: int = DEFAULT_SPAN) -> ModelView:
        """One model's page, or a refusal."""
        require_readable(viewer, monitor)
        if days not in SPANS:
            raise HTTPException(422, f"days is one of {', '.join(map(str, SPANS))}")
        found = self.pages.model(monitor, days=days, now=self.now())
        if found is None:
            raise HTTPException(404, f"no window of '{short(monitor)}' was judged yet")
        asked = viewer.acts(monitor, self.now() - timedelta(days=days))
        return replace(found, acts=merged(found.acts, asked))

    def month(self, viewer: Viewer, monitor: str, month: str) -> ModelView:
        """One model's page of one calendar month, or a refusal."""
        require_readable(viewer, monitor)
        try:
            start = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
        except ValueError:
            raise HTTPException(404, f"'{short(month)}' is not a month; write 2026-11") from None
        end = (start + timedelta(days=32)).replace(day=1)
        found = self.pages.model_between(monitor, start, end)
        if found is None or not found.shown:
            raise HTTPException(404, f"no window of '{short(monitor)}' was judged in {month}")
        return found

    def window(
        self,
        viewer: Viewer,
        monitor: str,
        slug: str,
        number: int | None = None,
        *,
        against: str = "",
        features: bool = True,
    ) -> WindowView:
        """One window's page, or a refusal."""
        require_readable(viewer, monitor)
        window, other = window_of(slug), parse_against(against)
        if other is None:
            raise HTTPException(422, HELP)
        found = self.pages.window(monitor, window, number=number, against=other, features=features)
        if found is None:
            numbered = f" with number {number}" if number else ""
            raise HTTPException(404, f"'{short(monitor)}' has no evaluation of {slug}{numbered}")
        return found


def require_readable(viewer: Viewer, monitor: str) -> None:
    """Refuse a monitor whose Dag the viewer may not see."""
    if not viewer.may_read(monitor):
        raise HTTPException(403, f"you have no right to see the Dag of '{short(monitor)}'; ask who runs this Airflow")


def window_of(slug: str) -> Window:
    """The window an address names."""
    window = parse_window(slug)
    if window is None:
        raise HTTPException(404, f"'{short(slug)}' is not a window; write a day such as 2026-11-10")
    return window


def short(text: str, limit: int = 80) -> str:
    """A text from outside, cut so that a message stays one."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
