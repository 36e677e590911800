"""A real Airflow API server with the Dags of the monitors and the plugins, but no scheduler: runs stay queued."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import requests

from local.ports import ADDRESS
from modelwatch.settings import Settings
from modelwatch.store.engine import EmbeddedPostgres
from support.free_port import free_port

ROOT = Path(__file__).resolve().parents[2]
USERS = {"admin": "ADMIN", "looker": "VIEWER", "stranger": "USER"}
# Of this process alone: whoever reaches another test run's server by mistake is not let in.
PASSWORDS = {name: f"{name}-{token_hex(8)}" for name in USERS}
START_SECONDS = 180


@dataclass(frozen=True)
class AirflowServer:
    """Where it is, and who may log in (`PASSWORDS`)."""

    url: str

    def token(self, user: str) -> str:
        """A token of Airflow's API."""
        body = {"username": user, "password": PASSWORDS[user]}
        answer = _session().post(f"{self.url}/auth/token", json=body, timeout=30)
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def get(self, path: str, user: str | None = None, *, accept: str = "*/*", **query: str) -> requests.Response:
        """A GET as this user, or as nobody."""
        headers = {"Accept": accept, **({"Authorization": f"Bearer {self.token(user)}"} if user else {})}
        return _session().get(f"{self.url}{path}", headers=headers, params=query, timeout=60, allow_redirects=False)


@contextmanager
def airflow_server(postgres: EmbeddedPostgres, settings: Settings, folder: Path) -> Iterator[AirflowServer]:
    """Migrate a metadata database, load the Dags into it, and serve it on this machine while the block runs."""
    postgres.create_database("airflow_of_pages")
    port = free_port()
    url = f"http://localhost:{port}"
    environ = _environment(postgres.url("airflow_of_pages"), settings, folder, url)
    for command in (("db", "migrate"), ("dags", "reserialize")):
        _run(command, environ)
    log = (folder / "api-server.log").open("w")
    command = [sys.executable, "-m", "airflow", "api-server", "--host", ADDRESS, "--port", str(port), "--workers", "1"]
    process = subprocess.Popen(command, env=environ, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
    try:
        _wait(url, process, folder / "api-server.log")
        yield AirflowServer(url)
    finally:
        process.terminate()
        process.wait(60)
        log.close()
        postgres.drop_database("airflow_of_pages")


def _environment(database: str, settings: Settings, folder: Path, url: str) -> Mapping[str, str]:
    passwords = folder / "passwords.json"
    passwords.write_text(json.dumps(PASSWORDS))
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AIRFLOW", "MODELWATCH"))}
    direct = f"{ADDRESS},localhost"
    return {
        **kept,
        "NO_PROXY": direct,
        "no_proxy": direct,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "include"), str(ROOT / "tests")]),
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__AUTH_MANAGER": "support.restricted_auth.RestrictedAuthManager",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role.lower()}" for name, role in USERS.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__SECRET_KEY": "a key of the tests " * 3,
        "AIRFLOW__API_AUTH__JWT_SECRET": "long enough for every algorithm " * 3,
        "MODELWATCH_DATABASE_URL": settings.database_url or "",
        "MODELWATCH_SAMPLES_URL": settings.samples_url,
        "MODELWATCH_HOME": str(settings.home),
        "MODELWATCH_MONITORS_DIR": str(settings.monitors_dir),
    }


def _run(command: tuple[str, ...], environ: Mapping[str, str]) -> None:
    arguments = [sys.executable, "-m", "airflow", *command]
    done = subprocess.run(arguments, env=environ, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, log.read_text()[-3000:]
        try:
            if _session().get(f"{url}/api/v2/monitor/health", timeout=5).ok:
                return
        except requests.RequestException:
            pass
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.5)


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # never through a proxy: this is our own machine
    return session
