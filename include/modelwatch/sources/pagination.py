"""From one page to the next: what the following request must ask for, or that this was the last."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin

from modelwatch.config.sources import (
    CursorPagination,
    LinkHeaderPagination,
    NextLinkPagination,
    NoPagination,
    OffsetPagination,
    PagePagination,
)

AnyPagination = (
    CursorPagination | LinkHeaderPagination | NextLinkPagination | NoPagination | OffsetPagination | PagePagination
)


@dataclass(frozen=True)
class Ask:
    """One request: its URL and query parameters."""

    url: str
    query: Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """What pagination needs of an answer: its JSON, its Link header's next URL, and how many records it held."""

    body: Any
    next_link: str | None
    n_records: int


def first(pagination: AnyPagination, ask: Ask) -> Ask:
    """The first request, with the parameters that numbered pages start from."""
    if isinstance(pagination, PagePagination):
        return replace(ask, query={**ask.query, pagination.query: pagination.start})
    if isinstance(pagination, OffsetPagination):
        start = {pagination.query: 0, pagination.limit_query: pagination.limit}
        return replace(ask, query={**ask.query, **start})
    return ask


def following(pagination: AnyPagination, ask: Ask, answer: Answer) -> Ask | None:
    """The next request, or None after the last page."""
    if isinstance(pagination, CursorPagination):
        cursor = at(answer.body, pagination.response)
        return replace(ask, query={**ask.query, pagination.query: cursor}) if cursor not in (None, "") else None
    if isinstance(pagination, NextLinkPagination):
        return _link(ask, at(answer.body, pagination.response))
    if isinstance(pagination, LinkHeaderPagination):
        return _link(ask, answer.next_link)
    if isinstance(pagination, PagePagination):
        page = {pagination.query: ask.query[pagination.query] + 1}
        return replace(ask, query={**ask.query, **page}) if answer.n_records else None
    if isinstance(pagination, OffsetPagination) and answer.n_records >= pagination.limit:
        offset = {pagination.query: ask.query[pagination.query] + answer.n_records}
        return replace(ask, query={**ask.query, **offset})
    return None


def at(body: Any, path: str) -> Any:  # noqa: ANN401  # any JSON value
    """The value at a dotted path, None when a key is absent; the empty path is the body itself."""
    for key in path.split(".") if path else []:
        if not isinstance(body, Mapping) or key not in body:
            return None
        body = body[key]
    return body


def _link(ask: Ask, link: object) -> Ask | None:
    """A next link carries its whole query."""
    return Ask(urljoin(ask.url, link), {}) if isinstance(link, str) and link else None
