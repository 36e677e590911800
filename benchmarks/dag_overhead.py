"""A daily run and a backfill under the real scheduler, against an empty Dag of the same shape, in one go.

    MODELWATCH_PORT=18200 MODELWATCH_HOME=build/overhead python benchmarks/dag_overhead.py [--runs 7] [--days 90]

The whole local stack is started as `make up` starts it (embedded Postgres, the demo's API, API server, Dag processor,
scheduler with LocalExecutor), the empty Dag of benchmarks/dags beside the demo's. Runs of the two Dags take turns. A
run's time is Airflow's own: from the start of the Dag run to its end. The backfills follow one after the other.
"""

import argparse
import json
import os
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from local.airflow_api import Airflow, DagRun, wait_until_final
from local.environment import DAG_ID
from local.home import PROJECT, Home, locked
from local.main import clear_leftovers, this_place
from local.processes import Service
from local.stack import Stack

EMPTY = "empty_shape"
RUN_SECONDS = 180
Dags = dict[str, list[float]]


class StackWithEmptyDag(Stack):
    """The local stack with a second folder of Dags."""

    def _airflow(self, name: str) -> Service:
        service = super()._airflow(name)
        bundles = [
            {
                "name": bundle,
                "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
                "kwargs": {"path": str(PROJECT / folder)},
            }
            for bundle, folder in (("dags-folder", "dags"), ("bench", "benchmarks/dags"))
        ]
        environ = {**service.environ, "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(bundles)}
        return Service(service.name, service.command, environ)


@dataclass(frozen=True)
class Bench:
    """A running stack and its API."""

    stack: Stack
    airflow: Airflow

    def require_one_shape(self) -> None:
        """Stop when the empty Dag no longer has the tasks and edges of the real one."""
        shapes = [self._shape(dag) for dag in (DAG_ID, EMPTY)]
        if shapes[0] != shapes[1]:
            sys.exit(f"the shapes differ; mend benchmarks/dags/empty_shape.py:\n{shapes[0]}\n{shapes[1]}")

    def _shape(self, dag: str) -> dict[str, Any]:
        tasks = self.airflow._call("GET", f"/api/v2/dags/{dag}/tasks")["tasks"]  # noqa: SLF001  # a benchmark may look
        return {task["task_id"]: (sorted(task["downstream_task_ids"]), task["trigger_rule"]) for task in tasks}

    def one_run(self, dag: str, day: date) -> float:
        """Seconds of one run triggered by hand."""
        window = {"window_start": f"{day}", "window_end": f"{day + timedelta(days=1)}", "notify": False}
        run = self.airflow.trigger(dag, window if dag == DAG_ID else {})
        wait_until_final(lambda: [self._alive(dag, run.run_id)], lambda _: None, seconds=RUN_SECONDS)
        return self._seconds(dag, run.run_id)

    def backfill(self, dag: str, first: date, last: date) -> float:
        """Seconds from asking for the backfill to the end of its last run."""
        started = time.monotonic()
        queued = {run.run_id for run in self.airflow.backfill(dag, first, last, max_active_runs=1)}

        def read() -> list[DagRun]:
            self.stack.require_alive()
            return [run for run in self.airflow.runs(dag, run_type="backfill") if run.run_id in queued]

        runs = wait_until_final(read, lambda _: None, seconds=RUN_SECONDS * len(queued))
        failed = [run.run_id for run in runs if run.state != "success"]
        if failed:
            sys.exit(f"{len(failed)} runs of {dag} failed, {failed[0]} among them")
        return time.monotonic() - started

    def _alive(self, dag: str, run_id: str) -> DagRun:
        self.stack.require_alive()
        return self.airflow.run(dag, run_id)

    def _seconds(self, dag: str, run_id: str) -> float:
        path = f"/api/v2/dags/{dag}/dagRuns/{run_id}"
        found = self.airflow._call("GET", path)  # noqa: SLF001  # a benchmark may look
        if found["state"] != "success":
            sys.exit(f"run {run_id} of {dag} ended {found['state']}")
        edges = [datetime.fromisoformat(found[name]) for name in ("start_date", "end_date")]
        return (edges[1] - edges[0]).total_seconds()


def main() -> None:
    """Print both figures as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--days", type=int, default=90, help="windows to backfill; 0 leaves the backfills out")
    options = parser.parse_args()
    home = Home.from_env(os.environ)
    with locked(home, "bench"):
        place = this_place(home)
        clear_leftovers(place)
        stack = StackWithEmptyDag(place, say)
        try:
            stack.start()
            bench = Bench(stack, Airflow(place))
            for dag in (DAG_ID, EMPTY):
                stack.wait_for(lambda dag=dag: bench.airflow.has_dag(dag), "dag-processor")
            bench.require_one_shape()
            report = runs_table(bench, place.story_end, options.runs)
            if options.days:
                report += backfill_table(bench, place.story_end, options.days)
        finally:
            stack.stop()
    print(report)


def runs_table(bench: Bench, day: date, runs: int) -> str:
    """One run of each Dag that is not counted, then turns."""
    taken: Dags = {DAG_ID: [], EMPTY: []}
    for dag in taken:
        bench.airflow.unpause(dag)
    for number in range(runs + 1):
        for dag, seconds in taken.items():
            taken_now = bench.one_run(dag, day)
            if number:
                seconds.append(taken_now)
            sys.stderr.write(f"{dag}: {taken_now:.2f} s\n")
    medians = {dag: statistics.median(seconds) for dag, seconds in taken.items()}
    ratio = medians[DAG_ID] / medians[EMPTY]
    return (
        f"One run of a day, median of {runs} in turn: {medians[DAG_ID]:.2f} s, the empty Dag {medians[EMPTY]:.2f} s, "
        f"ratio {ratio:.2f} (aim 1.5).\n"
    )


def backfill_table(bench: Bench, last: date, days: int) -> str:
    """Both backfills, the empty one first."""
    first = last - timedelta(days=days - 1)
    seconds = {dag: bench.backfill(dag, first, last) for dag in (EMPTY, DAG_ID)}
    speeds = {dag: 60 * days / one for dag, one in seconds.items()}
    ratio = seconds[DAG_ID] / seconds[EMPTY]
    return (
        f"\nBackfill of {days} days, one run at a time: {speeds[DAG_ID]:.1f} day-runs per minute, the empty Dag "
        f"{speeds[EMPTY]:.1f}, ratio {ratio:.2f} (aim 1.3); {datetime.now(UTC):%Y-%m-%d}.\n"
    )


def say(text: str) -> None:
    """What goes on, apart from the results."""
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main()
