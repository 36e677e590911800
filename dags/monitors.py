"""### One Dag per monitor file.

Every file in `include/monitors` that is valid becomes the Dag `monitor_<name>`; there is nothing to add here. A file
that is not valid has no Dag and shows as an import error of `monitor_config_check.py`; the others do not notice.

A run examines one **window**: the last whole window of the monitor's calendar that ended before the run's data
interval did. `fetch_sample` reads its requests from the model's API and keeps a deterministic sample,
`build_profile` counts it in the reference's cells, and each `check_*` measures one thing on those counts.
With `source.split` in the monitor file, `split_window` cuts the window into parts, each of which a `fetch_part` and a
`count_part` work on, on as many workers as there are; `fetch_sample` and `build_profile` then put them together.
`judge_and_store` judges all of them together and stores the verdict before anyone hears of it; when a task before
it failed, it stores `not_measured`, so a day that could not be measured is never a quiet day. `route_alert` then goes
to `send_slack_alert` or to `stay_quiet`, and `report_failures` ends the run red when any task failed.

**With labels that come later** (`labels` in the monitor file) `fetch_labels` asks for what became known since the last
run, and `judge_matured` judges the windows whose labels have come, each as a new evaluation of that window. With
`retraining`, `request_retraining` updates the asset `modelwatch/<name>/retrain` when performance is confirmed worse.
With `mlflow`, `log_to_mlflow` logs the metrics of every evaluation that the run made.

**Running it by hand.** Trigger with `window_start` and `window_end` to examine any span, `model_version` to examine
one version, `notify` to decide yourself whether Slack hears of it. A backfill stores the same results as the daily
runs would have and tells nobody, unless `notify` is true. Running a window again stores a new, numbered evaluation
beside the old one.

**When it is red.** The failed task's log names what to mend: the connection, the API, the monitor file or the store.
Credentials (401, 403), files and settings fail at once; an API or store that does not answer is tried again. Clearing
the failed task repeats only what depends on it.

Only references go from task to task: the sample and the measurements lie at `MODELWATCH_SAMPLES_URL`, which every
worker must reach. Credentials are Airflow Connections, read in the task that needs them.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Label, XComArg, get_current_context, get_parsing_context, task

from modelwatch.config import Monitor
from modelwatch.settings import Settings
from modelwatch_airflow.assets import retraining_asset, update_once, version_asset
from modelwatch_airflow.defaults import dag_arguments, dag_id, load_monitors, timetable
from modelwatch_airflow.run import connect, current_run

MONITORS: dict[str, Monitor] = {}
"""The monitors whose Dags this process holds, by name; tasks find theirs here."""


@task(pool="model_api", execution_timeout=timedelta(hours=1))
def fetch_sample(monitor: str) -> str:
    """Read the window's requests from the model's API and keep a deterministic sample."""
    from modelwatch import steps

    return steps.fetch_sample(current_run(MONITORS[monitor]), connect)


@task
def build_profile(monitor: str, sample: str) -> str:
    """Count the sample in the reference's cells."""
    from modelwatch import steps

    return steps.build_profile(current_run(MONITORS[monitor]), sample)


@task
def split_window(monitor: str) -> list[str]:
    """Cut the window into parts of the length of `source.split`."""
    from modelwatch import steps

    return steps.split_window(current_run(MONITORS[monitor]))


@task(pool="model_api", execution_timeout=timedelta(hours=1), map_index_template="{{ task.op_kwargs['part'] }}")
def fetch_part(monitor: str, part: str) -> str:
    """Read the part's requests from the model's API and keep a deterministic sample."""
    from modelwatch import steps

    return steps.fetch_part(current_run(MONITORS[monitor]), connect, part)


@task(task_id="fetch_sample")
def merge_samples(monitor: str, parts: Iterable[str]) -> str:
    """Make the window's sample of its parts' samples: the very one that fetching it at once would keep."""
    from modelwatch import steps

    return steps.merge_samples(current_run(MONITORS[monitor]), parts)


@task(map_index_template="{{ task.op_kwargs['part'] }}")
def count_part(monitor: str, sample: str, part: str) -> str:
    """Count the part's rows of the sample in the reference's cells."""
    from modelwatch import steps

    return steps.count_part(current_run(MONITORS[monitor]), sample, part)


@task(task_id="build_profile")
def add_profiles(monitor: str, sample: str, parts: Iterable[str]) -> str:
    """Add the parts' counts up."""
    from modelwatch import steps

    return steps.add_profiles(current_run(MONITORS[monitor]), sample, parts)


@task
def check_quality(monitor: str, profile: str) -> str:
    """Measure missing values, wrong types, values out of the reference's range, unseen categories."""
    from modelwatch import steps

    return steps.check_quality(current_run(MONITORS[monitor]), profile)


@task
def check_feature_drift(monitor: str, profile: str) -> str:
    """Measure how far each feature has moved from the reference."""
    from modelwatch import steps

    return steps.check_feature_drift(current_run(MONITORS[monitor]), profile)


@task
def check_prediction_drift(monitor: str, profile: str) -> str:
    """Measure how far the score and the decision have moved from the reference."""
    from modelwatch import steps

    return steps.check_prediction_drift(current_run(MONITORS[monitor]), profile)


@task
def check_multivariate_drift(monitor: str, sample: str) -> str:
    """Measure how far the features have moved together, on the rows themselves."""
    from modelwatch import steps

    return steps.check_multivariate_drift(current_run(MONITORS[monitor]), sample)


@task
def check_fairness(monitor: str, profile: str) -> str:
    """Measure how differently the groups of each sensitive feature are decided on."""
    from modelwatch import steps

    return steps.check_fairness(current_run(MONITORS[monitor]), profile)


@task(trigger_rule="all_done")
def judge_and_store(monitor: str, sample: str | None, profile: str | None, results: Mapping[str, str | None]) -> int:
    """Judge everything together and store the verdict; what is missing makes the window `not_measured`."""
    from modelwatch import steps

    return steps.judge_and_store(
        current_run(MONITORS[monitor]), sample_ref=sample, profile_ref=profile, results=results
    )


@task
def check_performance(monitor: str, profile: str) -> str:
    """Measure how good scores and decisions turned out to be, where requests come with their labels."""
    from modelwatch import steps

    return steps.check_performance(current_run(MONITORS[monitor]), profile)


@task(pool="model_api", execution_timeout=timedelta(hours=1))
def fetch_labels(monitor: str) -> str:
    """Ask for the labels that came since the last look; returns how many did."""
    from modelwatch import steps

    return str(steps.fetch_labels(current_run(MONITORS[monitor]), connect))


@task
def judge_matured(monitor: str) -> list[int]:
    """Judge the windows whose labels have come, as new evaluations of those windows; returns their ids."""
    from modelwatch import steps

    return steps.judge_matured(current_run(MONITORS[monitor]))


@task
def notice_version(
    monitor: str,
    sample: str,
    *,
    inlet_events: Any = None,  # noqa: ANN401  # Airflow fills them in
    outlet_events: Any = None,  # noqa: ANN401
) -> None:
    """Update the asset that the comparison of two versions is scheduled on when a new one answers, once; else skip."""
    from modelwatch import steps

    noticed = steps.notice_version(current_run(MONITORS[monitor]), sample)
    update_once(version_asset(monitor), noticed, inlet_events, outlet_events)


@task
def request_retraining(
    monitor: str,
    *,
    inlet_events: Any = None,  # noqa: ANN401  # as above
    outlet_events: Any = None,  # noqa: ANN401
) -> None:
    """Update the asset that retraining is scheduled on when performance is confirmed to be worse, once; else skip."""
    from modelwatch import steps

    evidence = steps.request_retraining(current_run(MONITORS[monitor]))
    update_once(retraining_asset(monitor), evidence, inlet_events, outlet_events)


@task
def log_to_mlflow(monitor: str, evaluation: int, matured: Iterable[int] | None = None) -> int:
    """Log what was judged in this run to MLflow, each evaluation once; returns how many were new."""
    from modelwatch import steps

    ids = [evaluation, *(matured or ())]
    return steps.log_to_mlflow(current_run(MONITORS[monitor]), connect, evaluation_ids=ids)


@task.branch
def route_alert(monitor: str) -> str:
    """Choose between speaking (or listening to what on-call answered) and staying quiet."""
    from modelwatch import steps

    return "send_slack_alert" if steps.should_alert(current_run(MONITORS[monitor])) else "stay_quiet"


@task
def send_slack_alert(monitor: str) -> None:
    """Read on-call's answers and send everything that is due, each message once however often this is tried."""
    from modelwatch import steps
    from modelwatch_airflow.receivers import RECEIVERS

    steps.send_slack_alert(current_run(MONITORS[monitor]), connect, RECEIVERS)


@task(trigger_rule="all_done", retries=0)
def report_failures() -> None:
    """End the run red when any task failed, and name the tasks; without it the last task's success would hide them."""
    from airflow.sdk.exceptions import AirflowFailException

    context = get_current_context()
    run_id = context["dag_run"].run_id
    states = context["ti"].get_task_states(dag_id=context["dag_run"].dag_id, run_ids=[run_id])[run_id]
    failed = sorted(name for name, state in states.items() if state == "failed")
    if failed:
        message = f"failed: {', '.join(failed)}; the log of each says what to mend"
        raise AirflowFailException(message)


def counted_at_once(name: str) -> tuple[XComArg, XComArg]:
    """The window's sample and its profile."""
    sample = fetch_sample(name)
    return sample, build_profile(name, sample)


def counted_in_parts(name: str) -> tuple[XComArg, XComArg]:
    """The same sample and profile, by as many tasks as the window has parts."""
    parts = split_window(name)
    sample = merge_samples(name, fetch_part.partial(monitor=name).expand(part=parts))
    counts = count_part.partial(monitor=name, sample=sample).expand(part=parts)
    return sample, add_profiles(name, sample, counts)


def monitor_dag(monitor: Monitor) -> DAG:
    """The Dag of one monitor."""
    MONITORS[monitor.monitor] = monitor
    with DAG(schedule=timetable(monitor), **dag_arguments(monitor, about=__doc__)) as dag:
        name = monitor.monitor
        sample, profile = counted_in_parts(name) if monitor.split else counted_at_once(name)
        results = {
            "quality": check_quality(name, profile),
            "feature_drift": check_feature_drift(name, profile),
            "prediction_drift": check_prediction_drift(name, profile),
            "multivariate_drift": check_multivariate_drift(name, sample),
            "fairness": check_fairness(name, profile),
        }
        if monitor.columns.label is not None:
            results["performance"] = check_performance(name, profile)
        evaluation = judge_and_store(name, sample, profile, results)
        # Labels that cannot be had hold up nothing that is said of the data.
        rule = "all_success" if monitor.labels is None else "all_done_min_one_success"
        route = route_alert.override(trigger_rule=rule)(name)
        sent, quiet = send_slack_alert(name), EmptyOperator(task_id="stay_quiet")
        evaluation >> route
        route >> Label("speak") >> sent
        route >> Label("quiet") >> quiet
        ends = [sent, quiet]
        if monitor.probe is not None and monitor.probe.enabled:
            asset = [version_asset(name)]
            ends.append(evaluation >> notice_version.override(inlets=asset, outlets=asset)(name, sample))
        matured = None
        if monitor.labels is not None:
            matured = judge_matured(name)
            evaluation >> fetch_labels(name) >> matured >> route
            if monitor.retraining is not None:
                asset = [retraining_asset(name)]
                ends.append(matured >> request_retraining.override(inlets=asset, outlets=asset)(name))
        if monitor.mlflow is not None:
            ends.append(log_to_mlflow.override(trigger_rule=rule)(name, evaluation, matured))
        ends >> report_failures()
    return dag


# A task's process runs one Dag and need not build the others.
valid, _ = load_monitors(Settings.from_env().monitors_dir, only=get_parsing_context().dag_id)
for one in valid:
    globals()[dag_id(one.monitor)] = monitor_dag(one)
