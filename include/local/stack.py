"""Starts the services in the order they need each other, waits until they answer, and stops them again."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import requests

from local import processes
from local.environment import START, Place, airflow_environment, base_environment, demo_environment
from local.home import LocalError
from local.ports import ADDRESS, require_free
from local.processes import Running, Service

Say = Callable[[str], None]
POSTGRES = "postgres"
AIRFLOW_PARTS = ("scheduler", "dag_processor", "metadatabase")
INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
START_SECONDS = 180
STOP_SECONDS = 20


class Stack:
    """The services of one place, in the order they were started."""

    def __init__(self, place: Place, say: Say) -> None:
        self.place = place
        self._say = say
        self._running: list[Running] = []

    def start(self) -> None:
        """Start everything and return when it answers.

        Raises:
            LocalError: a port is taken, or a service ended or did not answer in time; with the end of its log.
        """
        require_free(self.place.ports)
        self._say("starting Postgres, the model's API and the stand-in for Slack")
        self._launch(self._python(POSTGRES, "local.postgres", str(self.place.home.root)))
        self._launch(self._demo_api())
        self._launch(self._slack())
        self.wait_for(self.place.home.databases.exists, POSTGRES)
        self._say("creating or upgrading the databases")
        self._finish(self._airflow("migrate"))
        self._say("starting Airflow: API server, scheduler, Dag processor")
        for name in ("api-server", "dag-processor", "scheduler"):
            self._launch(self._airflow(name))
        self.wait_for(self._demo_api_answers, "demo-api")
        self.wait_for(self._airflow_answers, "api-server")

    def stop(self) -> None:
        """Stop everything that was started; Postgres last, so that the others can say goodbye to it."""
        with undisturbed():
            stop_services(self.place, self._running, self._say)
        self._running = []

    def wait_for(self, check: Callable[[], bool], name: str, seconds: float = START_SECONDS) -> None:
        """Return when the check holds; fail at once when a service has ended meanwhile."""
        deadline = time.monotonic() + seconds
        while not check():
            self.require_alive()
            if time.monotonic() > deadline:
                raise LocalError(self._trouble(name, f"did not answer within {seconds:.0f} seconds"))
            time.sleep(processes.POLL_SECONDS)

    def require_alive(self) -> None:
        """Raise LocalError with the end of its log when a service has ended."""
        for one in self._running:
            if not one.is_alive():
                raise LocalError(self._trouble(one.name, f"ended by itself{_code(one)}"))

    def _launch(self, service: Service) -> Running:
        running = processes.start(service, self.place.home.logs)
        self._running.append(running)
        processes.save(self.place.home, self._running)
        return running

    def _finish(self, service: Service) -> None:
        once = self._launch(service)
        while once.is_alive():
            time.sleep(processes.POLL_SECONDS)
        self._running.remove(once)
        processes.save(self.place.home, self._running)
        if once.exit_code() != 0:
            raise LocalError(self._trouble(once.name, f"failed{_code(once)}"))
        self.require_alive()

    def _python(self, name: str, module: str, *arguments: str) -> Service:
        return Service(name, (sys.executable, "-m", module, *arguments), base_environment(os.environ))

    def _demo_api(self) -> Service:
        command = (START, "demo-api", "--port", str(self.place.ports.demo_api))
        return Service("demo-api", command, demo_environment(self.place, os.environ))

    def _slack(self) -> Service:
        arguments = ("--port", str(self.place.ports.slack), "--log", str(self.place.home.slack_log))
        command = (sys.executable, "-m", "demo.slack", *arguments)
        return Service("slack", command, demo_environment(self.place, os.environ))

    def _airflow(self, name: str) -> Service:
        databases = json.loads(self.place.home.databases.read_text())
        environ = airflow_environment(self.place, databases, os.environ)
        if name == "api-server":
            environ["AIRFLOW_ADMIN_PASSWORD"] = self.place.secrets.airflow_password
        return Service(name, (START, name), environ)

    def _demo_api_answers(self) -> bool:
        return _get(f"http://{ADDRESS}:{self.place.ports.demo_api}/health") is not None

    def _airflow_answers(self) -> bool:
        return airflow_is_healthy(self.place)

    def _trouble(self, name: str, problem: str) -> str:
        log = self.place.home.logs / f"{name}.log"
        return f"{name} {problem}; the end of {log}:\n{processes.tail(log)}"


@contextmanager
def running_stack(place: Place, say: Say) -> Iterator[Stack]:
    """The whole stack, up inside the block and down after it, however the block ends."""
    stack = Stack(place, say)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let no second Ctrl-C keep the first from cleaning up."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in INTERRUPTS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def stop_services(place: Place, services: list[Running], say: Say) -> None:
    """Stop these services of the place and forget them."""
    if not services:
        return
    say(f"stopping {', '.join(one.name for one in services)}")
    others = [one for one in services if one.name != POSTGRES]
    keepers = [one for one in services if one.name == POSTGRES]
    killed = processes.stop(others, grace_seconds=STOP_SECONDS) + processes.stop(keepers, grace_seconds=STOP_SECONDS)
    if killed:
        say(f"killed, because they did not stop in {STOP_SECONDS} seconds: {', '.join(killed)}")
    processes.save(place.home, [])


def airflow_is_healthy(place: Place) -> bool:
    """Whether Airflow's API answers and says that its other parts do."""
    health = _get(f"http://{ADDRESS}:{place.ports.airflow}/api/v2/monitor/health")
    return health is not None and all(health[part]["status"] == "healthy" for part in AIRFLOW_PARTS)


def _get(url: str) -> dict[str, dict[str, str]] | None:
    session = requests.Session()
    session.trust_env = False  # never through a proxy: this is our own machine
    try:
        response = session.get(url, timeout=5)
        return response.json() if response.ok else None
    except (requests.RequestException, ValueError):
        return None


def _code(running: Running) -> str:
    code = running.exit_code()
    return "" if code is None else f" (exit status {code})"
