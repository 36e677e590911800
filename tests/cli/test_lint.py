"""`modelwatch lint`: every mistake of every file on stderr, with its line; what is fine on stdout."""

from pathlib import Path

import pytest

from support.churn_monitor import write_monitor
from support.cli import modelwatch


@pytest.fixture
def monitor(folder: Path) -> Path:
    return write_monitor(folder)


def test_a_good_file_is_0_and_its_connections_are_noted(folder: Path, monitor: Path) -> None:
    outcome = modelwatch("lint")
    assert (outcome.status, outcome.err) == (0, "")
    note, ok = outcome.out.splitlines()
    assert note.endswith("'churn_api' must be defined in Airflow; outside Airflow set AIRFLOW_CONN_CHURN_API")
    assert ok == f"{monitor}: ok"


def test_a_connection_that_is_set_needs_no_note_and_a_broken_one_is_a_mistake(
    monitor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_CHURN_API", "https://:hunter2@api.example.com")
    assert modelwatch("lint", monitor).out == f"{monitor}: ok\n"
    monkeypatch.setenv("AIRFLOW_CONN_CHURN_API", "{hunter2")
    outcome = modelwatch("lint", monitor)
    assert outcome.status == 2
    assert "source.connection: AIRFLOW_CONN_CHURN_API: connection 'churn_api' is neither" in outcome.err
    assert "hunter2" not in outcome.err


def test_all_mistakes_of_all_files_are_told_and_the_good_ones_still_pass(monitor: Path) -> None:
    text = monitor.read_text()
    other, third = monitor.with_name("other.yaml"), monitor.with_name("third.yaml")
    other.write_text(text.replace("monitor: churn", "monitor: other").replace("score: score", "skore: score"))
    third.write_text(text.replace("monitor: churn", "monitor: third").replace("plan: cat", "plann: cat"))
    outcome = modelwatch("lint")
    assert outcome.status == 2
    assert f"{monitor}: ok" in outcome.out
    assert f"{other}: line 14: columns.skore: unknown key" in outcome.err
    assert "did you mean 'score'?" in outcome.err
    assert f"{third}: line 18: features.plann: 'plann' is not in the reference" in outcome.err
    assert "did you mean 'plan'?" in outcome.err


def test_a_reference_without_the_labels_is_worth_a_note(monitor: Path) -> None:
    monitor.write_text(monitor.read_text().replace("label: left", "label: has_left"))
    outcome = modelwatch("lint", monitor)
    assert (outcome.status, outcome.err) == (0, "")
    assert "columns.label: 'has_left' is not in the reference; it has " in outcome.out
    assert "without it performance is compared with earlier windows alone" in outcome.out


def test_files_can_be_named_one_by_one(monitor: Path) -> None:
    broken = monitor.with_name("broken.yaml")
    broken.write_text("monitor: [")
    assert modelwatch("lint", monitor).status == 0
    outcome = modelwatch("lint", monitor, broken)
    assert outcome.status == 2
    assert f"{broken}: line 1" in outcome.err and "not valid YAML" in outcome.err


def test_a_file_that_is_not_there_is_named(folder: Path) -> None:
    outcome = modelwatch("lint", "nothing.yaml")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err == "nothing.yaml: cannot be read: No such file or directory\n"


def test_a_folder_without_monitors_says_how_to_write_one(folder: Path) -> None:
    outcome = modelwatch("lint")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err == f"{folder}/include/monitors: no monitor files; write one with `modelwatch init`\n"


def test_the_folder_of_monitors_can_be_elsewhere(folder: Path, monitor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    monkeypatch.setenv("MODELWATCH_MONITORS_DIR", str(monitor.parent))
    assert modelwatch("lint").status == 0


def test_a_setting_that_cannot_be_used_is_named(monitor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELWATCH_SAMPLE_RETENTION_DAYS", "a month")
    outcome = modelwatch("lint")
    assert outcome.status == 2
    assert outcome.err.startswith("MODELWATCH_SAMPLE_RETENTION_DAYS is 'a month'; write a whole number of days")
