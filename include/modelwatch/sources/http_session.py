"""The HTTP session of a source: credentials, timeouts and retries in one place."""

from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth
from urllib3.util import Retry

from modelwatch.config import HttpSource
from modelwatch.config.sources import ApiKey, Auth
from modelwatch.domain import Connection
from modelwatch.errors import SettingsError

RETRIED = (429, 500, 502, 503, 504)
REFUSED = (401, 403)
AUTHORIZATION = "Authorization"
PORTS = {"http": 80, "https": 443}


class Header(AuthBase):
    """Sends a secret in a header."""

    def __init__(self, name: str, value: str) -> None:
        self._name, self._value = name, value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header to a request."""
        request.headers[self._name] = self._value
        return request


class QueryKey(AuthBase):
    """Sends a secret as a query parameter."""

    def __init__(self, name: str, value: str) -> None:
        self._name, self._value = name, value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the parameter to a request's URL."""
        request.prepare_url(request.url, {self._name: self._value})
        return request


class TimedAdapter(HTTPAdapter):
    """Connect and read timeouts on every request."""

    def __init__(self, config: HttpSource) -> None:
        self._timeout = (config.connect_timeout_seconds, config.read_timeout_seconds)
        super().__init__(
            max_retries=Retry(
                total=config.retries,
                other=0,  # TLS: a certificate that is not trusted stays so
                status_forcelist=RETRIED,
                allowed_methods={"GET"},
                backoff_factor=0.5,
                backoff_jitter=0.5,
                backoff_max=config.max_wait_seconds,
                retry_after_max=int(config.max_wait_seconds),
                respect_retry_after_header=True,
                raise_on_status=False,
            )
        )

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]  # noqa: ANN401
        """Send with this source's timeouts."""
        return super().send(request, **{**options, "timeout": self._timeout})


def make_session(config: HttpSource, connection: Connection) -> requests.Session:
    """A session with the connection's credentials; the environment's proxies apply, its netrc does not."""
    session = requests.Session()
    adapter = TimedAdapter(config)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    session.headers["Accept"] = "application/json"
    session.auth = auth_of(config.auth, connection)
    return session


def base_url(connection: Connection) -> str:
    """The API's address: a host that is a whole URL, or Airflow's host, schema and port.

    Raises:
        SettingsError: the connection has no host, or one that is no address.
    """
    where = f"connection '{connection.conn_id}'"
    if not connection.host:
        message = f"{where} has no host; set it to the API's address, https://api.example.com"
        raise SettingsError(message)
    scheme = connection.schema or (connection.conn_type if connection.conn_type in PORTS else "https")
    host = connection.host.rstrip("/") if "://" in connection.host else f"{scheme}://{connection.host.rstrip('/')}"
    try:
        parts = urlsplit(host)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in PORTS or not parts.hostname:
        message = f"{where}: its host is no http address; set it to https://api.example.com, or to host and port"
        raise SettingsError(message)
    if "@" in parts.netloc:
        message = f"{where}: user and password stand in its host; put them into login and password"
        raise SettingsError(message)
    return host if connection.port is None or port is not None else _with_port(host, connection.port)


def safe_url(url: str) -> str:
    """The URL without user, password, query and fragment: what may stand in an error."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def same_host(url: str, other: str) -> bool:
    """Whether both have the same scheme, host and port."""
    return _origin(url) == _origin(other)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    try:
        return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)
    except ValueError:  # a port that is no number
        return parts.scheme, None, None


def _with_port(host: str, port: int) -> str:
    parts = urlsplit(host)
    return parts._replace(netloc=f"{parts.netloc}:{port}").geturl()


def auth_of(auth: Auth | None, connection: Connection) -> AuthBase:
    """As the monitor file says; else basic with a login, bearer with only a password, nothing with neither.

    Raises:
        SettingsError: the connection lacks what is to be sent.
    """
    kind = auth or ("basic" if connection.login else "bearer" if connection.password else None)
    if kind is None:
        return Header("Accept", "application/json")
    password = connection.password
    if not password and not (kind == "basic" and connection.login):
        message = f"connection '{connection.conn_id}' has no password, but the monitor file's auth needs one"
        raise SettingsError(message)
    if kind == "basic":
        return HTTPBasicAuth(connection.login.encode(), password.encode())
    if isinstance(kind, ApiKey) and kind.query:
        return QueryKey(kind.query, password)
    if not password.isascii() or not password.isprintable() or password != password.strip():
        message = (
            f"connection '{connection.conn_id}': its password cannot be sent in a header: it has a line break, a space "
            "at an end, or a letter beyond ASCII; enter it again"
        )
        raise SettingsError(message)
    return (
        Header(kind.header or "", password) if isinstance(kind, ApiKey) else Header(AUTHORIZATION, f"Bearer {password}")
    )
