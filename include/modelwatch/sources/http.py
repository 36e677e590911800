"""A model's REST API, read page by page: bounded, rate-limited, retried, and never a secret in an error."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import tzinfo
from typing import Any, Final

from modelwatch.config import HttpSource
from modelwatch.config.sources import CursorPagination, NextLinkPagination, OffsetPagination, PagePagination
from modelwatch.domain import Connection, Page, Schema, Window
from modelwatch.errors import SourceConfigError, SourceResponseError
from modelwatch.sources.base import fill, within
from modelwatch.sources.http_fetch import Fetcher
from modelwatch.sources.http_session import base_url, make_session, safe_url, same_host
from modelwatch.sources.pagination import Answer, Ask, at, first, following, what_is_at
from modelwatch.sources.rows import parse_records

ABSENT: Final = object()
# A retry behind the API may repeat one page; an API that ignores its cursor repeats it for ever.
SAME_PAGES = 3

log = logging.getLogger(__name__)


class HttpRequests:
    """The requests that the API lists for a window."""

    def __init__(self, config: HttpSource, schema: Schema, connection: Connection, timezone: tzinfo) -> None:
        self._config, self._schema, self._timezone = config, schema, timezone
        self._connection = connection

    def pages(self, window: Window) -> Iterator[Page]:
        """The window's pages, in the API's order.

        Raises:
            SourceAuthError: 401 or 403; SourceConfigError: the API does not answer as the monitor file says;
            SourceTimeout: no answer, or 429 and 5xx after all retries; SourceResponseError: a broken or endless answer.
        """
        ask: Ask | None = first(self._config.pagination, self._ask(window))
        progress = Progress(self._config)
        with make_session(self._config, self._connection) as session:
            fetcher = Fetcher(session, self._config)
            while ask is not None:
                progress.require_fresh_ask(ask)
                answer, records = self._answer(fetcher, ask)
                progress.require_fresh_records(ask, records)
                page = parse_records(records, self._schema, timezone=self._timezone)
                total = self._total(answer.body, is_first=progress.n_pages == 1)
                yield within(replace(page, total=total), window, self._schema)
                self._warn_of_no_paging(answer, progress.n_pages)
                ask = self._next(ask, answer)

    def _ask(self, window: Window) -> Ask:
        zone, config = self._timezone, self._config
        query = {k: fill(v, window, zone) if isinstance(v, str) else v for k, v in config.query.items()}
        path = fill(config.path, window, zone).lstrip("/")
        return Ask(f"{base_url(self._connection)}/{path}", query)

    def _next(self, ask: Ask, answer: Answer) -> Ask | None:
        following_ask = following(self._config.pagination, ask, answer)
        base = base_url(self._connection)
        if following_ask is not None and not same_host(following_ask.url, base):
            message = (
                f"the next link goes to another host or scheme ({safe_url(following_ask.url)}, not below "
                f"{safe_url(base)}); the credentials are not sent there"
            )
            raise SourceResponseError(message)
        return following_ask

    def _answer(self, fetcher: Fetcher, ask: Ask) -> tuple[Answer, list[Any]]:
        response, content = fetcher.get(ask)
        shown = safe_url(ask.url)
        try:
            body = json.loads(content)
        except (ValueError, RecursionError):
            message = f"{shown} answered with something that is not JSON ({response.headers.get('Content-Type')})"
            raise SourceResponseError(message) from None
        records = at(body, self._config.records, ABSENT)
        if records is None:  # how some languages write a list of nothing
            records = []
        if not isinstance(records, list):
            found = what_is_at(body, self._config.records)
            message = f"{shown} has no list at source.records '{self._config.records}'; {found}"
            raise SourceConfigError(message)
        link = response.links.get("next", {}).get("url")
        return Answer(body, link, len(records)), records

    def _total(self, body: Any, *, is_first: bool) -> int | None:  # noqa: ANN401  # any JSON value
        """The number of requests that exist; an API may tell it on the first page only."""
        if self._config.total is None:
            return None
        total = at(body, self._config.total)
        if total is None and not is_first:
            return None
        if not isinstance(total, int) or isinstance(total, bool) or total < 0:
            found = what_is_at(body, self._config.total)
            message = f"source.total: '{self._config.total}' is not a count in the answer; {found}"
            raise SourceConfigError(message)
        return total

    def _warn_of_no_paging(self, answer: Answer, n_pages: int) -> None:
        """An API may leave the key out on its last page; on the first one the monitor file may be wrong as well."""
        pagination = self._config.pagination
        if n_pages > 1 or not isinstance(pagination, CursorPagination | NextLinkPagination) or self._config.total:
            return
        if answer.n_records and at(answer.body, pagination.response, ABSENT) is ABSENT:
            found = what_is_at(answer.body, pagination.response)
            text = "the first page has no '%s' (source.pagination.response), so it is taken as the last one; %s"
            log.warning(text, pagination.response, found)


class Progress:
    """What was read so far; an API that hands out the same page again would be read for ever."""

    def __init__(self, config: HttpSource) -> None:
        self._config = config
        self._asked: set[str] = set()
        self._last: list[Any] = []
        self._repeats = 1

    @property
    def n_pages(self) -> int:
        """Pages asked for so far."""
        return len(self._asked)

    def require_fresh_ask(self, ask: Ask) -> None:
        """Stop at a request that was made already, and at the page cap."""
        key = json.dumps([ask.url, sorted(ask.query.items())], default=str)
        if key in self._asked:
            message = f"{safe_url(ask.url)} leads back to a page that was read already: its pagination never ends"
            raise SourceResponseError(message)
        self._asked.add(key)
        if self.n_pages > self._config.max_pages:
            message = f"{safe_url(ask.url)} has more than {self._config.max_pages} pages (source.max_pages)"
            raise SourceResponseError(message)

    def require_fresh_records(self, ask: Ask, records: list[Any]) -> None:
        """Stop when different requests keep getting the same records."""
        self._repeats = self._repeats + 1 if records and records == self._last else 1
        self._last = records
        numbered = isinstance(self._config.pagination, PagePagination | OffsetPagination)
        if self._repeats >= (2 if numbered else SAME_PAGES):
            message = (
                f"{safe_url(ask.url)} gives the same records page after page: does it know the query parameter of "
                "source.pagination?"
            )
            raise SourceResponseError(message)
