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
from modelwatch.errors import SourceConfigError, SourceResponseError
from modelwatch.sources.values import kind_of

KEYS, KEY_LENGTH = 20, 40

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
        return replace(ask, query={**ask.query, pagination.query: cursor}) if _is_cursor(cursor) else None
    if isinstance(pagination, NextLinkPagination):
        return _link(ask, at(answer.body, pagination.response))
    if isinstance(pagination, LinkHeaderPagination):
        return _link(ask, answer.next_link)
    if isinstance(pagination, PagePagination):
        page = {pagination.query: ask.query[pagination.query] + 1}
        return replace(ask, query={**ask.query, **page}) if answer.n_records else None
    # Not "fewer than the limit": an API that caps its pages below it would be taken for read to its end.
    if isinstance(pagination, OffsetPagination) and answer.n_records:
        offset = {pagination.query: ask.query[pagination.query] + answer.n_records}
        return replace(ask, query={**ask.query, **offset})
    return None


def at(body: Any, path: str, absent: Any = None) -> Any:  # noqa: ANN401  # any JSON value
    """The value at a dotted path, ``absent`` when a key is; the empty path is the body itself."""
    for key in path.split(".") if path else []:
        if not isinstance(body, Mapping) or key not in body:
            return absent
        body = body[key]
    return body


def what_is_at(body: Any, path: str) -> str:  # noqa: ANN401  # any JSON value
    """What an answer has as far as the path goes, in words: ``'data' has: rows, next``."""
    done: list[str] = []
    for key in path.split(".") if path else []:
        if not isinstance(body, Mapping) or key not in body:
            break
        body = body[key]
        done.append(key)
    place = f"'{'.'.join(done)}'" if done else "the answer"
    if not isinstance(body, Mapping):
        return f"{place} is {kind_of(body)}"
    keys = [str(key)[:KEY_LENGTH] for key in body]
    return f"{place} has: {', '.join(keys[:KEYS]) or 'nothing'}{', …' if len(keys) > KEYS else ''}"


def _is_cursor(cursor: Any) -> bool:  # noqa: ANN401  # any JSON value
    """Null, an empty text and false are the ways APIs say that there is no next page."""
    if isinstance(cursor, dict | list) or cursor is True:
        message = f"source.pagination.response: a cursor is text or a number; found {kind_of(cursor)}"
        raise SourceConfigError(message)
    return cursor not in (None, "") and cursor is not False


def _link(ask: Ask, link: object) -> Ask | None:
    """A next link carries its whole query."""
    if not isinstance(link, str) or not link:
        return None
    try:
        return Ask(urljoin(ask.url, link), {})
    except ValueError:
        message = "source.pagination.response: the next link is no URL"
        raise SourceResponseError(message) from None
