"""What every source offers."""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Literal, Protocol

import pyarrow.compute as pc

from modelwatch.domain import Page, Schema, Window, iso
from modelwatch.errors import DataError

Fault = Literal["absent", "column", "refused", "away", "broken"]


class Source(Protocol):
    """Gives a window's requests page by page; memory holds one page at a time."""

    def pages(self, window: Window) -> Iterator[Page]:
        """The window's requests.

        Raises:
            SourceError: the source could not be read to its end.
        """
        ...


class FileFault(DataError):
    """A file that cannot be used.

    Attributes:
        fault: it is absent; it lacks a column; the storage refuses it; the storage is away; its content is broken.
    """

    def __init__(self, message: str, fault: Fault) -> None:
        self.fault = fault
        super().__init__(message)


class _Edge(datetime):
    """``{window_start}`` is ISO 8601 in UTC; ``{window_start:%Y-%m-%d}`` is the day as the monitor's clock shows it."""

    def __format__(self, spec: str) -> str:
        return self.strftime(spec) if spec else iso(datetime.fromisoformat(self.isoformat()).astimezone(UTC))


def fill(text: str, window: Window, timezone: tzinfo) -> str:
    """A text of the monitor file with the window's edges in place of their placeholders."""
    start, end = (_Edge.fromisoformat(edge.astimezone(timezone).isoformat()) for edge in (window.start, window.end))
    return text.format(window_start=start, window_end=end)


def within(page: Page, window: Window, schema: Schema) -> Page:
    """The page without rows outside the window: an API that filters loosely must not mix days."""
    if schema.timestamp is None:
        return page
    stamps = page.rows[schema.timestamp]
    inside = pc.and_(pc.greater_equal(stamps, window.start), pc.less(stamps, window.end))
    return Page(page.rows.filter(inside), page.rejects, page.total)


def of_version(page: Page, version: str | None, schema: Schema) -> Page:
    """The page's requests that this version of the model answered; all of them for None."""
    if version is None or schema.model_version is None:
        return page
    return Page(page.rows.filter(pc.equal(page.rows[schema.model_version], version)), page.rejects)
