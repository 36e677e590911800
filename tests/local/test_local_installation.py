"""What keeps a local installation orderly: secrets, ports, processes, and one command at a time."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import psutil
import pytest

from local import main, processes
from local.environment import Place, airflow_environment, base_environment, demo_environment
from local.home import Home, LocalError, holder_pid, load_secrets, locked
from local.ports import Ports, is_taken, require_free
from local.processes import Service

DATABASES = {"airflow": "postgresql://airflow", "modelwatch": "postgresql://modelwatch"}
Run = Callable[..., processes.Running]
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(60)
"""
SPAWNING = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import os,time; os.setpgid(0, 0); time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.from_env({"MODELWATCH_HOME": str(tmp_path / "home")})


@pytest.fixture
def place(home: Home) -> Place:
    return Place(home, Ports(18080, 18081, 18082, 18083), load_secrets(home), date(2026, 3, 1))


@pytest.fixture
def run(home: Home) -> Iterator[Run]:
    started = []

    def start(code: str, name: str = "program") -> processes.Running:
        started.append(processes.start(Service(name, (sys.executable, "-c", code), dict(os.environ)), home.logs))
        return started[-1]

    yield start
    processes.stop(started, grace_seconds=1)


def wait_for(check: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_secrets_stay_the_same_and_are_nobody_elses_to_read(home: Home) -> None:
    first = load_secrets(home)
    assert load_secrets(home) == first
    assert stat.S_IMODE((home.root / "secrets.json").stat().st_mode) == 0o600
    assert first.api_key not in repr(first)
    assert first.airflow_password not in repr(first)


def test_two_installations_share_no_secret(home: Home, tmp_path: Path) -> None:
    other = load_secrets(Home.from_env({"MODELWATCH_HOME": str(tmp_path / "other")}))
    assert not {other.api_key, other.jwt_secret} & {load_secrets(home).api_key, load_secrets(home).jwt_secret}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"api_key": "x"}', '{"more": 1}'])
def test_a_damaged_secrets_file_says_what_to_do(home: Home, text: str) -> None:
    (home.root / "secrets.json").write_text(text)
    with pytest.raises(LocalError, match=r"secrets\.json.*delete the file"):
        load_secrets(home)


def test_the_ports_follow_from_one_number() -> None:
    assert Ports.from_env({}) == Ports(8080, 8081, 8082, 8083)
    assert Ports.from_env({"MODELWATCH_PORT": "9000"}).slack == 9002


@pytest.mark.parametrize("text", ["80", "70000", "http", "-1", "65533"])
def test_an_impossible_port_is_named(text: str) -> None:
    with pytest.raises(LocalError, match=f"MODELWATCH_PORT: '{text}'"):
        Ports.from_env({"MODELWATCH_PORT": text})


def test_a_taken_port_is_named_with_its_process_and_the_fix() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert is_taken(port)
        with pytest.raises(LocalError, match=rf"port {port} \(slack\).*process {os.getpid()}.*MODELWATCH_PORT="):
            require_free(_ports_with_slack(port))


def _ports_with_slack(port: int) -> Ports:
    """A free port for the others, so that only Slack's is in the way."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        free = other.getsockname()[1]
    return Ports(free, free, port, free)


def test_nothing_of_the_callers_airflow_reaches_the_services(place: Place) -> None:
    caller = {
        "PATH": "/bin",
        "AIRFLOW__CORE__EXECUTOR": "KubernetesExecutor",
        "AIRFLOW_CONN_FRAUD_API": "https://production",
        "MODELWATCH_STORE_CONN_ID": "production",
        "MODELWATCH_MONITORS_DIR": "/my/monitors",
        "NO_PROXY": "example.com",
    }
    environ = airflow_environment(place, DATABASES, caller)
    assert "production" not in json.dumps(environ)
    assert environ["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert environ["MODELWATCH_MONITORS_DIR"] == "/my/monitors"
    assert set(environ["NO_PROXY"].split(",")) == {"example.com", "127.0.0.1", "localhost"}


def test_the_services_agree_on_keys_and_addresses(place: Place) -> None:
    airflow, demo = airflow_environment(place, DATABASES, {}), demo_environment(place, {})
    api, slack = (json.loads(airflow[f"AIRFLOW_CONN_{name}"]) for name in ("FRAUD_API", "SLACK_ONCALL"))
    assert api["password"] == demo["DEMO_API_KEY"]
    assert slack["password"] == demo["DEMO_SLACK_TOKEN"]
    assert (api["port"], slack["extra"]["base_url"]) == (18081, "http://127.0.0.1:18082/api/")
    assert airflow["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:18080/execution/"


def test_a_service_that_needs_no_secret_is_told_none(place: Place) -> None:
    told = json.dumps(base_environment({"AIRFLOW__CORE__FERNET_KEY": place.secrets.fernet_key}))
    assert place.secrets.fernet_key not in told


def test_stopping_ends_the_tasks_that_left_their_process_group(run: Run, home: Home) -> None:
    leader, log = run(SPAWNING), home.logs / "program.log"
    wait_for(lambda: log.read_text().strip())
    task = int(log.read_text())
    wait_for(lambda: os.getpgid(task) == task)
    processes.stop([leader], grace_seconds=1)
    assert not leader.is_alive()
    wait_for(lambda: not psutil.pid_exists(task) or psutil.Process(task).status() == psutil.STATUS_ZOMBIE)


def test_a_process_that_ignores_the_request_is_killed_and_named(run: Run, home: Home) -> None:
    stubborn = run(
        "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    )
    wait_for((home.logs / "program.log").read_text)
    assert processes.stop([stubborn], grace_seconds=0.3) == ["program"]
    assert not stubborn.is_alive()


def test_a_recycled_process_id_is_not_mistaken_for_a_service(run: Run) -> None:
    running = run("import time; time.sleep(60)")
    recycled = processes.Running("old", running.pid, running.started - 1000)
    assert not recycled.is_alive()
    assert processes.stop([recycled], grace_seconds=0.2) == []
    assert running.is_alive()


def test_what_runs_is_known_to_the_next_command(run: Run, home: Home) -> None:
    running, gone = run("import time; time.sleep(60)"), run("", "gone")
    wait_for(lambda: not gone.is_alive())
    processes.save(home, [running, gone])
    assert processes.load(home) == [running]
    processes.save(home, [])
    assert processes.load(home) == []


def test_a_damaged_note_of_what_runs_counts_as_nothing(home: Home) -> None:
    home.state.write_text('[{"name": "scheduler"')
    assert processes.load(home) == []


def test_one_command_at_a_time(home: Home) -> None:
    assert holder_pid(home) is None
    with locked(home, "demo"):
        assert holder_pid(home) == os.getpid()
        with pytest.raises(LocalError, match=rf"`make demo` \(process {os.getpid()}\).*make down"), locked(home, "up"):
            pass
    assert holder_pid(home) is None


def test_a_killed_command_holds_nothing_and_is_not_asked_to_stop(home: Home) -> None:
    code = f"""
from local.home import Home, locked
import pathlib, time
with locked(Home(pathlib.Path({str(home.root)!r})), "demo"):
    print("held", flush=True)
    time.sleep(60)
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=base_environment(os.environ))
    assert child.stdout
    with child, child.stdout:
        assert child.stdout.readline() == b"held\n"
        assert holder_pid(home) == child.pid
        child.kill()
    assert holder_pid(home) is None
    with locked(home, "up"):
        assert holder_pid(home) == os.getpid()


def test_down_says_when_nothing_runs(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MODELWATCH_HOME", str(home.root))
    assert run_main("down") == 0
    assert capsys.readouterr().out == "nothing is running\n"


def test_down_stops_what_a_killed_command_left(home: Home, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELWATCH_HOME", str(home.root))
    left = run("import time; time.sleep(60)", "scheduler")
    processes.save(home, [left])
    assert run_main("down") == 0
    assert not left.is_alive()
    assert not home.state.exists()


def test_a_taken_port_ends_up_with_a_message_and_no_process(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("MODELWATCH_HOME", str(home.root))
        monkeypatch.setenv("MODELWATCH_PORT", str(port))
        assert run_main("up") == 1
    assert f"port {port} (airflow) is taken" in capsys.readouterr().err
    assert processes.load(home) == []


@pytest.mark.parametrize(
    ("now", "last"),
    [
        (datetime(2026, 3, 2, 12, tzinfo=UTC), date(2026, 3, 1)),
        (datetime(2026, 3, 2, 3, tzinfo=UTC), date(2026, 3, 1)),
        (datetime(2026, 3, 2, 2, tzinfo=UTC), date(2026, 2, 28)),
    ],
)
def test_the_story_ends_on_the_last_day_whose_run_is_due(now: datetime, last: date) -> None:
    assert main.story_end(now) == last


def run_main(command: str) -> int:
    """The command, with this process's signal handlers put back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        return main.main([command])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
