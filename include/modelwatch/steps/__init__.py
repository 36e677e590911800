"""One function per Dag task, and the same work without Airflow; the only modules that see every layer.

Each is imported when it is first asked for: a task or command pays for what it uses and for nothing else.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelwatch.steps.alert import send_slack_alert, should_alert
    from modelwatch.steps.checks import (
        check_fairness,
        check_feature_drift,
        check_multivariate_drift,
        check_prediction_drift,
        check_quality,
    )
    from modelwatch.steps.drill import fire_drill
    from modelwatch.steps.fetch import build_profile, fetch_sample
    from modelwatch.steps.judge import judge_and_store
    from modelwatch.steps.run import Run
    from modelwatch.steps.split import add_profiles, count_part, fetch_part, merge_samples, split_window
    from modelwatch.steps.watchdog import check_schedules

MODULE_OF = {
    "Run": "run",
    "add_profiles": "split",
    "build_profile": "fetch",
    "check_fairness": "checks",
    "check_feature_drift": "checks",
    "check_multivariate_drift": "checks",
    "check_prediction_drift": "checks",
    "check_quality": "checks",
    "check_schedules": "watchdog",
    "count_part": "split",
    "fire_drill": "drill",
    "fetch_part": "split",
    "fetch_sample": "fetch",
    "judge_and_store": "judge",
    "merge_samples": "split",
    "send_slack_alert": "alert",
    "should_alert": "alert",
    "split_window": "split",
}

__all__ = [
    "Run",
    "add_profiles",
    "build_profile",
    "check_fairness",
    "check_feature_drift",
    "check_multivariate_drift",
    "check_prediction_drift",
    "check_quality",
    "check_schedules",
    "count_part",
    "fetch_part",
    "fetch_sample",
    "fire_drill",
    "judge_and_store",
    "merge_samples",
    "send_slack_alert",
    "should_alert",
    "split_window",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  # a function or a class
    if name not in MODULE_OF:
        message = f"modelwatch.steps has no '{name}'"
        raise AttributeError(message)
    return getattr(import_module(f"modelwatch.steps.{MODULE_OF[name]}"), name)
