"""The monitors' Dag with nothing in its tasks: what Airflow alone costs. `dag_overhead.py` compares the shapes."""

from datetime import UTC, datetime

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, CronDataIntervalTimetable, task
from airflow.sdk.exceptions import AirflowSkipException

CHECKS = ("quality", "feature_drift", "prediction_drift", "multivariate_drift", "fairness")


@task(pool="model_api")
def fetch_sample() -> str:
    """Hand on a reference."""
    return "sample"


@task
def build_profile(sample: str) -> str:
    """Hand on a reference."""
    return sample


@task
def check(given: str) -> str:
    """Hand on a reference."""
    return given


@task(trigger_rule="all_done")
def judge_and_store(sample: str, profile: str, results: dict[str, str]) -> int:  # noqa: ARG001  # as the real one takes
    """Hand on a number."""
    return len(results)


@task
def notice_version(sample: str) -> None:  # noqa: ARG001  # as the real one takes
    """Be skipped, as on a day without a new version."""
    raise AirflowSkipException


@task.branch
def route_alert() -> str:
    """Stay quiet."""
    return "stay_quiet"


@task
def send_slack_alert() -> None:
    """Nothing."""


@task(trigger_rule="all_done", retries=0)
def report_failures() -> None:
    """Nothing."""


with DAG(
    "empty_shape",
    schedule=CronDataIntervalTimetable("0 3 * * *", timezone="UTC"),
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
) as dag:
    fetched = fetch_sample()
    profile = build_profile(fetched)
    sources = {name: fetched if name == "multivariate_drift" else profile for name in CHECKS}
    results = {name: check.override(task_id=f"check_{name}")(given) for name, given in sources.items()}
    evaluation = judge_and_store(fetched, profile, results)
    route = route_alert()
    sent, quiet = send_slack_alert(), EmptyOperator(task_id="stay_quiet")
    evaluation >> route >> [sent, quiet]
    [sent, quiet, evaluation >> notice_version(fetched)] >> report_failures()
