"""Processes that outlive the command that started them, each the leader of a session with a log of its own.

A session, because Airflow gives its tasks process groups of their own: only the session still says whose they are.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

import psutil

from local.home import PROJECT, Home

POLL_SECONDS = 0.1

# Kept so that children that ended are reaped, and none is reported as forgotten.
_started: dict["Running", "subprocess.Popen[bytes]"] = {}


@dataclass(frozen=True)
class Service:
    """A program to run: its name (and its log's), its command line, its environment, the folder it works in."""

    name: str
    command: tuple[str, ...]
    environ: Mapping[str, str]
    folder: Path = PROJECT


@dataclass(frozen=True)
class Running:
    """A process that was started; with its start time a recycled process id is not mistaken for it."""

    name: str
    pid: int
    started: float

    def is_alive(self) -> bool:
        """Whether the process itself still runs."""
        if child := _started.get(self):
            return child.poll() is None
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            return bool(abs(process.create_time() - self.started) < 1 and process.status() != psutil.STATUS_ZOMBIE)
        return False

    def exit_code(self) -> int | None:
        """How it ended, when this process started it and it has ended."""
        child = _started.get(self)
        return child.poll() if child else None


def start(service: Service, logs: Path) -> Running:
    """Start the service in a session of its own, so that Ctrl-C reaches only whoever supervises it."""
    with (logs / f"{service.name}.log").open("wb") as log:
        child = subprocess.Popen(
            service.command,
            env=dict(service.environ),
            cwd=service.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = Running(service.name, child.pid, psutil.Process(child.pid).create_time())
    _started[running] = child
    return running


def stop(services: Iterable[Running], *, grace_seconds: float) -> list[str]:
    """End the services and all they started, politely first; returns the names of those that had to be killed."""
    running = [one for one in services if _members(one)]
    led = [one for one in running if one.is_alive()]
    for one in led:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(one.pid, signal.SIGTERM)
    _wait_empty(led, grace_seconds)
    stubborn = [one.name for one in led if _members(one)]
    # What lost its leader has nobody left to finish for, and Airflow's workers do not listen to anyone else.
    for process in chain.from_iterable(map(_members, running)):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    _wait_empty(running, grace_seconds)
    return sorted(stubborn)


def save(home: Home, services: Sequence[Running]) -> None:
    """Write down what runs, for the next command; nothing running removes the file."""
    if not services:
        home.state.unlink(missing_ok=True)
        return
    fresh = home.state.with_suffix(".new")
    fresh.write_text(json.dumps([asdict(one) for one in services], indent=2))
    fresh.replace(home.state)


def load(home: Home) -> list[Running]:
    """The services last written down that still have processes."""
    try:
        noted = [Running(**one) for one in json.loads(home.state.read_text())]
    except (FileNotFoundError, ValueError, TypeError):
        return []
    return [one for one in noted if _members(one)]


def tail(path: Path, lines: int = 30) -> str:
    """The last lines of a log."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def _members(leader: Running) -> list[psutil.Process]:
    """The living processes of the leader's session; none when its id now belongs to somebody else."""
    with suppress(psutil.NoSuchProcess):
        if abs(psutil.Process(leader.pid).create_time() - leader.started) >= 1:
            return []
    members = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError):
            if os.getsid(process.pid) == leader.pid and process.status() != psutil.STATUS_ZOMBIE:
                members.append(process)
    return members


def _wait_empty(services: Iterable[Running], seconds: float) -> None:
    waiting, deadline = list(services), time.monotonic() + seconds
    while waiting and time.monotonic() < deadline:
        waiting = [one for one in waiting if one.is_alive() or _members(one)]
        time.sleep(POLL_SECONDS)
