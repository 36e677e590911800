"""Many monitors in one Airflow: how soon their Dags are there, and how long a run waits before its first task.

    MODELWATCH_PORT=18200 MODELWATCH_HOME=build/many python benchmarks/many_monitors.py [--monitors 1 200] [--burst 50]

For each number the local stack is started with so many monitors of ten features, each with a file of its own for a
source; their Dags are there so many seconds after Airflow's API answers. One monitor is switched on while the others
rest; then, up to --burst, all others at once, as at three in the morning. A run waits from the moment the scheduler
queues it to the start of its first task.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq
from speed_data import monitor_file, requests

from local.airflow_api import FINAL, Airflow
from local.home import Home, locked
from local.main import clear_leftovers, this_place
from local.processes import Service
from local.stack import Stack

NUMERIC, CATEGORICAL = 8, 2
MANY_SECONDS = 1200


class StackOfMonitors(Stack):
    """The local stack with another folder of monitor files."""

    folder: Path

    def _airflow(self, name: str) -> Service:
        service = super()._airflow(name)
        return Service(service.name, service.command, {**service.environ, "MODELWATCH_MONITORS_DIR": str(self.folder)})


@dataclass(frozen=True)
class Waited:
    """Runs that were due at once.

    Attributes:
        waits: seconds of each run from being queued to its first task.
        seconds: from switching the monitors on to the end of the last run.
    """

    waits: list[float]
    seconds: float


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--monitors", type=int, nargs="*", default=[1, 10, 50, 200])
    parser.add_argument("--burst", type=int, default=50, help="the most monitors that are due at once")
    options = parser.parse_args()
    home = Home.from_env(os.environ)
    lines = [
        "| monitors | Dags there s | one run waits s | all due at once: median wait s | longest s | runs / minute |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for number in options.monitors:
        with tempfile.TemporaryDirectory() as folder, locked(home, "bench"):
            write_monitors(Path(folder), number)
            lines.append(measure(home, Path(folder), number, options.burst))
    print("\n".join(lines) + "\n")


def write_monitors(folder: Path, number: int) -> None:
    """Monitor files beside one reference and one file of requests."""
    shape = {"numeric": NUMERIC, "categorical": CATEGORICAL}
    for seed, name in enumerate(("reference", "current")):
        pq.write_table(requests(2_000, seed, **shape), folder / f"{name}.parquet")
    for one in range(number):
        path = monitor_file(folder, name=f"m{one}_of_{number}", **shape)
        path.write_text(path.read_text().replace("uri: current", f"uri: {folder}/current"))


def measure(home: Home, folder: Path, number: int, burst: int) -> str:
    """One line of the table."""
    place = this_place(home)
    clear_leftovers(place)
    stack = StackOfMonitors(place, say)
    stack.folder = folder
    try:
        stack.start()
        started, airflow = time.monotonic(), Airflow(place)
        dags = [f"monitor_m{one}_of_{number}" for one in range(number)]
        stack.wait_for(lambda: known(airflow, number) == number, "dag-processor", MANY_SECONDS)
        there = time.monotonic() - started
        alone = due_at_once(stack, airflow, dags[:1])
        rest = due_at_once(stack, airflow, dags[1:]) if 1 < number <= burst else None
    finally:
        stack.stop()
    cells = ["", "", ""]
    if rest is not None:
        rate = 60 * len(rest.waits) / rest.seconds
        cells = [f"{statistics.median(rest.waits):.1f}", f"{max(rest.waits):.1f}", f"{rate:.1f}"]
    return f"| {number} | {there:.0f} | {alone.waits[0]:.1f} | {' | '.join(cells)} |"


def known(airflow: Airflow, number: int) -> int:
    """How many of the monitors' Dags Airflow has."""
    query = {"dag_id_pattern": f"_of_{number}", "exclude_stale": "true", "limit": "1"}
    return int(airflow._call("GET", "/api/v2/dags", params=query)["total_entries"])  # noqa: SLF001  # a benchmark may look


def due_at_once(stack: Stack, airflow: Airflow, dags: list[str]) -> Waited:
    """Switch the Dags on, so that each runs its newest window, and wait for all of them."""
    started = time.monotonic()
    for dag in dags:
        airflow.unpause(dag)
    waits = []
    for dag in dags:
        stack.wait_for(lambda dag=dag: has_ended(airflow, dag), "scheduler", MANY_SECONDS)
        waits.append(wait_of(airflow, dag))
        sys.stderr.write(f"{dag}: waited {waits[-1]:.1f} s\n")
    return Waited(waits, time.monotonic() - started)


def has_ended(airflow: Airflow, dag: str) -> bool:
    """Whether the Dag's run is over."""
    return any(run.state in FINAL for run in airflow.runs(dag))


def wait_of(airflow: Airflow, dag: str) -> float:
    """Seconds from the run's being queued to the start of its first task."""
    [run] = airflow._call("GET", f"/api/v2/dags/{dag}/dagRuns")["dag_runs"]  # noqa: SLF001  # as above
    path = f"/api/v2/dags/{dag}/dagRuns/{run['dag_run_id']}/taskInstances"
    tasks = airflow._call("GET", path)["task_instances"]  # noqa: SLF001  # as above
    first = min(datetime.fromisoformat(task["start_date"]) for task in tasks if task["start_date"])
    return (first - datetime.fromisoformat(run["queued_at"])).total_seconds()


def say(text: str) -> None:
    """What goes on, apart from the results."""
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main()
