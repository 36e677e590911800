"""A small REST API with every style of paging and the failures of real ones, on a free port.

    with running_api(Api(records=[...])) as api:
        api.before = first_times(2, lambda handler: handler.send_json({}, 503))
        ... ask api.url + "/cursor", "/next_link", "/link_header", "/numbered" or "/offset"; look at api.asked

`Handler` has the failures: `send_json(body, status, headers)`, `send_bytes(data, promised=...)` (a body that is cut
short) and `hang(released)` (no answer until the event is set).
"""

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Record = dict[str, Any]
Headers = Mapping[str, str]
NO_HEADERS: Headers = {}


@dataclass
class Api:
    """What the server answers, and what it was asked.

    Attributes:
        records: everything there is.
        size: records per page.
        asked: path with query of every request, in order; headers: of every request.
        before: called with the handler before each answer; returning True means it has answered itself.
    """

    records: list[Record] = field(default_factory=list)
    size: int = 10
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    before: Callable[["Handler"], bool] = lambda _: False
    url: str = ""


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    api: Api

    def do_GET(self) -> None:
        self.api.asked.append(self.path)
        self.api.headers.append(dict(self.headers))
        if not self.api.before(self):
            parts = urlsplit(self.path)
            query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
            getattr(self, f"_{parts.path.strip('/')}")(query)

    def send_json(self, body: Any, status: int = 200, headers: Headers = NO_HEADERS) -> None:
        """Answer with JSON."""
        self.send_bytes(json.dumps(body).encode(), status, {"Content-Type": "application/json", **headers})

    def send_bytes(
        self, data: bytes, status: int = 200, headers: Headers = NO_HEADERS, *, promised: int | None = None
    ) -> None:
        """Answer with these bytes; when more are promised, hang up after them."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(data) if promised is None else promised))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        # A client that has seen enough hangs up; that is its right.
        with suppress(ConnectionError):
            self.wfile.write(data)
        self.close_connection = promised is not None

    def hang(self, released: threading.Event) -> None:
        """Give no answer until the test is over."""
        released.wait(20)
        self.close_connection = True

    def _page(self, start: int) -> list[Record]:
        return self.api.records[start : start + self.api.size]

    def _more(self, start: int) -> bool:
        return start + self.api.size < len(self.api.records)

    def _cursor(self, query: dict[str, str]) -> None:
        start = int(query.get("cursor", "0"))
        cursor = str(start + self.api.size) if self._more(start) else None
        self.send_json({"items": self._page(start), "meta": {"next": cursor, "total": len(self.api.records)}})

    def _next_link(self, query: dict[str, str]) -> None:
        start = int(query.get("start", "0"))
        link = f"/next_link?start={start + self.api.size}" if self._more(start) else None
        self.send_json({"data": {"rows": self._page(start)}, "next": link})

    def _link_header(self, query: dict[str, str]) -> None:
        start = int(query.get("start", "0"))
        link = f'<{self.api.url}/link_header?start={start + self.api.size}>; rel="next"'
        headers = {"Link": link} if self._more(start) else {}
        self.send_json(self._page(start), headers=headers)

    def _numbered(self, query: dict[str, str]) -> None:
        self.send_json({"items": self._page((int(query["page"]) - 1) * self.api.size)})

    def _offset(self, query: dict[str, str]) -> None:
        start, limit = int(query["offset"]), int(query["limit"])
        self.send_json({"items": self.api.records[start : start + limit]})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Say nothing."""


class QuietServer(ThreadingHTTPServer):
    """Says nothing of clients that hang up or refuse its certificate."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


def first_times(times: int, answer: Callable[[Handler], None]) -> Callable[[Handler], bool]:
    """For `Api.before`: answer the first so many requests this way, the later ones as usual."""
    left = iter(range(times))

    def before(handler: Handler) -> bool:
        if next(left, None) is None:
            return False
        answer(handler)
        return True

    return before


def always(answer: Callable[[Handler], None]) -> Callable[[Handler], bool]:
    """For `Api.before`: answer every request this way."""
    return first_times(1_000_000, answer)


@contextmanager
def running_api(api: Api, tls: ssl.SSLContext | None = None) -> Iterator[Api]:
    """Serve the API for as long as the block lasts, over TLS when a context is given."""
    handler = type("ThisHandler", (Handler,), {"api": api})
    server = QuietServer(("127.0.0.1", 0), handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    api.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
