"""What every monitor's Dag has in common: when a failure is tried again, and the form of a manual trigger."""

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, Param, RetryAction, RetryRule

from modelwatch import errors

# A run with the same mistake fails again however often it is tried; a system that does not answer may come back.
RETRIES = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception=[
                errors.SourceAuthError,
                errors.SourceConfigError,
                errors.MonitorConfigError,
                errors.SettingsError,
                errors.DataError,
                errors.MetricInputError,
            ],
            action=RetryAction.FAIL,
            reason="trying again cannot help: credentials, monitor file, settings or data are at fault",
        ),
        RetryRule(
            exception=[errors.SourceTimeout, errors.StoreError, errors.AlertError],
            action=RetryAction.RETRY,
            reason="it did not answer; trying again with growing delays",
        ),
    ]
)

TASK_DEFAULTS: dict[str, Any] = {
    "retries": 3,
    "retry_delay": timedelta(minutes=1),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=20),
    "retry_policy": RETRIES,
    "execution_timeout": timedelta(minutes=20),
}

MOMENT = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?)?$"

PARAMS = {
    "window_start": Param(
        None,
        type=["null", "string"],
        pattern=MOMENT,
        title="Window start",
        description="First moment to examine: 2026-11-10 or 2026-11-10T06:00:00Z, in the monitor's time zone when "
        "it has no offset. Empty: the last whole window before the run's logical date.",
    ),
    "window_end": Param(
        None,
        type=["null", "string"],
        pattern=MOMENT,
        title="Window end",
        description="First moment not to examine any more; 2026-11-11 ends with the night before it. "
        "Empty: one window length after the start.",
    ),
    "model_version": Param(
        None,
        type=["null", "string"],
        title="Model version",
        description="Examine only the requests this version answered. Empty: all versions together.",
    ),
    "notify": Param(
        None,
        type=["null", "boolean"],
        title="Notify",
        description="true: Slack hears of an alert, in a backfill too. false: Slack hears nothing. "
        "Empty: Slack hears of alerts, except in a backfill.",
    ),
}
