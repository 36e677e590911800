"""What each command and task may load: an import that nobody needs costs every run of everybody."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.airflow_runs import ROOT

HEAVY = (
    "airflow", "alembic", "alibi_detect", "dlt", "fairlearn", "pandas", "psycopg2", "requests", "scipy.optimize",
    "scipy.stats", "sklearn", "slack_sdk", "sqlalchemy", "statsmodels", "torch",
)  # fmt: skip
PROGRAM = """
import sys
{code}
print("LOADED", *[name for name in {heavy} if name in sys.modules])
"""
MONITOR = """monitor: small
source: {type: files, uri: current.parquet}
columns: {decision: flagged}
reference: {uri: reference.parquet}
multivariate: {detector: none}
features: {amount: numeric, channel: categorical}
"""
RUN = """
from datetime import UTC, datetime
from pathlib import Path
from modelwatch.config import load_monitor
from modelwatch.domain import Window
from modelwatch.settings import Settings
from modelwatch import steps
window = Window(datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 6, tzinfo=UTC))
run = steps.Run(load_monitor(Path("small.yaml")), window, "one", "cli", Settings.from_env())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = pa.table(
        {
            "amount": [float(i % 97) for i in range(2000)],
            "channel": ["web", "app"] * 1000,
            "flagged": [i % 9 == 0 for i in range(2000)],
            "gender": ["F", "M"] * 1000,
        }
    )
    for name in ("reference", "current"):
        pq.write_table(rows, tmp_path / f"{name}.parquet")
    (tmp_path / "small.yaml").write_text(MONITOR)
    return tmp_path


def loaded(folder: Path, code: str) -> set[str]:
    """The heavy modules that a fresh process has loaded after the code."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "include"), "MODELWATCH_HOME": str(folder / "home")}
    command = [sys.executable, "-c", PROGRAM.format(code=code, heavy=HEAVY)]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return set(done.stdout.rsplit("LOADED", 1)[1].split())


def command_line(arguments: Sequence[str]) -> str:
    """The program with these arguments, stopped from ending the process."""
    return (
        f"sys.argv = ['modelwatch', *{list(arguments)}]\nfrom modelwatch.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code in (0, 1, 3), end.code"
    )


CHECK = ("check", "small.yaml", "--current", "current.parquet")


@pytest.mark.parametrize(
    "arguments", [("--help",), CHECK, (*CHECK, "--output", "json")], ids=["help", "check", "check json"]
)
def test_a_command_without_fairness_loads_nothing_heavy(folder: Path, arguments: tuple[str, ...]) -> None:
    assert loaded(folder, command_line(arguments)) == set()


def test_check_with_fairness_loads_what_fairness_takes_and_no_database(folder: Path) -> None:
    with (folder / "small.yaml").open("a") as file:
        file.write("fairness: {sensitive: [gender]}\n")
    found = loaded(folder, command_line(CHECK))
    assert "fairlearn" in found
    assert not found & {
        "airflow",
        "alembic",
        "alibi_detect",
        "dlt",
        "psycopg2",
        "requests",
        "slack_sdk",
        "sqlalchemy",
        "torch",
    }


def test_lint_loads_no_arithmetic(folder: Path) -> None:
    assert loaded(folder, command_line(("lint", "small.yaml"))) <= {"pandas"}  # pyarrow's own wish


TASKS = {
    "fetch_sample": ("steps.fetch_sample(run, None)", {"pandas"}),
    "build_profile": ("steps.build_profile(run, steps.fetch_sample(run, None))", {"pandas"}),
}


@pytest.mark.parametrize("task", TASKS)
def test_a_task_loads_what_it_uses(folder: Path, task: str) -> None:
    code, allowed = TASKS[task]
    assert loaded(folder, RUN + code) <= allowed


def test_the_measures_themselves_load_neither_scipy_stats_nor_a_store(folder: Path) -> None:
    assert loaded(folder, "import modelwatch.steps.measure, modelwatch.verdict") == set()
