"""docker-compose's deployment with two Celery workers that share no disk: real Redis, an S3 server, one whole Dag run.

Each worker listens to a queue of its own, and every task goes to the other one than the task before it.
"""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import fsspec
import pytest

from demo.api import Faults
from demo.serving import serving
from demo.slack import FakeSlack
from demo.slack import create_app as create_slack
from local.airflow_api import Airflow, DagRun, wait_until_final
from local.environment import Place
from local.home import Home, load_secrets
from local.ports import ADDRESS, Ports
from local.processes import Running
from local.stack import airflow_is_healthy
from modelwatch.config import load_monitor
from modelwatch.settings import Settings, parse_connection
from modelwatch.steps import Run
from modelwatch.steps.inline import run_window
from modelwatch.store import engine, repository
from modelwatch.store.engine import EmbeddedPostgres
from support.deployment import ROOT, Deployment, stopping
from support.postgres import migrated_database
from support.watched_model import API_KEY, CENTS_DAY, SLACK_TOKEN, model_api, window_of

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

WORKERS = ("east", "west")
REDIS_PASSWORD, STORAGE = (
    "password-of-redis",
    {"OBJECT_STORAGE_USER": "modelwatch", "OBJECT_STORAGE_PASSWORD": "hunter2"},
)
MONITOR, DAG_ID = ROOT / "include" / "monitors" / "fraud.yaml", "monitor_fraud"
# In the order of the run; tasks of one line run side by side.
ORDER = (
    ("split_window",),
    ("fetch_part",),
    ("fetch_sample",),
    ("count_part",),
    ("build_profile",),
    ("check_quality", "check_feature_drift", "check_prediction_drift", "check_multivariate_drift", "check_fairness"),
    ("judge_and_store",),
    ("route_alert",),
    ("send_slack_alert", "stay_quiet"),
    ("report_failures",),
)
# Airflow's own way to decide where a task runs; a mapped task's second part runs on the other worker than its first.
POLICY = f"""
PLACES = {{task: place for place, tasks in enumerate({ORDER!r}) for task in tasks}}


def task_instance_mutation_hook(task_instance, dag_run=None):
    place = PLACES.get(task_instance.task_id, 0) + max(task_instance.map_index or 0, 0)
    task_instance.queue = {WORKERS!r}[place % 2]
"""


@dataclass(frozen=True)
class Finished:
    """A Dag run that came to its end, and what it left."""

    deployment: Deployment
    run: DagRun
    slack: FakeSlack
    database_url: str
    api: str
    storage: str

    def log_folders(self, worker: str) -> set[str]:
        """The tasks whose logs are on a worker's disk: it ran them."""
        found = (self.deployment.disk(worker) / "airflow" / "logs").glob(f"dag_id={DAG_ID}/*/task_id=*")
        return {folder.name.removeprefix("task_id=") for folder in found}


@pytest.fixture(scope="module")
def finished(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    """The deployment, after one run of the monitor's Dag over a day with an alert."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed (Debian: apt-get install redis-server)")
    folder, slack = tmp_path_factory.mktemp("celery"), FakeSlack(token=SLACK_TOKEN, interval=0)
    postgres.create_database("airflow_of_workers")
    with ExitStack() as stack:
        store = stack.enter_context(migrated_database(postgres))
        api = stack.enter_context(model_api(Faults()))
        storage, slack_url = stack.enter_context(s3()), stack.enter_context(serving(create_slack(slack)))
        place = Place(
            Home.from_env({"MODELWATCH_HOME": str(folder)}),
            Ports(free_port(), 0, 0, 0),
            load_secrets(Home(folder)),
            CENTS_DAY,
        )
        deployment = Deployment(
            root=folder,
            values=values(place, api, slack_url),
            addresses={
                "@redis:6379": f"@{ADDRESS}:{stack.enter_context(redis(folder))}",
                "http://object-storage:9000": storage,
                "http://api-server:8080": f"http://{ADDRESS}:{place.ports.airflow}",
            },
            overrides=overrides(postgres.url("airflow_of_workers"), store, place),
            prepare=prepare,
        )
        stack.enter_context(stopping(deployment))
        yield Finished(deployment, run_once(deployment, place), slack, store, api, storage)


def run_once(deployment: Deployment, place: Place) -> DagRun:
    """Start everything as docker-compose does, and run the Dag by hand."""
    workers = [start_worker(deployment, name) for name in WORKERS]
    deployment.finish(deployment.start("migrate"), deployment.start("bucket"))
    deployment.start("api-server", AIRFLOW_ADMIN_PASSWORD=place.secrets.airflow_password)
    deployment.start("dag-processor")
    deployment.start("scheduler")
    deployment.wait(lambda: airflow_is_healthy(place))
    airflow = Airflow(place)
    deployment.wait(lambda: airflow.has_dag(DAG_ID))
    # In this order: one run at a time, and the schedule's own run is due as soon as the Dag is switched on.
    started = airflow.trigger(DAG_ID, {"window_start": str(CENTS_DAY)})
    airflow.unpause(DAG_ID)
    (run,) = wait_until_final(lambda: [airflow.run(DAG_ID, started.run_id)], lambda _: None, seconds=300)
    assert all(worker.is_alive() for worker in workers)
    return run


def start_worker(deployment: Deployment, name: str) -> Running:
    """A worker that takes one task at a time, from its own queue."""
    own = ("--queues", name, "--celery-hostname", f"{name}@%h", "--concurrency", "1", "--skip-serve-logs")
    return deployment.start("worker", *own, name=name)


def values(place: Place, api: str, slack: str) -> Mapping[str, str]:
    """What stands in `.env`."""
    secrets = place.secrets
    return {
        "POSTGRES_PASSWORD": "not-used-over-a-socket",
        "REDIS_PASSWORD": REDIS_PASSWORD,
        **STORAGE,
        "AIRFLOW_FERNET_KEY": secrets.fernet_key,
        "AIRFLOW_SECRET_KEY": secrets.session_key,
        "AIRFLOW_JWT_SECRET": secrets.jwt_secret,
        "AIRFLOW_CONN_FRAUD_API": fraud_api(api),
        "AIRFLOW_CONN_SLACK_ONCALL": json.dumps(
            {"conn_type": "slack", "password": SLACK_TOKEN, "extra": {"base_url": f"{slack}/api/"}}
        ),
    }


def overrides(airflow: str, store: str, place: Place) -> Mapping[str, str]:
    """What is of this machine: Postgres on a socket, free ports, and fewer processes than a server has."""
    return {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": airflow,
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{airflow}",
        "MODELWATCH_DATABASE_URL": store,
        "AIRFLOW__API__HOST": ADDRESS,
        "AIRFLOW__API__PORT": str(place.ports.airflow),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(free_port()),
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.3",
    }


def prepare(disk: Path) -> None:
    """The monitor, its windows in two parts, and the policy that sends each task to the other worker."""
    path = disk / "project" / "include" / "monitors" / MONITOR.name
    path.write_text(path.read_text().replace("\nsource:\n", "\nsource:\n  split: PT12H\n"))
    (disk / "airflow" / "config").mkdir(parents=True)
    (disk / "airflow" / "config" / "airflow_local_settings.py").write_text(POLICY)


def fraud_api(api: str) -> str:
    return json.dumps({"conn_type": "http", "host": api, "password": API_KEY})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


@contextmanager
def redis(folder: Path) -> Iterator[int]:
    """A Redis server with a password; yields its port."""
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", ADDRESS, "--requirepass", REDIS_PASSWORD, "--save", ""]
    with (folder / "redis.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def s3() -> Iterator[str]:
    """A server that speaks S3; yields its address."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address=ADDRESS, port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_the_run_succeeds_and_slack_hears_of_the_alert(finished: Finished) -> None:
    assert finished.run.state == "success", finished.deployment.told("east") + finished.deployment.told("west")
    roots = [one for one in finished.slack.messages if not one.get("thread_ts")]
    assert "amount" in str(roots)


def test_consecutive_tasks_ran_on_different_workers(finished: Finished) -> None:
    east, west = (finished.log_folders(worker) for worker in WORKERS)
    assert {"fetch_part", "count_part"} == east & west, "each part on another worker"
    for before, after in pairwise(ORDER[5:]):
        assert not (east & {*before}) or not (east & {*after})
    assert {"split_window", "fetch_sample", "build_profile", "judge_and_store"} <= east
    assert {"check_feature_drift", "route_alert", "report_failures"} <= west


def test_what_was_stored_is_what_one_process_finds(
    finished: Finished, tmp_path: Path, postgres: EmbeddedPostgres
) -> None:
    with engine.session(finished.database_url) as session:
        stored = repository.evaluation_of(session, "fraud", window_of(CENTS_DAY))
    assert stored is not None
    with migrated_database(postgres) as url:
        settings = Settings(tmp_path, MONITOR.parent, (tmp_path / "samples").as_uri(), url)
        run = Run(load_monitor(MONITOR), window_of(CENTS_DAY), "cli__1", "cli", settings)
        alone = run_window(run, lambda conn_id: parse_connection(conn_id, fraud_api(finished.api)))
    assert (stored.verdict, stored.coverage) == (alone.judgement.verdict, alone.coverage) == ("alert", 1.0)
    assert set(stored.results) == set(alone.judgement.results)


def test_artifacts_are_in_object_storage_and_on_nobodys_disk(finished: Finished) -> None:
    options = {"key": STORAGE["OBJECT_STORAGE_USER"], "secret": STORAGE["OBJECT_STORAGE_PASSWORD"]}
    bucket = fsspec.filesystem("s3", **options, endpoint_url=finished.storage)
    names = {path.rpartition("/")[2] for path in bucket.find("modelwatch/samples")}
    assert {"sample.parquet", "seen.bin", "profile.bin", "quality.json", "report.html"} <= names
    for worker in WORKERS:
        disk = finished.deployment.disk(worker)
        kept = [path for path in (disk / "airflow" / "modelwatch").rglob("*") if path.is_file()]
        assert {path.parent.name for path in kept} <= {"digests"}, "of a file that every worker has"
        assert not [path for path in (disk / "tmp").rglob("*") if path.suffix in (".parquet", ".bin", ".html")]
