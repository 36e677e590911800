"""A model's REST API, read page by page: bounded, rate-limited, retried, and never a secret in an error."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import tzinfo
from typing import Any

import requests

from modelwatch.config import HttpSource
from modelwatch.domain import Connection, Page, Schema, Window, iso
from modelwatch.errors import SourceAuthError, SourceConfigError, SourceResponseError, SourceTimeout
from modelwatch.sources.base import within
from modelwatch.sources.http_session import base_url, make_session, safe_url, same_host
from modelwatch.sources.pagination import Answer, Ask, at, first, following
from modelwatch.sources.rows import parse_records

CHUNK = 1 << 16
CUT_SHORT_RETRIES = 2
REFUSED = (401, 403)


class HttpRequests:
    """The requests that the API lists for a window."""

    def __init__(self, config: HttpSource, schema: Schema, connection: Connection, timezone: tzinfo) -> None:
        self._config, self._schema, self._connection, self._timezone = config, schema, connection, timezone
        self._n_bytes = 0
        self._last_request = float("-inf")

    def pages(self, window: Window) -> Iterator[Page]:
        """The window's pages, in the API's order.

        Raises:
            SourceAuthError: 401 or 403; SourceConfigError: the API does not answer as the monitor file says;
            SourceTimeout: no answer, or 429 and 5xx after all retries; SourceResponseError: a broken or endless answer.
        """
        ask: Ask | None = first(self._config.pagination, self._ask(window))
        asked: set[str] = set()
        self._n_bytes = 0
        with make_session(self._config, self._connection) as session:
            while ask is not None:
                self._require_fresh(ask, asked)
                answer, records = self._answer(session, ask)
                total = at(answer.body, self._config.total) if self._config.total else None
                page = parse_records(records, self._schema, timezone=self._timezone)
                yield within(replace(page, total=self._total(total)), window, self._schema)
                ask = self._next(ask, answer)

    def _ask(self, window: Window) -> Ask:
        edges = {"window_start": iso(window.start), "window_end": iso(window.end)}
        query = {k: v.format(**edges) if isinstance(v, str) else v for k, v in self._config.query.items()}
        path = self._config.path.format(**edges).lstrip("/")
        return Ask(f"{base_url(self._connection)}/{path}", query)

    def _require_fresh(self, ask: Ask, asked: set[str]) -> None:
        """An API that hands out the same cursor again would be read for ever."""
        key = json.dumps([ask.url, sorted(ask.query.items())], default=str)
        if key in asked:
            message = f"{self._shown(ask.url)} leads back to a page that was read already: its pagination never ends"
            raise SourceResponseError(message)
        asked.add(key)
        if len(asked) > self._config.max_pages:
            message = f"{self._shown(ask.url)} has more than {self._config.max_pages} pages (source.max_pages)"
            raise SourceResponseError(message)

    def _next(self, ask: Ask, answer: Answer) -> Ask | None:
        following_ask = following(self._config.pagination, ask, answer)
        if following_ask is not None and not same_host(following_ask.url, base_url(self._connection)):
            shown = self._shown(following_ask.url)
            message = f"the next link goes to another host ({shown}); the credentials are not sent there"
            raise SourceResponseError(message)
        return following_ask

    def _answer(self, session: requests.Session, ask: Ask) -> tuple[Answer, list[Any]]:
        response, content = self._get(session, ask)
        shown = self._shown(ask.url)
        try:
            body = json.loads(content)
        except ValueError:
            message = f"{shown} answered with something that is not JSON ({response.headers.get('Content-Type')})"
            raise SourceResponseError(message) from None
        records = at(body, self._config.records)
        if not isinstance(records, list):
            keys = ", ".join(body) if isinstance(body, dict) else type(body).__name__
            message = f"{shown} has no list at source.records '{self._config.records}'; the answer has: {keys}"
            raise SourceConfigError(message)
        link = response.links.get("next", {}).get("url")
        return Answer(body, link, len(records)), records

    def _get(self, session: requests.Session, ask: Ask) -> tuple[requests.Response, bytes]:
        """One page's bytes; a body that is cut short is asked for again."""
        shown = self._shown(ask.url)
        for attempt in range(CUT_SHORT_RETRIES + 1):
            self._keep_rate()
            try:
                with session.get(ask.url, params=dict(ask.query), stream=True, allow_redirects=False) as response:
                    self._require_ok(response, shown)
                    return response, self._body(response, shown)
            except requests.exceptions.SSLError:
                message = f"{shown}: its TLS certificate is not trusted; install its CA, do not switch checking off"
                raise SourceConfigError(message) from None
            except requests.exceptions.ChunkedEncodingError:
                if attempt == CUT_SHORT_RETRIES:
                    message = f"{shown}: the answer was cut short {attempt + 1} times"
                    raise SourceResponseError(message) from None
            except requests.exceptions.RequestException as error:
                raise SourceTimeout(f"{shown}: {_why(error)}") from None  # noqa: EM102  # two words
        raise AssertionError

    def _body(self, response: requests.Response, shown: str) -> bytes:
        chunks = []
        for chunk in response.iter_content(CHUNK):
            self._n_bytes += len(chunk)
            if self._n_bytes > self._config.max_bytes:
                message = f"{shown}: the window is larger than {self._config.max_bytes} bytes (source.max_bytes)"
                raise SourceResponseError(message)
            chunks.append(chunk)
        return b"".join(chunks)

    def _require_ok(self, response: requests.Response, shown: str) -> None:
        status = response.status_code
        if status in REFUSED:
            conn_id = self._connection.conn_id
            message = f"{shown} refused the credentials of connection '{conn_id}' (HTTP {status}); check its password"
            raise SourceAuthError(message)
        if status == requests.codes.too_many or status >= requests.codes.server_error:
            message = f"{shown} still answered HTTP {status} after {self._config.retries} retries"
            raise SourceTimeout(message)
        if status != requests.codes.ok:
            message = f"{shown} answered HTTP {status}; check source.path and source.query"
            raise SourceConfigError(message)

    def _keep_rate(self) -> None:
        """At most ``requests_per_second``: the monitor must not be what brings the model down."""
        rate = self._config.requests_per_second
        if rate is not None:
            pause = self._last_request + 1 / rate - time.monotonic()
            if pause > 0:
                time.sleep(pause)
        self._last_request = time.monotonic()

    def _total(self, total: object) -> int | None:
        if self._config.total is None:
            return None
        if not isinstance(total, int) or isinstance(total, bool) or total < 0:
            message = f"source.total: '{self._config.total}' is not a count in the answer; found {type(total).__name__}"
            raise SourceConfigError(message)
        return total

    def _shown(self, url: str) -> str:
        return safe_url(url)


def _why(error: requests.exceptions.RequestException) -> str:
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.ReadTimeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ConnectionError):
        return "cannot be reached, or closed the connection"
    return f"the request failed ({type(error).__name__})"
