"""Loads and makes ready what the tasks use, in the process that they are forked from, instead of once per task.

Importing fairlearn, statsmodels, pandas and SQLAlchemy takes several seconds, and a Dag run is ten short tasks. The
LocalExecutor and the Celery worker fork every task from a process that has loaded the plugins, so what is imported
here costs a task nothing. It happens only where `MODELWATCH_PRELOAD=1` is set: `include/local/start` sets it for the
worker, or for the scheduler where that runs the tasks, and not for the API server and the Dag processor.

Set `AIRFLOW__CORE__LAZY_LOAD_PLUGINS=False` beside it, so that the plugins are loaded before the first fork.
"""

import importlib
import logging
import os
import sys
import time

from airflow.plugins_manager import AirflowPlugin

# What the steps import, down to the modules they import only in the function that needs them.
MODULES = (
    "modelwatch.steps.alert",
    "modelwatch.steps.checks",
    "modelwatch.steps.fetch",
    "modelwatch.steps.judge",
    "modelwatch.steps.split",
    "modelwatch.checks.domain_classifier",
    "modelwatch.checks.fairness",
    "modelwatch.report.delivery",
    "modelwatch.sources.files",
    "modelwatch.sources.http",
    "modelwatch.sources.sql",
    "pyarrow.compute",
    "pyarrow.csv",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "sklearn.ensemble",
    "fairlearn.metrics",
    "statsmodels.stats.proportion",
    "modelwatch_airflow.defaults",
    "modelwatch_airflow.run",
    "airflow.providers.standard.decorators.branch_python",
    "airflow.providers.standard.decorators.python",
    "airflow.providers.standard.operators.empty",
    "airflow.sdk.definitions.decorators",
)

log = logging.getLogger(__name__)


def preload() -> list[str]:
    """Import what the tasks need, and rehearse it; a module that is not there is left to the task that misses it.

    Returns:
        The modules that could not be imported.
    """
    # A task loads the plugins again in its own process; there everything is here already and nothing is to be said.
    wanted = [name for name in MODULES if name not in sys.modules]
    missing, started = [], time.perf_counter()
    for name in wanted:
        try:
            importlib.import_module(name)
        except ImportError as error:
            missing.append(name)
            log.warning("could not preload %s: %s", name, error)
    if wanted and not missing:
        rehearse()
    if wanted:
        log.info("preloaded the tasks' modules in %.1f s", time.perf_counter() - started)
    return missing


def rehearse() -> None:
    """Do once what each task's process would do at its first use: map the tables, look for data frame libraries (which
    fairlearn does), compile the report's template. Nothing here may start threads: a fork does not take them along.
    """
    import numpy as np
    from sqlalchemy.orm import configure_mappers

    from modelwatch.checks.fairness import measure_fairness
    from modelwatch.profile import GroupTable
    from modelwatch.report.html import report_template

    configure_mappers()
    groups = {"group": GroupTable(("group",), {(name,): np.full((2, 3), 9) for name in "ab"})}
    measure_fairness(groups, groups, alpha=0.01)
    report_template("window.html")


class ModelwatchPreload(AirflowPlugin):
    """Has no page and no operator; loading it is what it does."""

    name = "modelwatch_preload"


if os.environ.get("MODELWATCH_PRELOAD") == "1":
    preload()
