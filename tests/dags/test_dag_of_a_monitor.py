"""One Dag per valid monitor file, of one shape; a file that is not valid stops only itself, and is shown."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from modelwatch.config import find_monitors
from support.airflow_runs import DAGS, ROOT, load_dags

Write = Callable[..., Path]
HEAVY = {
    "dlt", "fairlearn", "modelwatch.steps", "numpy", "pandas", "pyarrow", "scipy", "sklearn", "slack_sdk",
    "statsmodels",
}  # fmt: skip
OF_ALL = {"modelwatch_drill", "modelwatch_watchdog"}
PROFILE_CHECKS = {"check_quality", "check_feature_drift", "check_prediction_drift", "check_fairness"}
CHECKS = {*PROFILE_CHECKS, "check_multivariate_drift"}
EDGES = {
    "fetch_sample": {"build_profile", "check_multivariate_drift", "judge_and_store"},
    "build_profile": {*PROFILE_CHECKS, "judge_and_store"},
    **{check: {"judge_and_store"} for check in CHECKS},
    "judge_and_store": {"route_alert"},
    "route_alert": {"send_slack_alert", "stay_quiet"},
    "send_slack_alert": {"report_failures"},
    "stay_quiet": {"report_failures"},
    "report_failures": set(),
}


@pytest.fixture
def dag(write_monitor: Write) -> Any:
    write_monitor("alpha")
    return load_dags().dags["monitor_alpha"]


def test_every_file_has_a_dag_and_no_other_is_there(write_monitor: Write) -> None:
    for name in ("gamma", "alpha", "beta"):
        write_monitor(name)
    loaded = load_dags()
    assert sorted(loaded.dags) == ["modelwatch_watchdog", "monitor_alpha", "monitor_beta", "monitor_gamma"]
    assert not loaded.errors


def test_the_projects_own_monitors_all_have_their_dag(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ROOT / "include" / "monitors"
    monkeypatch.setenv("MODELWATCH_MONITORS_DIR", str(folder))
    loaded = load_dags()
    names = find_monitors(folder)
    expected = {f"{kind}_{name}" for name in names for kind in ("monitor", "redeploy")}  # all of them name a version
    assert set(loaded.dags) - OF_ALL == expected != set()
    assert not loaded.errors


def test_no_monitor_files_is_no_dag_and_no_error(monitors_dir: Path) -> None:
    loaded = load_dags()
    assert set(loaded.dags) == {"modelwatch_watchdog"}
    assert not loaded.errors


@pytest.mark.parametrize(
    "mistake",
    [
        "features: [amount]",
        "monitor: other",
        "owner: x\n  bad: indent",
        "tags: 3",
        "schedule: '99 * * * *'",
        "timezone: Mars/Base",
        f"tags: [{'x' * 300}]",
        "\x00",
    ],
    ids=["wrong type", "other name", "no yaml", "tags", "cron", "zone", "long tag", "binary"],
)
def test_a_bad_file_stops_only_itself_and_is_named(write_monitor: Write, mistake: str) -> None:
    write_monitor("alpha")
    write_monitor("gamma")
    bad = write_monitor("beta")
    key = mistake.partition(":")[0]
    lines = [line for line in bad.read_text().splitlines() if not line.startswith(f"{key}:")]
    bad.write_text("\n".join([*lines, mistake]))
    loaded = load_dags()
    assert sorted(loaded.dags) == ["modelwatch_watchdog", "monitor_alpha", "monitor_gamma"]
    assert list(loaded.errors) == ["monitor_config_check.py"]
    assert "beta.yaml" in loaded.errors["monitor_config_check.py"]
    assert "alpha.yaml" not in loaded.errors["monitor_config_check.py"]


def test_every_bad_file_is_named_at_once(write_monitor: Write) -> None:
    write_monitor("alpha", more="colour: red\n")
    write_monitor("beta", more="colour: blue\n")
    shown = load_dags().errors["monitor_config_check.py"]
    assert "alpha.yaml" in shown
    assert "beta.yaml" in shown


def test_the_tasks_and_what_follows_what(dag: Any) -> None:
    assert {task.task_id: set(task.downstream_task_ids) for task in dag.tasks} == EDGES


def test_only_judging_and_reporting_run_after_a_failure(dag: Any) -> None:
    rules = {task.task_id: task.trigger_rule.value for task in dag.tasks}
    assert {name for name, rule in rules.items() if rule == "all_done"} == {"judge_and_store", "report_failures"}
    assert set(rules.values()) == {"all_done", "all_success"}


def test_no_result_of_a_task_is_split_into_several(dag: Any) -> None:
    assert not [task.task_id for task in dag.tasks if getattr(task, "multiple_outputs", False)]


def test_every_task_has_an_owner_a_limit_of_time_and_the_retry_policy(dag: Any) -> None:
    for task in dag.tasks:
        assert task.owner == "risk-team"
        assert timedelta(0) < task.execution_timeout <= timedelta(hours=1)
        assert task.retry_policy is not None
        assert task.retries == (0 if task.task_id == "report_failures" else 3)


def test_only_the_fetch_takes_a_slot_of_the_models_pool(dag: Any) -> None:
    pools = {task.task_id: task.pool for task in dag.tasks}
    assert {name for name, pool in pools.items() if pool == "model_api"} == {"fetch_sample"}
    assert set(pools.values()) == {"model_api", "default_pool"}


@pytest.mark.parametrize(
    ("error", "action"),
    [
        ("SourceAuthError", "fail"),
        ("SourceConfigError", "fail"),
        ("SettingsError", "fail"),
        ("DataError", "fail"),
        ("SourceTimeout", "retry"),
        ("StoreError", "retry"),
        ("AlertError", "retry"),
        ("SourceResponseError", "default"),
    ],
)
def test_what_is_tried_again(dag: Any, error: str, action: str) -> None:
    from modelwatch import errors

    policy = dag.get_task("fetch_sample").retry_policy
    assert policy.evaluate(getattr(errors, error)("it failed"), 1, 3).action.value == action


def test_the_dag_says_whose_it_is_and_what_it_does(dag: Any) -> None:
    assert dag.tags == {"modelwatch", "cards", "eu"}
    assert dag.description == "Watches alpha."
    assert dag.doc_md.startswith("**alpha**: Watches alpha.")
    for task in dag.tasks:
        assert task.task_id in dag.doc_md or task.task_id in CHECKS


def test_a_scheduled_run_covers_a_whole_day_and_any_day_since_2020_can_be_backfilled(dag: Any) -> None:
    from airflow.serialization.encoders import coerce_to_core_timetable

    interval = coerce_to_core_timetable(dag.timetable).infer_manual_data_interval(
        run_after=datetime(2026, 11, 11, 9, tzinfo=UTC)
    )
    assert interval.end - interval.start == timedelta(days=1)
    assert interval.end == datetime(2026, 11, 11, 3, tzinfo=UTC)
    assert dag.start_date <= datetime(2020, 1, 1, tzinfo=UTC)
    assert not dag.catchup
    assert dag.max_active_runs == 1


def test_the_schedule_is_in_the_monitors_time_zone(write_monitor: Write) -> None:
    from airflow.serialization.encoders import coerce_to_core_timetable

    write_monitor("alpha", timezone="America/New_York")
    timetable = coerce_to_core_timetable(load_dags().dags["monitor_alpha"].timetable)
    interval = timetable.infer_manual_data_interval(run_after=datetime(2026, 11, 11, 9, tzinfo=UTC))
    assert interval.end == datetime(2026, 11, 11, 8, tzinfo=UTC)


@pytest.mark.parametrize("name", ["window_start", "window_end", "model_version", "notify"])
def test_the_form_explains_every_parameter_and_all_may_be_left_out(dag: Any, name: str) -> None:
    param = dag.params.get_param(name)
    assert param.resolve() is None
    assert param.schema["title"]
    assert len(param.description) > 40


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("window_start", "2026-11-10"),
        ("window_end", "2026-11-10T06:00:00Z"),
        ("window_end", "2026-11-10T06:00:00.000+02:00"),
        ("model_version", "1.4"),
        ("notify", True),
        ("notify", False),
    ],
)
def test_the_form_takes(dag: Any, name: str, value: object) -> None:
    assert dag.params.get_param(name).resolve(value) == value


@pytest.mark.parametrize(
    ("name", "value"), [("window_start", "yesterday"), ("window_end", "10.11.2026"), ("notify", "yes")]
)
def test_the_form_refuses(dag: Any, name: str, value: object) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        dag.params.get_param(name).resolve(value)


def test_the_dag_survives_being_stored(dag: Any) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    stored = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
    assert {task.task_id: set(task.downstream_task_ids) for task in stored.tasks} == EDGES


def test_parsing_imports_nothing_that_only_tasks_need(write_monitor: Write, airflow_home: Path) -> None:
    write_monitor("alpha")
    program = (
        "import runpy, sys\n"
        f"runpy.run_path({str(DAGS / 'monitors.py')!r})\n"
        f"sys.exit(' '.join(sorted({HEAVY} & set(sys.modules))) or None)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
