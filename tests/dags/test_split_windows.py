"""A window fetched and counted in parts by mapped tasks: the same sample, profile and verdict as at once."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from demo.api import Faults
from modelwatch.config import load_monitor
from modelwatch.settings import Settings, connection_from_env
from modelwatch.steps import Run
from modelwatch.steps.inline import run_window
from modelwatch.store import engine, repository
from modelwatch.store.repository import LoadedEvaluation
from support.airflow_runs import Finished, load_dags, run_dag
from support.watched_model import CENTS_DAY, WatchedModel, model_api, watched_model, window_of

pytestmark = pytest.mark.airflow
NAME = "fraud_in_parts"  # Airflow's test runs take a Dag of one name to be of one shape
IN_PARTS = "  split: PT6H\n"


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def model(faults: Faults, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WatchedModel]:
    with model_api(faults) as url, watched_model(url, faults, database_url, tmp_path, monkeypatch) as surrounding:
        fraud = tmp_path / "monitors" / "fraud.yaml"
        text = fraud.read_text().replace("monitor: fraud", f"monitor: {NAME}") + "sample: {rows: 1000}\n"
        fraud.unlink()
        in_parts = text.replace("  total: total\n", f"  total: total\n{IN_PARTS}")
        (tmp_path / "monitors" / f"{NAME}.yaml").write_text(in_parts)
        yield surrounding


def run_in_parts(day: date) -> Finished:
    """Run the Dag the night after the day."""
    return run_dag(load_dags().dags[f"monitor_{NAME}"], datetime.combine(day + timedelta(days=1), time(3), UTC))


def run_at_once(folder: Path) -> None:
    """`modelwatch run` of the same day, in another folder of samples."""
    settings = replace(Settings.from_env(), samples_url=(folder / "at_once").as_uri())
    monitor = load_monitor(folder / "monitors" / f"{NAME}.yaml")
    at_once = monitor.model_copy(update={"source": monitor.source.model_copy(update={"split": None})})
    run_window(Run(at_once, window_of(CENTS_DAY), "cli__at_once", "cli", settings), connection_from_env)


def stored(model: WatchedModel) -> LoadedEvaluation:
    with engine.session(model.database_url) as session:
        (current,) = repository.current_evaluations(session, NAME)
        return repository.load_evaluation(session, current.id)


def artifact(folder: Path, name: str) -> bytes:
    """The run's artifact of this name, not a part's."""
    (found,) = [path for path in folder.rglob(name) if "parts" not in path.parts]
    return found.read_bytes()


def test_the_sum_of_the_parts_is_the_window_at_once(model: WatchedModel, tmp_path: Path) -> None:
    run_at_once(tmp_path)
    at_once = stored(model)
    run = run_in_parts(CENTS_DAY)
    in_parts = stored(model)
    assert run.state == "success"
    assert (at_once.number, in_parts.number) == (1, 2)
    assert (in_parts.verdict, in_parts.coverage) == (at_once.verdict, at_once.coverage) == ("alert", 1.0)
    assert in_parts.n_current == at_once.n_current == 1000
    assert set(in_parts.results) == set(at_once.results)  # tasks end in any order
    for name in ("sample.parquet", "profile.bin"):
        assert artifact(tmp_path / "samples", name) == artifact(tmp_path / "at_once", name), name
    assert len(list((tmp_path / "samples").rglob("parts/*/profile.bin"))) == 4


def test_a_part_cut_short_makes_the_window_not_measured(model: WatchedModel) -> None:
    model.faults.fail_after_pages = 3
    run = run_in_parts(CENTS_DAY)
    evaluation = stored(model)
    assert run.state == "failed"
    assert (evaluation.verdict, evaluation.results) == ("not_measured", ())
    assert "the part 2025-03-15T" in (evaluation.reason or "")
    assert "503" in (evaluation.reason or "")


def test_the_dag_maps_fetching_and_counting_and_keeps_its_shape(
    write_monitor: Callable[..., Path], monitors_dir: Path
) -> None:
    path = write_monitor("alpha")
    path.write_text(path.read_text().replace("  records: items\n", f"  records: items\n{IN_PARTS}"))
    dag: Any = load_dags().dags["monitor_alpha"]
    edges = {task.task_id: set(task.downstream_task_ids) for task in dag.tasks}
    assert edges["split_window"] == {"fetch_part", "count_part"}
    assert edges["fetch_part"] == {"fetch_sample"}
    assert edges["fetch_sample"] >= {"count_part", "build_profile", "check_multivariate_drift", "judge_and_store"}
    assert edges["count_part"] == {"build_profile"}
    assert {task.task_id for task in dag.tasks if task.is_mapped} == {"fetch_part", "count_part"}
    assert {task.task_id for task in dag.tasks if task.pool == "model_api"} == {"fetch_part"}
    assert all(task.task_id in dag.doc_md for task in dag.tasks if task.is_mapped)
