"""docker-compose.yaml as processes of this machine: its services, commands and environment, each with its own disk.

Every service gets a copy of the project and folders of its own for all it may write; what it needs of another service
it must get from Postgres, Redis, object storage or the API server, as it would on machines of their own.
"""

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from local import processes
from local.environment import base_environment
from local.processes import Running, Service

ROOT = Path(__file__).resolve().parents[2]
SERVICES: Mapping[str, Mapping[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())["services"]
VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)(?::([?-])([^}]*))?\}")
PARTS = ("dags", "include", "plugins")


@dataclass
class Deployment:
    """The services that were started.

    Attributes:
        root: holds a folder per service, and the logs.
        values: what `.env` would have.
        addresses: what stands in for the names of hosts and folders in the compose file's environment.
        overrides: variables that are of this machine.
        prepare: called with each service's copy of the project before it starts.
    """

    root: Path
    values: Mapping[str, str]
    addresses: Mapping[str, str]
    overrides: Mapping[str, str]
    prepare: Callable[[Path], None]
    running: list[Running] = field(default_factory=list)

    def disk(self, name: str) -> Path:
        """Where everything of a service is."""
        return self.root / name

    def start(self, service: str, *arguments: str, name: str | None = None, **environ: str) -> Running:
        """Start a service of the compose file; with other arguments and under another name to have several of it."""
        name = name or service
        disk = self.disk(name)
        for part in PARTS:
            shutil.copytree(ROOT / part, disk / "project" / part, ignore=shutil.ignore_patterns("__pycache__"))
        for folder in ("home", "tmp"):
            (disk / folder).mkdir()
        self.prepare(disk)
        command = (str(disk / "project" / "include" / "local" / "start"), *SERVICES[service]["command"], *arguments)
        started = processes.start(
            Service(name, command, {**self._environment(service, disk), **environ}, disk / "home"), self.root
        )
        self.running.append(started)
        return started

    def finish(self, *services: Running) -> None:
        """Wait for services that run once."""
        self.wait(lambda: not any(one.is_alive() for one in services), *services)
        for one in services:
            assert one.exit_code() == 0, self.told(one.name)

    def wait(self, check: Callable[[], bool], *once: Running, seconds: float = 240) -> None:
        """Wait until the check holds, while all services live but those that run once."""
        deadline = time.monotonic() + seconds
        while not check():
            for one in self.running:
                assert one in once or one.is_alive() or one.exit_code() == 0, self.told(one.name)
            assert time.monotonic() < deadline, "\n".join(self.told(one.name) for one in self.running)
            time.sleep(processes.POLL_SECONDS)

    def told(self, name: str) -> str:
        """The end of a service's log."""
        return f"{name}:\n{processes.tail(self.root / f'{name}.log')}"

    def stop(self) -> None:
        """Stop everything; tasks that still run are not waited for."""
        processes.stop(self.running, grace_seconds=5)

    def _environment(self, service: str, disk: Path) -> Mapping[str, str]:
        environ = {name: self._filled(str(text)) for name, text in SERVICES[service]["environment"].items()}
        environ |= self.overrides
        environ = {name: text.replace("/opt/airflow", str(disk / "airflow")) for name, text in environ.items()}
        own = {"AIRFLOW_HOME": str(disk / "airflow"), "HOME": str(disk / "home"), "TMPDIR": str(disk / "tmp")}
        return {**base_environment(os.environ), **environ, **own}

    def _filled(self, text: str) -> str:
        text = VARIABLE.sub(lambda found: self.values.get(found[1], found[3] if found[2] == "-" else ""), text)
        for name, address in self.addresses.items():
            text = text.replace(name, address)
        return text


@contextmanager
def stopping(deployment: Deployment) -> Iterator[Deployment]:
    """The deployment, and nothing of it after the block."""
    try:
        yield deployment
    finally:
        deployment.stop()
