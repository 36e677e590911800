"""### Train the fraud model again, once somebody has said so.

Copy this file into `dags/` and put your own training in place of `train`. It is scheduled on the asset that the
monitor `fraud` updates when performance is confirmed to be worse (`retraining` in its monitor file). Somebody with
rights on this Dag reads the evidence under *Required Actions* in Airflow and approves or rejects it; without an answer
in three days nothing is trained.
"""

from datetime import UTC, datetime, timedelta

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Asset, get_current_context, task

RETRAIN = Asset("modelwatch/fraud/retrain")


@task
def read_evidence() -> str:
    """The request that started this run, in words for the person who decides."""
    (event, *_) = get_current_context()["triggering_asset_events"][RETRAIN]
    evidence = event.extra
    lines = [f"Worse since {evidence['since']}, last seen in the window from {evidence['window']['start']}:", ""]
    lines += [f"- {one['metric']} {one['evidence']}" for one in evidence["findings"]]
    return "\n".join([*lines, "", f"request {evidence['request']}, episode {evidence['episode']}"])


@task
def train() -> None:
    """Your training, on labels that are mature."""


with DAG(
    "retrain_fraud",
    schedule=[RETRAIN],
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    max_active_runs=1,
    doc_md=__doc__,
    tags=["modelwatch"],
):
    evidence = read_evidence()
    approve = ApprovalOperator(
        task_id="approve",
        subject="Train the fraud model again?",
        body="{{ ti.xcom_pull(task_ids='read_evidence') }}",
        response_timeout=timedelta(days=3),
        defaults="Reject",
    )
    evidence >> approve >> train()
