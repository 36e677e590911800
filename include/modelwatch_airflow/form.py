"""The form of a manual trigger; every field may be left empty."""

from typing import Any

from airflow.sdk import Param

DATE_OR_MOMENT = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?)?$"

FIELDS: dict[str, dict[str, Any]] = {
    "window_start": {
        "type": ["null", "string"],
        "pattern": DATE_OR_MOMENT,
        "examples": ["2026-11-10", "2026-11-10T06:00:00Z"],
        "title": "Window start",
        "description": "First moment to examine: 2026-11-10 or 2026-11-10T06:00:00Z, in the monitor's time zone when "
        "it has no offset. Empty: the last whole window before the run's logical date.",
    },
    "window_end": {
        "type": ["null", "string"],
        "pattern": DATE_OR_MOMENT,
        "examples": ["2026-11-11", "2026-11-10T12:00:00Z"],
        "title": "Window end",
        "description": "First moment not to examine any more; 2026-11-11 ends with the night before it. "
        "Empty: one window length after the start.",
    },
    "model_version": {
        "type": ["null", "string"],
        "title": "Model version",
        "description": "Examine only the requests this version answered. Empty: all versions together.",
    },
    "notify": {
        "type": ["null", "boolean"],
        "title": "Notify",
        "description": "Left alone: Slack hears of an alert, except in a backfill. On (true): in a backfill too. "
        "Switched off again (false): Slack hears nothing.",
    },
}


def trigger_form() -> dict[str, Param]:
    """The fields of the form, made anew for each Dag: a `Param` remembers the value it was last given."""
    return {name: Param(None, **field) for name, field in FIELDS.items()}
