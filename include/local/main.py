"""`python -m local.main up | down | demo`: what `make up`, `make down` and `make demo` do."""

import argparse
import os
import signal
import sys
import time
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psutil

from local import processes
from local.airflow_api import Airflow
from local.demo import DAYS, run_demo
from local.environment import DAG_ID, Place
from local.home import PROJECT, Home, LocalError, holder_pid, load_secrets, locked
from local.ports import Ports
from local.stack import Say, Stack, airflow_is_healthy, running_stack, stop_services
from local.summary import render_messages, table, write_files

INTERRUPTED = 130
SERVICES = 6
# The last day's run is due at 03:00 in the night after it: before that Airflow would rightly refuse to backfill it, and
# from then on it would run it by itself if the backfill did not.
RUN_DUE = timedelta(hours=3)
DOWN_SECONDS = 60


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit status: 0, 1 with a message when something is in the way, 130 on Ctrl-C."""
    parser = argparse.ArgumentParser(prog="local.main", description=__doc__)
    parser.add_argument("command", choices=["up", "down", "demo"])
    parser.add_argument("--output", type=Path, default=PROJECT / "build", help="where demo writes its files")
    parser.add_argument("--days", type=int, default=DAYS, help="how many days demo backfills")
    options = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        home = Home.from_env(os.environ)
        if options.command == "down":
            return down(home)
        return up(home) if options.command == "up" else demo(home, options.output, options.days)
    except LocalError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def up(home: Home) -> int:
    """Start everything and leave it running; a second time, say where it is."""
    with locked(home, "up"):
        place, say = this_place(home), speaker()
        if is_up(place):
            print(f"already running\n{_where(place)}")
            return 0
        clear_leftovers(place)
        stack = Stack(place, say)
        try:
            stack.start()
            airflow = Airflow(place)
            stack.wait_for(lambda: airflow.has_dag(DAG_ID), "dag-processor")
            airflow.unpause(DAG_ID)
        except BaseException:
            stack.stop()
            raise
    print(f"running\n{_where(place)}")
    return 0


def down(home: Home) -> int:
    """Stop everything, a command at work included."""
    if holder := holder_pid(home):
        print(f"asking process {holder} to stop what it started")
        with suppress(psutil.Error):
            process = psutil.Process(holder)
            process.terminate()
            process.wait(DOWN_SECONDS)
    with locked(home, "down"):
        running = processes.load(home)
        if not running:
            print("nothing is running")
        stop_services(this_place(home), running, speaker())
    return 0


def demo(home: Home, output: Path, days: int) -> int:
    """The whole demo: start, backfill, run by hand, show, stop."""
    with locked(home, "demo"):
        place, say = this_place(home), speaker()
        if is_up(place):
            message = f"it is already running at {place.airflow_url}; stop it with `make down`, then try again"
            raise LocalError(message)
        clear_leftovers(place)
        with running_stack(place, say) as stack:
            judged, messages = run_demo(stack, say, days=days)
        files = write_files(output, judged, messages)
    told = render_messages(messages) or "An earlier demo has told of these days; `make clean` lets it begin afresh."
    print(f"\n{table(judged)}\n\nSlack received {len(messages)} message(s):\n\n{told}\n")
    print(f"written: {', '.join(str(file) for file in files)}")
    print(f"to look around in Airflow: make up, then {place.airflow_url}/dags/{DAG_ID}")
    return 0


def this_place(home: Home) -> Place:
    """The installation as the environment describes it."""
    return Place(home, Ports.from_env(os.environ), load_secrets(home), story_end(datetime.now(UTC)))


def story_end(now: datetime) -> date:
    """The last whole day whose run is already due."""
    return (now - RUN_DUE).date() - timedelta(days=1)


def is_up(place: Place) -> bool:
    """Whether all services run and Airflow answers."""
    running = [one for one in processes.load(place.home) if one.is_alive()]
    return len(running) == SERVICES and airflow_is_healthy(place)


def clear_leftovers(place: Place) -> None:
    """Stop what an earlier command left behind when it was killed."""
    leftovers = processes.load(place.home)
    if leftovers:
        print("clearing what an earlier, killed command left behind")
        stop_services(place, leftovers, speaker())


def speaker() -> Say:
    """A speaker whose lines begin with the seconds since it was made."""
    start = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - start:4.0f} s] {text}", flush=True)

    return say


def _where(place: Place) -> str:
    lines = {
        "Airflow": f"{place.airflow_url}/dags/{DAG_ID}",
        "login": f"admin, with the password in {place.home.passwords}",
        "Slack": f"its stand-in writes {place.home.slack_log}",
        "logs": place.home.logs,
        "stop": "make down",
    }
    return "\n".join(f"  {name:<8} {value}" for name, value in lines.items())


if __name__ == "__main__":
    sys.exit(main())
