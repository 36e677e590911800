"""Airflow for tests: its settings, a metadata database of its own, loading the Dags and running one of them."""

import importlib
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[2]
DAGS = ROOT / "dags"


def airflow_env(home: Path) -> dict[str, str]:
    """The environment of an Airflow that lives below one folder and knows nothing of the machine's own."""
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(home / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__API_AUTH__JWT_SECRET": "long enough for every algorithm " * 3,
    }


def create_database() -> None:
    """Create Airflow's tables and the pool of `fetch_sample`, in the database that the environment names."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from airflow.models.pool import Pool
        from airflow.utils.db import initdb

        initdb()
        Pool.create_or_update_pool("model_api", slots=4, description="", include_deferred=False)


@dataclass(frozen=True)
class Loaded:
    """What the Dag processor would see: the Dags, and an error for each file that could not be imported."""

    dags: Mapping[str, Any]
    errors: Mapping[str, str]


def load_dags(folder: Path = DAGS) -> Loaded:
    """Parse the Dag files as the Dag processor does, with the monitors that the environment names."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(folder))
    return Loaded(bag.dags, {Path(name).name: text for name, text in bag.import_errors.items()})


@dataclass(frozen=True)
class Finished:
    """A Dag run that came to its end."""

    run_id: str
    state: str
    tasks: Mapping[str, str]
    tries: Mapping[str, int]
    xcoms: Mapping[tuple[str, str], Any]


def run_dag(
    dag: Any,
    logical_date: datetime | None,
    conf: Mapping[str, Any] | None = None,
    *,
    run_type: str = "manual",
    event: Any = None,
) -> Finished:
    """Run the Dag to its end in this process; failed tasks are tried again without the pause between.

    With an asset event it is the run that the scheduler makes of it.
    """
    from airflow.serialization.definitions.dag import SerializedDAG
    from airflow.utils.types import DagRunType

    for each in dag.tasks:
        each.retry_delay, each.retry_exponential_backoff = timedelta(0), 0
    create = SerializedDAG.create_dagrun  # dag.test() makes manual runs only

    def create_dagrun(self: Any, **named: Any) -> Any:
        run = create(self, **{**named, "run_type": DagRunType(run_type)})
        if event is not None:
            named["session"].merge(event).created_dagruns.append(run)
            named["session"].commit()
        return run

    with patch.object(SerializedDAG, "create_dagrun", create_dagrun):
        run = dag.test(logical_date=logical_date, run_conf=dict(conf or {}))
    tasks = run.get_task_instances()
    return Finished(
        run_id=run.run_id,
        state=str(run.state),
        tasks={one.task_id: str(one.state) for one in tasks},
        tries={one.task_id: one.try_number for one in tasks},
        xcoms=xcoms_of(dag.dag_id, run.run_id),
    )


def clear_and_run(dag: Any, run_id: str, task_id: str) -> str:
    """Clear one task of a run, as somebody does on its page, and run it again; returns its state then."""
    from airflow.models.taskinstance import TaskInstance, clear_task_instances
    from airflow.sdk.definitions.dag import _run_task
    from airflow.utils.session import create_session
    from sqlalchemy import select

    query = select(TaskInstance).where(
        TaskInstance.dag_id == dag.dag_id, TaskInstance.run_id == run_id, TaskInstance.task_id == task_id
    )
    with create_session() as session:
        clear_task_instances([session.scalars(query).one()], session, dag_run_state=False)
    with create_session() as session:
        cleared = session.scalars(query).one()
        cleared.try_number += 1
    _run_task(ti=cleared, task=dag.get_task(task_id))
    with create_session() as session:
        return str(session.scalars(query).one().state)


def xcoms_of(dag_id: str, run_id: str) -> dict[tuple[str, str], Any]:
    """Everything that went from task to task in a run, by task and key, as it lies in the database."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        rows = session.scalars(select(XComModel).where(XComModel.dag_id == dag_id, XComModel.run_id == run_id))
        return {(row.task_id, row.key): row.value for row in rows}


def asset_events(name: str, run_id: str) -> list[Any]:
    """The events of an asset that a run registered."""
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    query = select(AssetEvent).join(AssetModel, AssetModel.id == AssetEvent.asset_id)
    with create_session() as session:
        found = list(session.scalars(query.where(AssetModel.name == name, AssetEvent.source_run_id == run_id)))
        session.expunge_all()
        return found


@contextmanager
def answering(dag_id: str, task_id: str, option: str) -> Iterator[None]:
    """Somebody who chooses an option under Required Actions as soon as the task asks for it."""
    with warnings.catch_warnings():  # pydantic's, of Airflow's own models; not in the middle of a task
        warnings.simplefilter("ignore")
        importlib.import_module("airflow.api_fastapi.core_api.routes.public.hitl")
    done = threading.Event()
    person = threading.Thread(target=_answer, args=(dag_id, task_id, option, done))
    person.start()
    try:
        yield
    finally:
        done.set()
        person.join()


def _answer(dag_id: str, task_id: str, option: str, done: threading.Event) -> None:
    """What the API server does with the answer."""
    from airflow.api_fastapi.core_api.datamodels.hitl import UpdateHITLDetailPayload
    from airflow.api_fastapi.core_api.routes.public.hitl import update_hitl_detail
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    query = select(TaskInstance.run_id).where(
        TaskInstance.dag_id == dag_id, TaskInstance.task_id == task_id, TaskInstance.state == "awaiting_input"
    )
    user = SimpleNamespace(get_id=lambda: "1", get_name=lambda: "on-call")
    while not done.wait(0.2):
        with create_session() as session:
            run_id = session.scalar(query)
            if run_id is not None:
                payload = UpdateHITLDetailPayload(chosen_options=[option], params_input={})
                update_hitl_detail(dag_id, run_id, task_id, payload, user, session)
                return
