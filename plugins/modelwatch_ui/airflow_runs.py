"""What Airflow knows of a monitor's runs: how far one is, and which were asked for by whom and why."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.models.backfill import Backfill
from airflow.models.dagrun import DagRun, DagRunNote
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from airflow.utils.types import DagRunType
from sqlalchemy import select

from modelwatch.domain import Window
from modelwatch.history import Act
from modelwatch_ui.viewer import FINE, AirflowRun, Task

MOST_ACTS = 200


def run_of(dag_id: str, run_id: str) -> AirflowRun | None:
    """The run with its tasks in the order they began, those still to come last."""
    run, task = DagRun, TaskInstance
    head = select(run.state, run.queued_at, run.triggering_user_name).where(run.dag_id == dag_id, run.run_id == run_id)
    tasks = (
        select(task.task_id, task.state)
        .where(task.dag_id == dag_id, task.run_id == run_id)
        .order_by(task.start_date.asc().nulls_last(), task.task_id)
    )
    with create_session() as session:
        found = session.execute(head).first()
        if found is None:
            return None
        state, asked_at, asked_by = found
        rows = session.execute(tasks).all()
    return AirflowRun(run_id, str(state), asked_at, asked_by, _tasks(rows))


def acts_of(dag_id: str, since: datetime) -> Sequence[Act]:
    """The newest runs by hand and backfills since then."""
    run, backfill = DagRun, Backfill
    runs = (
        select(run.run_id, run.run_after, run.triggering_user_name, run.conf, DagRunNote.content)
        .outerjoin(DagRunNote, DagRunNote.dag_run_id == run.id)
        .where(run.dag_id == dag_id, run.run_type == DagRunType.MANUAL, run.run_after >= since)
        .order_by(run.run_after.desc())
        .limit(MOST_ACTS)
    )
    backfills = (
        select(backfill)
        .where(backfill.dag_id == dag_id, backfill.created_at >= since)
        .order_by(backfill.created_at.desc())
        .limit(MOST_ACTS)
    )
    with create_session() as session:
        found = [
            Act(at, by, "run", run_id, note, window=_window(conf))
            for run_id, at, by, conf, note in session.execute(runs)
        ]
        return found + [
            Act(
                one.created_at,
                one.triggering_user_name,
                "backfill",
                str(one.id),
                _text((one.dag_run_conf or {}).get("reason")),
                window=Window(one.from_date, one.to_date) if one.from_date < one.to_date else None,
            )
            for one in session.scalars(backfills)
        ]


def _tasks(rows: Iterable[Any]) -> tuple[Task, ...]:
    """Each task once; of a mapped one the state to look at first: failed, then not done."""
    found: dict[str, str | None] = {}
    for name, state in rows:
        if name not in found or state == "failed" or (found[name] in FINE and state not in FINE):
            found[name] = state
    return tuple(Task(name, state) for name, state in found.items())


def _window(conf: Any) -> Window | None:  # noqa: ANN401  # whatever somebody wrote into the form
    """The window a run was asked for; None: the newest one, or something that is no window."""
    try:
        start, end = (datetime.fromisoformat(conf[key]).astimezone(UTC) for key in ("window_start", "window_end"))
        return Window(start, end)
    except (KeyError, TypeError, ValueError):
        return None


def _text(value: Any) -> str | None:  # noqa: ANN401  # the same
    return value if isinstance(value, str) else None
