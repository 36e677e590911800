"""Who looks at the pages, and what they may see and do; Airflow and the local page each have their own."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from modelwatch.history import Act

FINE = ("success", "skipped", "removed")
DONE = (*FINE, "failed", "upstream_failed")
AT_WORK = ("running", "restarting", "deferred")


@dataclass(frozen=True)
class Schedule:
    """What the scheduler says of a monitor's Dag."""

    next_run: datetime | None
    is_paused: bool


@dataclass(frozen=True)
class Task:
    """A task of a run; ``state`` is None while it waits for others."""

    name: str
    state: str | None


@dataclass(frozen=True)
class AirflowRun:
    """A run of a monitor's Dag, as Airflow sees it now."""

    run_id: str
    state: str
    asked_at: datetime | None
    asked_by: str | None
    tasks: tuple[Task, ...]

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in ("success", "failed")

    @property
    def failed(self) -> tuple[Task, ...]:
        """The tasks whose logs say what went wrong."""
        return tuple(task for task in self.tasks if task.state == "failed")

    @property
    def words(self) -> str:
        """``running: 4 of 12 tasks are done, now at check_fairness``."""
        if self.state == "failed":
            return f"failed: {', '.join(task.name for task in self.failed) or 'no task of it was run'}"
        n_done = sum(task.state in DONE for task in self.tasks)
        now = [task.name for task in self.tasks if task.state in AT_WORK]
        if self.state == "queued" and not now:
            return "queued: Airflow has not begun it yet"
        at = f", now at {', '.join(now)}" if now else ""
        return f"{self.state}: {n_done} of {len(self.tasks)} tasks are done{at}"


def no_run(_monitor: str, _run_id: str) -> None:
    """Knows no run."""


def no_acts(_monitor: str, _since: datetime) -> Sequence[Act]:
    """Knows of nothing that was asked of Airflow."""
    return ()


def everything(_: str) -> bool:
    """May all."""
    return True


def nothing(_: str) -> bool:
    """May none."""
    return False


@dataclass(frozen=True)
class Viewer:
    """One person in one request.

    Attributes:
        name: for the audit trail.
        readable: the monitors that may be listed; None: all.
        may_read, may_run: whether this monitor may be seen, and run or acknowledged.
        schedules: what the scheduler says of the readable monitors.
        run: a run of the monitor's Dag; None: there is none, or it may not be seen.
        acts: what people asked of Airflow since a moment: runs by hand and backfills.
        has_airflow: the pages are served beside Airflow's own.
    """

    name: str
    readable: Callable[[], Collection[str] | None]
    may_read: Callable[[str], bool] = everything
    may_run: Callable[[str], bool] = nothing
    schedules: Callable[[], dict[str, Schedule]] = dict
    run: Callable[[str, str], AirflowRun | None] = no_run
    acts: Callable[[str, datetime], Sequence[Act]] = no_acts
    has_airflow: bool = False


LOCAL = Viewer("local", readable=lambda: None)
