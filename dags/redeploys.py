"""### After a redeploy: is the new version the same, better, or unfair?

Every monitor whose requests name the version of the model that answered them has a Dag `redeploy_<name>`. Trigger it
when a new version is live, by hand or from the deploy pipeline; a monitor with `probe` also triggers it by itself when
a version appears that its windows have not seen before.

`compare_traffic` puts the new version's requests beside the old one's of the same hours. `ask_model` sends stored
requests, and changed copies of them, to the model's own API: within the budget, at the declared pace, and only where
the monitor file says so (`probe: {enabled: true}`). Pausing the Dag pauses it; a task that is killed and cleared goes
on where it was, and asks nothing twice. `judge_versions` says `same`, `changed`, `worse`, `unfair` or `insufficient`,
stores it with its evidence, and tells Slack.

Then a person decides: **Approve** makes the new version's requests the reference that later windows are compared with,
**Reject** keeps the reference. Who decided what, when and why is kept.
"""

from datetime import timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Param, get_current_context, get_parsing_context, task

from modelwatch.config import Monitor
from modelwatch.settings import Settings
from modelwatch_airflow.assets import version_asset
from modelwatch_airflow.defaults import load_monitors
from modelwatch_airflow.redeploy import current_redeploy, decided, redeploy_arguments, redeploy_dag_id
from modelwatch_airflow.run import connect

MONITORS: dict[str, Monitor] = {}
ASKING = timedelta(seconds=45)
DECIDE_WITHIN = timedelta(days=14)


@task(pool="model_api", execution_timeout=timedelta(hours=1))
def compare_traffic(monitor: str) -> None:
    """Measure the new version's requests against the old one's."""
    from modelwatch import steps

    steps.compare_traffic(current_redeploy(MONITORS[monitor]), connect)


@task.sensor(pool="model_api", mode="reschedule", poke_interval=1, timeout=timedelta(hours=12).total_seconds())
def ask_model(monitor: str) -> bool:
    """Ask the model's API for a while; again and again until everything has been asked or the budget is used up."""
    from modelwatch import steps

    return steps.ask_probes(current_redeploy(MONITORS[monitor]), connect, seconds=ASKING.total_seconds())


@task
def judge_versions(monitor: str) -> str:
    """Judge and store; returns the summary that the decision rests on."""
    from modelwatch import steps

    return steps.judge_versions(current_redeploy(MONITORS[monitor]))


@task
def send_verdict(monitor: str) -> None:
    """Tell Slack, once however often this is tried."""
    from modelwatch import steps

    steps.send_verdict(current_redeploy(MONITORS[monitor]), connect)


@task(trigger_rule="all_done")
def record_decision(monitor: str) -> str:
    """Keep who decided what and why; an approved version's requests become the reference."""
    from modelwatch import steps

    answer = get_current_context()["ti"].xcom_pull(task_ids="accept_version")
    return steps.decide(current_redeploy(MONITORS[monitor]), **decided(answer))


def redeploy_dag(monitor: Monitor) -> DAG:
    """The Dag of one monitor."""
    name = monitor.monitor
    MONITORS[name] = monitor
    with DAG(schedule=[version_asset(name)], **redeploy_arguments(monitor, about=__doc__)) as dag:
        verdict = judge_versions(name)
        accept_version = ApprovalOperator(
            task_id="accept_version",
            subject="Shall later windows be compared with the new version?",
            body="{{ ti.xcom_pull(task_ids='judge_versions') }}",
            params={"reason": Param("", type="string", title="Why")},
            defaults=ApprovalOperator.REJECT,
            response_timeout=DECIDE_WITHIN,
            execution_timeout=None,
        )
        compare_traffic(name) >> ask_model(name) >> verdict >> [send_verdict(name), accept_version]
        accept_version >> EmptyOperator(task_id="accepted") >> record_decision(name)
    return dag


valid, _ = load_monitors(Settings.from_env().monitors_dir)
for one in valid:
    if one.columns.model_version is not None and get_parsing_context().dag_id in (None, redeploy_dag_id(one.monitor)):
        globals()[redeploy_dag_id(one.monitor)] = redeploy_dag(one)
