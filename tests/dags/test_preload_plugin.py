"""The plugin loads what the tasks import where it is asked to, and costs nothing anywhere else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.airflow_runs import ROOT

PROGRAM = """
import sys, airflow.plugins_manager
before = set(sys.modules)
import modelwatch_preload
print("LOADED", *sorted(set(sys.modules) - before))
if sys.argv[1] == "1":
    print("LEFT", *[name for name in modelwatch_preload.MODULES if name not in sys.modules])
"""


def load_plugin(asked: str) -> tuple[set[str], set[str]]:
    """The modules that loading the plugin added to a process, and those it should have and has not."""
    environ = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "plugins"), str(ROOT / "include")]),
        "MODELWATCH_PRELOAD": asked,
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, asked], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    shown = {words[0]: set(words[1:]) for line in done.stdout.splitlines() if (words := line.split())}
    return shown["LOADED"], shown.get("LEFT", set())


@pytest.mark.parametrize("asked", ["", "0"])
def test_it_loads_nothing_where_no_tasks_run(asked: str, airflow_home: Path) -> None:
    added, _ = load_plugin(asked)
    assert added == {"modelwatch_preload"}


def test_it_loads_all_that_the_tasks_import(airflow_home: Path) -> None:
    added, left = load_plugin("1")
    assert added >= {
        "modelwatch.steps.checks",
        "statsmodels.stats.proportion",
        "fairlearn.metrics",
        "slack_sdk",
        "pyarrow.parquet",
        "narwhals._pandas_like.dataframe",  # which fairlearn imports at its first use
    }
    assert left == set()
