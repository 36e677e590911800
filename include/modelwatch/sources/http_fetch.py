"""One answer of a REST API: rate-limited, bounded, asked for again when it is cut short, and told apart by fault."""

import time

import requests
import urllib3
from requests import exceptions

from modelwatch.config import HttpSource
from modelwatch.errors import SourceAuthError, SourceConfigError, SourceError, SourceResponseError, SourceTimeout
from modelwatch.sources.http_session import REFUSED, safe_url
from modelwatch.sources.pagination import Ask

CHUNK = 1 << 16
CUT_SHORT_RETRIES = 2
CUT_SHORT = (exceptions.ChunkedEncodingError, exceptions.ConnectionError)

WORDS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], type[SourceError], str], ...] = (
    (
        (exceptions.InvalidURL, exceptions.InvalidSchema, exceptions.MissingSchema, exceptions.InvalidHeader),
        SourceConfigError,
        "is no address that can be asked; check the connection and source.path",
    ),
    (exceptions.ContentDecodingError, SourceResponseError, "the answer's compression is broken"),
    (exceptions.ProxyError, SourceTimeout, "the proxy of the environment cannot be reached, or refuses"),
    (exceptions.ConnectionError, SourceTimeout, "cannot be reached, or closed the connection"),
)


class _CutShortError(Exception):
    """The answer began well and ended too early; its cause is the transport's error."""


class Fetcher:
    """Asks for one page after another and counts the bytes of them all."""

    def __init__(self, session: requests.Session, config: HttpSource) -> None:
        self._session, self._config = session, config
        self._n_bytes = 0
        self._last_request = float("-inf")

    def get(self, ask: Ask) -> tuple[requests.Response, bytes]:
        """An answer with its whole body.

        Raises:
            SourceError: there is none that can be used; which one says whether trying again can help.
        """
        shown, cause = safe_url(ask.url), None
        for _ in range(CUT_SHORT_RETRIES + 1):
            self._keep_rate()
            try:
                return self._try(ask, shown)
            except _CutShortError as error:
                cause = error.__cause__
            except exceptions.RequestException as error:
                raise self._told(error, shown) from None
        if _is_timeout(cause):
            message = f"{shown}: the answer stopped coming {CUT_SHORT_RETRIES + 1} times"
            raise SourceTimeout(message)
        message = f"{shown}: the answer was cut short {CUT_SHORT_RETRIES + 1} times"
        raise SourceResponseError(message)

    def _try(self, ask: Ask, shown: str) -> tuple[requests.Response, bytes]:
        with self._session.get(ask.url, params=dict(ask.query), stream=True, allow_redirects=False) as response:
            self._require_ok(response, shown)
            try:
                return response, self._body(response, shown)
            except CUT_SHORT as error:
                raise _CutShortError from error

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
            conn_id = self._config.connection
            message = f"{shown} refused the credentials of connection '{conn_id}' (HTTP {status}); check its password"
            raise SourceAuthError(message)
        if status == requests.codes.too_many or status >= requests.codes.server_error:
            message = f"{shown} still answered HTTP {status} after {self._config.retries} retries"
            raise SourceTimeout(message)
        if response.is_redirect:
            to = safe_url(requests.compat.urljoin(response.url, response.headers["Location"]))
            message = (
                f"{shown} redirects to {to}; credentials do not follow: put that address into the connection or path"
            )
            raise SourceConfigError(message)
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

    def _told(self, error: exceptions.RequestException, shown: str) -> SourceError:
        """The transport's error in words; its own text has the URL with its secrets."""
        if isinstance(error, exceptions.SSLError):
            return _of_tls(error, shown)
        if _is_timeout(error):
            seconds = f"{self._config.connect_timeout_seconds:g} and {self._config.read_timeout_seconds:g}"
            return SourceTimeout(f"{shown}: no answer in time (connecting and reading may take {seconds} seconds)")
        for kinds, told, text in WORDS:
            if isinstance(error, kinds):
                return told(f"{shown}: {text}")
        return SourceResponseError(f"{shown}: the request failed ({type(error).__name__})")


def _of_tls(error: exceptions.SSLError, shown: str) -> SourceError:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "CertificateError" in text:
        return SourceConfigError(f"{shown}: its TLS certificate is not trusted; install its CA (REQUESTS_CA_BUNDLE)")
    if "WRONG_VERSION_NUMBER" in text or "RECORD_LAYER" in text:
        return SourceConfigError(f"{shown} does not speak TLS; check the connection's schema and port")
    return SourceTimeout(f"{shown}: the TLS connection failed")


def _is_timeout(error: BaseException | None) -> bool:
    """Also when it is wrapped: requests hides a read that timed out behind the retries' or the stream's error."""
    if isinstance(error, exceptions.Timeout):
        return True
    inner = error.args[0] if error is not None and error.args else None
    timeouts = (urllib3.exceptions.ReadTimeoutError, urllib3.exceptions.ConnectTimeoutError)
    refused = urllib3.exceptions.NewConnectionError  # a kind of ConnectTimeoutError that did get its answer: no
    reason = getattr(inner, "reason", None)
    return any(isinstance(one, timeouts) and not isinstance(one, refused) for one in (inner, reason))
