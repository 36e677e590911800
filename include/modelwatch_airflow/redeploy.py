"""From a run of `redeploy_<monitor>` to what `modelwatch.steps` is told, and back from a person's answer."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import Param, get_current_context

from modelwatch import errors
from modelwatch.config import Monitor
from modelwatch.domain import Window
from modelwatch_airflow.defaults import common_arguments
from modelwatch_airflow.form import DATE_OR_MOMENT
from modelwatch_airflow.run import run_page, settings_of_task

if TYPE_CHECKING:
    from modelwatch.steps.redeploy import Redeploy

NOBODY = "nobody: no answer in time"
FIELDS: dict[str, dict[str, Any]] = {
    "new_version": {"type": ["null", "string"], "title": "New version", "description": "The one that was deployed."},
    "old_version": {"type": ["null", "string"], "title": "Old version", "description": "The one before it."},
    "since": {
        "type": ["null", "string"],
        "pattern": DATE_OR_MOMENT,
        "examples": ["2026-11-10T12:00:00Z"],
        "title": "Since",
        "description": "Since when the new version answers; in the monitor's time zone when it has no offset.",
    },
    "requests": {
        "type": ["null", "integer"],
        "minimum": 0,
        "title": "Request budget",
        "description": "Requests to the model's API at most; 0 asks nothing. Empty: the monitor file's probe.requests.",
    },
}


def redeploy_dag_id(name: str) -> str:
    """The id of the Dag that compares two versions of a monitor's model."""
    return f"redeploy_{name}"


def redeploy_arguments(monitor: Monitor, *, about: str | None) -> dict[str, Any]:
    """The Dag's settings beside its schedule."""
    return {
        **common_arguments(monitor, about=about),
        "dag_id": redeploy_dag_id(monitor.monitor),
        "max_active_runs": 4,
        "params": {name: Param(None, **field) for name, field in FIELDS.items()},
    }


def current_redeploy(monitor: Monitor) -> "Redeploy":
    """Which versions the running task is to compare: those of the form, or of the event that started the run.

    Raises:
        SettingsError: the form names no versions, or no time.
    """
    from modelwatch.steps.redeploy import Redeploy

    context = get_current_context()
    dag_run = context["dag_run"]
    asked = {**_event(context), **{name: value for name, value in context["params"].items() if value is not None}}
    missing = [name for name in ("new_version", "old_version", "since") if not asked.get(name)]
    if missing:
        message = f"the run's parameters name no {', '.join(missing)}: trigger the Dag with them"
        raise errors.SettingsError(message)
    settings, probe = settings_of_task(), monitor.probe
    since, end = _moment(str(asked["since"]), monitor), _end(dag_run.run_after)
    if since >= end:
        message = (
            f"the run's parameter since is {asked['since']}, which lies ahead of the run: say when the rollout was"
        )
        raise errors.SettingsError(message)
    return Redeploy(
        monitor=monitor,
        new=str(asked["new_version"]),
        old=str(asked["old_version"]),
        window=Window(since, end),
        run_id=dag_run.run_id,
        settings=settings,
        budget=asked.get("requests", probe.requests if probe is not None else 0),
        run_url=run_page(settings.base_url, dag_run.dag_id, dag_run.run_id),
    )


def decided(answer: Mapping[str, Any] | None) -> dict[str, Any]:
    """An approval's answer as `steps.decide` takes it."""
    chosen, user = (answer or {}).get("chosen_options") or [], (answer or {}).get("responded_by_user") or {}
    return {
        "decision": "accepted" if chosen == ["Approve"] else "rejected",
        "by": user.get("name") or user.get("id") or NOBODY,
        "reason": ((answer or {}).get("params_input") or {}).get("reason") or None,
    }


def _event(context: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the newest event says that started the run; nothing for a run started by hand."""
    events = context.get("triggering_asset_events") or {}
    found = [event for several in events.values() for event in several]
    return found[-1].extra if found else {}


def _moment(text: str, monitor: Monitor) -> datetime:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=monitor.tzinfo)).astimezone(UTC)


def _end(run_after: datetime) -> datetime:
    """Up to when requests are looked at: the same for every task and retry of the run."""
    return run_after.astimezone(UTC) - timedelta(microseconds=run_after.microsecond)
