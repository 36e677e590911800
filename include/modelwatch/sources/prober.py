"""One question to the model's own API, and what came back; never sent anywhere but to the declared endpoint."""

import json
import math
import time
from typing import Any, Self

import requests
from requests import exceptions

from modelwatch.config.probe import Probe
from modelwatch.domain import Connection, Schema
from modelwatch.errors import SourceAuthError, SourceConfigError
from modelwatch.redeploy.asking import Answer, Value, Values
from modelwatch.sources.http_session import REFUSED, auth_of, base_url, safe_url
from modelwatch.sources.pagination import at
from modelwatch.sources.values import Unfit, flag, number

LARGEST_EXACT = 2**53
LONGEST_WAIT = 60.0
MAX_BYTES = 1 << 20


class Busy(Exception):  # control flow between the prober and who paces it
    """The API asks for a pause (429); it has not scored the request.

    Attributes:
        seconds: how long.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(seconds)


class Prober:
    """Asks one model's API. It neither retries nor follows redirects: each call sends one request."""

    def __init__(self, config: Probe, schema: Schema, connection: Connection) -> None:
        self._config, self._schema, self._conn_id = config, schema, connection.conn_id
        self._base = base_url(connection)
        self._paths = {column.name: column.path for column in schema.columns}
        self._session = requests.Session()
        self._session.auth = auth_of(config.auth, connection)
        self._session.headers.update({"Accept": "application/json", **config.mark})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def ask(self, version: str, values: Values) -> Answer:
        """Ask one version about one request.

        Raises:
            Busy: it asks for a pause.
            SourceAuthError, SourceConfigError: the credentials or the endpoint are wrong; asking on cannot help.
        """
        url = f"{self._base}/{self._config.path.format(version=version).lstrip('/')}"
        selector = self._config.version
        headers = {selector.header: version} if selector is not None and selector.header else {}
        query = {selector.query: version} if selector is not None and selector.query else {}
        began = time.monotonic()
        try:
            response = self._session.post(
                url,
                json=self._body(values),
                params=query,
                headers=headers,
                timeout=self._config.timeout_seconds,
                allow_redirects=False,
            )
        except exceptions.RequestException:
            return Answer(None, seconds=time.monotonic() - began)
        return self._read(response, time.monotonic() - began)

    def _read(self, response: requests.Response, seconds: float) -> Answer:
        status, shown = response.status_code, safe_url(response.url)
        if status in REFUSED:
            message = f"{shown} refused the credentials of connection '{self._conn_id}' (HTTP {status})"
            raise SourceAuthError(message)
        if status in (404, 405) or response.is_redirect:
            message = f"{shown} answered HTTP {status}: check probe.path and connection '{self._conn_id}'"
            raise SourceConfigError(message)
        if status == requests.codes.too_many:
            raise Busy(_pause(response.headers.get("Retry-After")))
        score, decision = self._scored(response) if response.ok else (None, None)
        return Answer(status, score, decision, seconds)

    def _scored(self, response: requests.Response) -> tuple[float | None, bool | None]:
        try:
            body = json.loads(response.content[:MAX_BYTES])
        except ValueError:
            return None, None
        roles = self._schema
        score = self._value(body, self._config.score, roles.score, number)
        selected = next((one.equals for one in roles.columns if one.name == roles.decision), None)
        decision = self._value(body, self._config.decision, roles.decision, lambda value: flag(value, selected))
        return (float(score) if score is not None and math.isfinite(score) else None), decision

    def _value(self, body: Any, path: str | None, name: str | None, convert: Any) -> Any:  # noqa: ANN401  # any JSON
        if path is None and name is None:
            return None
        found = at(body, path or ".".join(self._paths[name or ""]), None)
        try:
            return None if found is None else convert(found)
        except Unfit:
            return None

    def _body(self, values: Values) -> dict[str, Any]:
        body: dict[str, Any] = dict(self._config.body)
        for name, value in values.items():
            _put(body, self._paths[name], _plain(value, is_number=name in self._config.numbers))
        return body


def _put(body: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    """Put a value where the log has it: ``("payload", "amount")`` is the key ``amount`` of the object ``payload``."""
    for key in path[:-1]:
        body = body.setdefault(key, {})
    body[path[-1]] = value


def _plain(value: Value, *, is_number: bool) -> Value | int:
    """As the API takes it: a code that was read as text is a number again, and a whole number has no ".0"."""
    if is_number and isinstance(value, str):
        try:
            value = float(value)
        except ValueError:  # a value that nobody has seen stays what it is
            return value
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < LARGEST_EXACT
    return int(value) if isinstance(value, float) and is_whole else value


def _pause(retry_after: str | None) -> float:
    try:
        return min(LONGEST_WAIT, max(0.1, float(retry_after or 1)))
    except ValueError:  # a date
        return 1.0
