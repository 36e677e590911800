"""### Is every monitor watching?

A Dag that does not run cannot say so. This one compares each monitor file's schedule with the store every half hour:
the window that should be judged by now must be there, with any verdict. When it is not, or when a monitor file no
longer parses and so has no Dag, on-call gets one message ("not watched since ..."), on the Connection and channel of
`alerts.health` (else of `alerts.slack`, else of `MODELWATCH_HEALTH_CONN_ID`), changed as long as it lasts and closed
when it is over. `alerts.health.grace` says how late a run may be.

An Airflow `DeadlineAlert` cannot do this: a deadline belongs to a Dag run, and the run is what is missing. Nobody
watches the watchdog from here: where that matters, run `modelwatch watchdog` from another scheduler as well.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, task

from modelwatch_airflow.defaults import upkeep_arguments
from modelwatch_airflow.run import connect, settings_of_task


@task(retries=1, execution_timeout=timedelta(minutes=15))
def check_schedules() -> list[str]:
    """Tell of every monitor that is not watched; returns a line for each."""
    from modelwatch import steps
    from modelwatch_airflow.receivers import RECEIVERS

    return steps.check_schedules(settings_of_task(), connect, datetime.now(UTC), RECEIVERS)


with DAG("modelwatch_watchdog", schedule="*/30 * * * *", is_paused_upon_creation=False, **upkeep_arguments(__doc__)):
    check_schedules()
