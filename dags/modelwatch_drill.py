"""### A fire drill every week.

An alarm that is never heard may be broken. For every monitor with `alerts.drill` this Dag takes a copy of the last
sample, makes one feature a hundred times what it was, and lets it go the whole way: counted, judged, rendered, queued,
sent to the test channel, and found there again. When any of that fails the task is red and says where it stopped.

Run it by hand for one monitor with `modelwatch drill MONITOR`.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, get_current_context, task

from modelwatch.config import Monitor
from modelwatch.settings import Settings
from modelwatch_airflow.defaults import load_monitors, upkeep_arguments
from modelwatch_airflow.run import connect, settings_of_task

MONITORS: dict[str, Monitor] = {}


@task(retries=1, execution_timeout=timedelta(minutes=15))
def drill(monitor: str) -> str:
    """Drill one monitor; returns what was changed and where it arrived."""
    from modelwatch import steps
    from modelwatch.domain import Window

    now = datetime.now(UTC)
    run_id = get_current_context()["run_id"]
    run = steps.Run(MONITORS[monitor], Window(now - timedelta(days=1), now), run_id, "manual", settings_of_task())
    return steps.fire_drill(run, connect)


valid, _ = load_monitors(Settings.from_env().monitors_dir)
MONITORS.update({one.monitor: one for one in valid if one.alerts.drill is not None})
if MONITORS:
    with DAG("modelwatch_drill", schedule="0 9 * * 1", **upkeep_arguments(__doc__)):
        for name in sorted(MONITORS):
            drill.override(task_id=f"drill_{name}")(name)
