"""The few calls to Airflow's REST API that the local stack makes."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import requests

from local.environment import Place
from local.home import LocalError
from local.ports import ADDRESS

FINAL = ("success", "failed")
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class DagRun:
    """One run of a Dag, as far as the demo looks at it."""

    run_id: str
    state: str
    run_type: str
    logical_date: datetime | None

    @classmethod
    def parse(cls, body: dict[str, Any]) -> "DagRun":
        """From the API's answer."""
        logical = body["logical_date"]
        moment = datetime.fromisoformat(logical) if logical else None
        return cls(body["dag_run_id"], body["state"], body["run_type"], moment)


class Airflow:
    """Airflow's API with the installation's login."""

    def __init__(self, place: Place) -> None:
        self._base = f"http://{ADDRESS}:{place.ports.airflow}"
        self._session = requests.Session()
        self._session.trust_env = False  # never through a proxy: this is our own machine
        login = {"username": "admin", "password": place.secrets.airflow_password}
        token = self._call("POST", "/auth/token", json=login)["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"

    def has_dag(self, dag_id: str) -> bool:
        """Whether the Dag processor has brought the Dag in.

        Raises:
            LocalError: a Dag file could not be imported; with Airflow's message.
        """
        found = self._call("GET", "/api/v2/dags", params={"dag_id_pattern": dag_id, "exclude_stale": "true"})
        if any(dag["dag_id"] == dag_id for dag in found["dags"]):
            return True
        errors = self._call("GET", "/api/v2/importErrors")["import_errors"]
        if errors:
            raise LocalError("\n".join(f"{error['filename']}: {error['stack_trace']}" for error in errors))
        return False

    def unpause(self, dag_id: str) -> None:
        """Let the scheduler run the Dag."""
        self._call("PATCH", f"/api/v2/dags/{dag_id}", json={"is_paused": False})

    def abandon_unfinished(self, dag_id: str) -> None:
        """End what an interrupted demo left open; Airflow takes one backfill of a Dag at a time."""
        found = self._call("GET", "/api/v2/backfills", params={"dag_id": dag_id, "limit": "100"})["backfills"]
        for backfill in found:
            if backfill["completed_at"] is None:
                with suppress(LocalError):  # the scheduler may complete it at this moment
                    self._call("PUT", f"/api/v2/backfills/{backfill['id']}/cancel")
        for run in self.runs(dag_id, state="running"):
            self._call("PATCH", f"{_runs(dag_id)}/{run.run_id}", json={"state": "failed"})

    def backfill(self, dag_id: str, first: date, last: date, *, max_active_runs: int) -> list[DagRun]:
        """Have Airflow backfill the days, those it has run before included; returns the runs it queued."""
        start, end = f"{first}T00:00:00Z", f"{last}T23:59:59Z"
        body = {
            "dag_id": dag_id,
            "from_date": start,
            "to_date": end,
            "max_active_runs": max_active_runs,
            "reprocess_behavior": "completed",
        }
        self._call("POST", "/api/v2/backfills", json=body)
        runs = self.runs(dag_id, logical_date_gte=start, logical_date_lte=end)
        return [run for run in runs if run.state not in FINAL]

    def runs(self, dag_id: str, **filters: str) -> list[DagRun]:
        """The Dag's runs, newest last."""
        query = {"limit": "100", "order_by": "run_after", **filters}
        return [DagRun.parse(run) for run in self._call("GET", _runs(dag_id), params=query)["dag_runs"]]

    def run(self, dag_id: str, run_id: str) -> DagRun:
        """One run as it is now."""
        return DagRun.parse(self._call("GET", f"{_runs(dag_id)}/{run_id}"))

    def trigger(self, dag_id: str, conf: dict[str, object]) -> DagRun:
        """Trigger a run by hand, as the form in Airflow's pages does."""
        return DagRun.parse(self._call("POST", _runs(dag_id), json={"logical_date": None, "conf": conf}))

    def failed_tasks(self, dag_id: str, run_id: str) -> list[str]:
        """The run's tasks that failed by themselves, in the order in which they started."""
        found = self._call("GET", f"{_runs(dag_id)}/{run_id}/taskInstances")["task_instances"]
        failed = [task for task in found if task["state"] == "failed"]
        return [task["task_id"] for task in sorted(failed, key=lambda task: str(task["start_date"]))]

    def _call(self, method: str, path: str, **arguments: Any) -> Any:  # noqa: ANN401  # JSON, as requests types it
        try:
            response = self._session.request(method, self._base + path, timeout=TIMEOUT_SECONDS, **arguments)
            if response.ok:
                return response.json()
            problem = f"answered {response.status_code}: {response.text[:500]}"
        except requests.RequestException as error:
            problem = f"did not answer ({type(error).__name__})"
        message = f"Airflow's API {problem} to {method} {path}; its log is api-server.log"
        raise LocalError(message)


def wait_until_final(
    read: Callable[[], list[DagRun]], seen: Callable[[list[DagRun]], None], *, seconds: float
) -> list[DagRun]:
    """Read the runs until all have ended, showing each reading to ``seen``.

    Raises:
        LocalError: some still ran after ``seconds``.
    """
    deadline = time.monotonic() + seconds
    while True:
        runs = read()
        seen(runs)
        if all(run.state in FINAL for run in runs):
            return runs
        if time.monotonic() > deadline:
            waiting = [run.run_id for run in runs if run.state not in FINAL]
            message = f"{len(waiting)} runs have not ended after {seconds:.0f} seconds, {waiting[0]} among them"
            raise LocalError(message)
        time.sleep(1)


def _runs(dag_id: str) -> str:
    return f"/api/v2/dags/{dag_id}/dagRuns"
