"""What a local installation keeps between starts: its folders, its secrets, the processes it runs."""

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


class LocalError(Exception):
    """Something on this machine is in the way; the message ends in the fix."""


@dataclass(frozen=True)
class Home:
    """The folder of a local installation; deleting it starts afresh."""

    root: Path

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Home":
        """``MODELWATCH_HOME``, else ``build/local`` in the project."""
        root = Path(environ.get("MODELWATCH_HOME") or PROJECT / "build" / "local").expanduser().resolve()
        home = cls(root)
        for folder in (root, home.logs, home.airflow):
            folder.mkdir(parents=True, exist_ok=True)
        return home

    @property
    def logs(self) -> Path:
        """One log per service."""
        return self.root / "logs"

    @property
    def airflow(self) -> Path:
        """AIRFLOW_HOME."""
        return self.root / "airflow"

    @property
    def state(self) -> Path:
        """The processes that were started and not stopped yet."""
        return self.root / "services.json"

    @property
    def databases(self) -> Path:
        """Where the running Postgres can be reached, one URL per database."""
        return self.root / "postgres.json"

    @property
    def passwords(self) -> Path:
        """The login of Airflow's pages, written by the API server's start."""
        return self.root / "airflow-login.json"

    @property
    def slack_log(self) -> Path:
        """The messages that the stand-in for Slack received."""
        return self.root / "slack.jsonl"


@dataclass(frozen=True)
class Secrets:
    """Made once per installation; nothing here is in the project or has a default."""

    airflow_password: str = field(repr=False)
    api_key: str = field(repr=False)
    slack_token: str = field(repr=False)
    jwt_secret: str = field(repr=False)
    session_key: str = field(repr=False)
    fernet_key: str = field(repr=False)


def load_secrets(home: Home) -> Secrets:
    """The installation's secrets, made at the first start in files only their owner can read.

    Raises:
        LocalError: the file is there and cannot be used.
    """
    path = home.root / "secrets.json"
    if not path.exists():
        write_private(path, json.dumps(asdict(_new_secrets()), indent=2))
    try:
        return Secrets(**json.loads(path.read_text()))
    except (ValueError, TypeError):
        names = ", ".join(one.name for one in fields(Secrets))
        message = f"{path}: not the JSON of {names}; delete the file and new ones are made"
        raise LocalError(message) from None


def write_private(path: Path, text: str) -> None:
    """Replace the file, readable by its owner only from its first byte on."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


@contextmanager
def locked(home: Home, purpose: str) -> Iterator[None]:
    """Hold the installation for one command at a time; the lock dies with its process, however that ends.

    Raises:
        LocalError: another command holds it.
    """
    with (home.root / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(home)
            message = f"{holder} is at work in {home.root}; wait for it, or stop it with `make down`"
            raise LocalError(message) from None
        file.truncate(0)
        file.write(f"{os.getpid()} make {purpose}")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def holder_pid(home: Home) -> int | None:
    """The process that holds the installation right now; a killed one's note does not count."""
    with (home.root / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            words = _lock_words(home)
            return int(words[0]) if words else None
    return None


def _holder(home: Home) -> str:
    words = _lock_words(home)
    return f"`{' '.join(words[1:])}` (process {words[0]})" if words else "another command"


def _lock_words(home: Home) -> list[str]:
    lock = home.root / "lock"
    words = lock.read_text().split() if lock.exists() else []
    return words if words and words[0].isdigit() else []


def _new_secrets() -> Secrets:
    return Secrets(
        airflow_password=secrets.token_urlsafe(12),
        api_key=secrets.token_urlsafe(24),
        slack_token=f"xoxb-local-{secrets.token_urlsafe(24)}",
        jwt_secret=secrets.token_hex(64),
        session_key=secrets.token_urlsafe(32),
        fernet_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    )
