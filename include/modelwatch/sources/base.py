"""What every source offers."""

from collections.abc import Iterator
from typing import Protocol

import pyarrow.compute as pc

from modelwatch.domain import Page, Schema, Window


class Source(Protocol):
    """Gives a window's requests page by page; memory holds one page at a time."""

    def pages(self, window: Window) -> Iterator[Page]:
        """The window's requests.

        Raises:
            SourceError: the source could not be read to its end.
        """
        ...


def within(page: Page, window: Window, schema: Schema) -> Page:
    """The page without rows outside the window: an API that filters loosely must not mix days."""
    if schema.timestamp is None:
        return page
    stamps = page.rows[schema.timestamp]
    inside = pc.and_(pc.greater_equal(stamps, window.start), pc.less(stamps, window.end))
    return Page(page.rows.filter(inside), page.rejects, page.total)
