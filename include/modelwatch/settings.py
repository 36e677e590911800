"""Settings from the environment, and Airflow Connections as Airflow writes them into it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from modelwatch.domain import Connection
from modelwatch.errors import SettingsError


@dataclass(frozen=True)
class Settings:
    """Where things are; every one has an environment variable in .env.example.

    Attributes:
        home: MODELWATCH_HOME, for the embedded Postgres and, by default, the samples.
        database_url: MODELWATCH_DATABASE_URL, the store; None: the store's connection, else the embedded Postgres.
        store_connection: MODELWATCH_STORE_CONN_ID, an Airflow Connection to the store.
        monitors_dir: MODELWATCH_MONITORS_DIR; by default include/monitors here or in a folder above.
        samples_url: MODELWATCH_SAMPLES_URL, an fsspec URL that every worker reaches.
        sample_retention_days: MODELWATCH_SAMPLE_RETENTION_DAYS, after which samples of requests are deleted.
        base_url: MODELWATCH_AIRFLOW_URL, Airflow's address in links.
        health_connection, health_channel: MODELWATCH_HEALTH_CONN_ID and MODELWATCH_HEALTH_CHANNEL, where the watchdog
            tells of monitors whose files name nobody.
        runbook_url: MODELWATCH_RUNBOOK_URL, where people read docs/runbook.md; messages link to its sections.
    """

    home: Path
    monitors_dir: Path
    samples_url: str
    database_url: str | None = field(default=None, repr=False)
    store_connection: str | None = None
    sample_retention_days: int = 30
    base_url: str | None = None
    runbook_url: str | None = None
    health_connection: str | None = None
    health_channel: str | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read the environment.

        Raises:
            SettingsError: a variable's value cannot be used.
        """
        home = Path(environ.get("MODELWATCH_HOME") or ".modelwatch").absolute()
        monitors = environ.get("MODELWATCH_MONITORS_DIR")
        return cls(
            home=home,
            monitors_dir=Path(monitors) if monitors else _monitors_dir(Path.cwd()),
            samples_url=environ.get("MODELWATCH_SAMPLES_URL") or (home / "samples").as_uri(),
            database_url=environ.get("MODELWATCH_DATABASE_URL") or None,
            store_connection=environ.get("MODELWATCH_STORE_CONN_ID") or None,
            sample_retention_days=_days(environ.get("MODELWATCH_SAMPLE_RETENTION_DAYS") or "30"),
            base_url=environ.get("MODELWATCH_AIRFLOW_URL") or None,
            runbook_url=environ.get("MODELWATCH_RUNBOOK_URL") or None,
            health_connection=environ.get("MODELWATCH_HEALTH_CONN_ID") or None,
            health_channel=environ.get("MODELWATCH_HEALTH_CHANNEL") or None,
        )


def _monitors_dir(start: Path) -> Path:
    for folder in (start, *start.parents):
        if (folder / "include" / "monitors").is_dir():
            return folder / "include" / "monitors"
    return start / "include" / "monitors"


def _days(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        message = f"MODELWATCH_SAMPLE_RETENTION_DAYS is '{text}'; write a whole number of days, at least 1"
        raise SettingsError(message)
    return int(text)


def connection_from_env(conn_id: str, environ: Mapping[str, str] = os.environ) -> Connection:
    """The Airflow Connection in ``AIRFLOW_CONN_<ID>``, for commands outside Airflow.

    Raises:
        SettingsError: it is not set or not in one of Airflow's two forms; the message never holds the value.
    """
    variable = f"AIRFLOW_CONN_{conn_id.upper()}"
    text = environ.get(variable)
    if not text:
        message = (
            f"connection '{conn_id}' is not set: export {variable} as a URI (https://:token@api.example.com) or as "
            'JSON ({"conn_type": "http", "host": "https://api.example.com", "password": "token"})'
        )
        raise SettingsError(message)
    return parse_connection(conn_id, text)


def parse_connection(conn_id: str, text: str) -> Connection:
    """A connection in Airflow's JSON or URI form.

    Raises:
        SettingsError: it is neither; the message never holds the text, which may be a secret.
    """
    try:
        return _from_json(conn_id, text) if text.lstrip().startswith("{") else _from_uri(conn_id, text)
    except (ValueError, TypeError, AttributeError):
        message = (
            f"connection '{conn_id}' is neither Airflow's JSON nor its URI form; see `airflow connections add --help`"
        )
        raise SettingsError(message) from None


def _from_json(conn_id: str, text: str) -> Connection:
    content = json.loads(text)
    extra = content.get("extra") or {}
    extra = json.loads(extra) if isinstance(extra, str) else dict(extra)
    port = content.get("port")
    return Connection(
        conn_id=conn_id,
        conn_type=str(content.get("conn_type") or ""),
        host=str(content.get("host") or ""),
        schema=str(content.get("schema") or ""),
        login=str(content.get("login") or ""),
        port=int(port) if port else None,
        password=str(content.get("password") or ""),
        extra=extra,
    )


def _from_uri(conn_id: str, text: str) -> Connection:
    """Airflow's URI form; of ``http://https%3A%2F%2Fapi.example.com`` the host is the inner URL."""
    parts = urlsplit(text)
    if not parts.scheme:
        raise ValueError
    query = dict(parse_qsl(parts.query))
    extra = json.loads(query["__extra__"]) if "__extra__" in query else query
    host = parts.netloc.rpartition("@")[2].rpartition(":")[0] if parts.port else parts.netloc.rpartition("@")[2]
    return Connection(
        conn_id=conn_id,
        conn_type=parts.scheme.replace("-", "_"),
        host=unquote(host),
        schema=unquote(parts.path.lstrip("/")),
        login=unquote(parts.username or ""),
        port=parts.port,
        password=unquote(parts.password or ""),
        extra=extra,
    )
