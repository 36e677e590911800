"""`make demo`: the demo's days through Airflow's backfill, one run by hand, and what came of them."""

import json
from datetime import date, timedelta
from pathlib import Path

from local import summary
from local.airflow_api import Airflow, DagRun, wait_until_final
from local.environment import DAG_ID, Place
from local.home import LocalError
from local.processes import tail
from local.stack import Say, Stack

DAYS = 14
SECONDS_PER_RUN = 120
# One after the other: whether a day pages may depend on the verdicts of the days before it.
ACTIVE_RUNS = 1


def run_demo(stack: Stack, say: Say, *, days: int) -> tuple[list[summary.Day], list[dict[str, object]]]:
    """Backfill the days, run the last one by hand with Slack switched on; returns the days and the messages.

    Raises:
        LocalError: a run failed or did not end; with the end of the failed task's log.
    """
    place = stack.place
    airflow = Airflow(place)
    stack.wait_for(lambda: airflow.has_dag(DAG_ID), "dag-processor")
    first, last = place.story_end - timedelta(days=days - 1), place.story_end
    slack_log = place.home.slack_log
    offset = slack_log.stat().st_size if slack_log.exists() else 0
    _backfill(stack, airflow, first, last, say)
    _run_by_hand(stack, airflow, last, say)
    database = json.loads(place.home.databases.read_text())["modelwatch"]
    stored = summary.stored_days(database, first, last)
    if len(stored) != days:
        logs = place.home.airflow / "logs"
        message = f"the store holds {len(stored)} of the {days} days that Airflow ran; the logs in {logs} say why"
        raise LocalError(message)
    return stored, summary.messages_after(slack_log, offset)


def _backfill(stack: Stack, airflow: Airflow, first: date, last: date, say: Say) -> None:
    airflow.abandon_unfinished(DAG_ID)
    # Queued while the Dag is still paused: once it runs, the scheduler finds the last day taken care of.
    queued = airflow.backfill(DAG_ID, first, last, max_active_runs=ACTIVE_RUNS)
    airflow.unpause(DAG_ID)
    say(f"Airflow backfills {len(queued)} days, {first} to {last}")
    wanted, shown = {run.run_id for run in queued}, [0]

    def read() -> list[DagRun]:
        stack.require_alive()
        return [run for run in airflow.runs(DAG_ID, run_type="backfill") if run.run_id in wanted]

    def seen(runs: list[DagRun]) -> None:
        done = sum(run.state in ("success", "failed") for run in runs)
        if done > shown[0]:
            say(f"  {done} of {len(runs)} days done")
        shown[0] = done

    _require_success(stack.place, airflow, wait_until_final(read, seen, seconds=SECONDS_PER_RUN * len(queued)))


def _run_by_hand(stack: Stack, airflow: Airflow, day: date, say: Say) -> None:
    say(f"triggering one run of {day} by hand, with Slack switched on")
    window = {"window_start": f"{day}", "window_end": f"{day + timedelta(days=1)}", "notify": True}
    run = airflow.trigger(DAG_ID, window)

    def read() -> list[DagRun]:
        stack.require_alive()
        return [airflow.run(DAG_ID, run.run_id)]

    _require_success(stack.place, airflow, wait_until_final(read, lambda _: None, seconds=SECONDS_PER_RUN))


def _require_success(place: Place, airflow: Airflow, runs: list[DagRun]) -> None:
    for run in runs:
        if run.state == "failed":
            tasks = airflow.failed_tasks(DAG_ID, run.run_id)
            message = f"run {run.run_id} failed in {', '.join(tasks)}\n{_log_of(place, run, tasks[:1])}"
            raise LocalError(message)


def _log_of(place: Place, run: DagRun, tasks: list[str]) -> str:
    folder = place.home.airflow / "logs" / f"dag_id={DAG_ID}" / f"run_id={run.run_id}"
    logs: list[Path] = sorted(log for task in tasks for log in (folder / f"task_id={task}").glob("*.log"))
    return f"the end of {logs[-1]}:\n{tail(logs[-1])}" if logs else f"its logs are in {folder}"
