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
        check_performance,
        check_prediction_drift,
        check_quality,
    )
    from modelwatch.steps.drill import fire_drill
    from modelwatch.steps.fetch import build_profile, fetch_sample
    from modelwatch.steps.judge import judge_and_store
    from modelwatch.steps.labels import fetch_labels
    from modelwatch.steps.matured import judge_matured
    from modelwatch.steps.probing import ask_probes
    from modelwatch.steps.redeploy import compare_traffic
    from modelwatch.steps.redeploy_verdict import decide, judge_versions, send_verdict
    from modelwatch.steps.retraining import request_retraining
    from modelwatch.steps.run import Run
    from modelwatch.steps.split import add_profiles, count_part, fetch_part, merge_samples, split_window
    from modelwatch.steps.versions import notice_version
    from modelwatch.steps.watchdog import check_schedules

MODULE_OF = {
    "Run": "run",
    "add_profiles": "split",
    "ask_probes": "probing",
    "build_profile": "fetch",
    "check_fairness": "checks",
    "check_feature_drift": "checks",
    "check_multivariate_drift": "checks",
    "check_performance": "checks",
    "check_prediction_drift": "checks",
    "check_quality": "checks",
    "check_schedules": "watchdog",
    "compare_traffic": "redeploy",
    "count_part": "split",
    "decide": "redeploy_verdict",
    "fetch_labels": "labels",
    "fetch_part": "split",
    "fetch_sample": "fetch",
    "fire_drill": "drill",
    "judge_and_store": "judge",
    "judge_matured": "matured",
    "judge_versions": "redeploy_verdict",
    "log_to_mlflow": "tracking",
    "merge_samples": "split",
    "notice_version": "versions",
    "request_retraining": "retraining",
    "send_slack_alert": "alert",
    "send_verdict": "redeploy_verdict",
    "should_alert": "alert",
    "split_window": "split",
}

__all__ = [
    "Run",
    "add_profiles",
    "ask_probes",
    "build_profile",
    "check_fairness",
    "check_feature_drift",
    "check_multivariate_drift",
    "check_performance",
    "check_prediction_drift",
    "check_quality",
    "check_schedules",
    "compare_traffic",
    "count_part",
    "decide",
    "fetch_labels",
    "fetch_part",
    "fetch_sample",
    "fire_drill",
    "judge_and_store",
    "judge_matured",
    "judge_versions",
    "log_to_mlflow",
    "merge_samples",
    "notice_version",
    "request_retraining",
    "send_slack_alert",
    "send_verdict",
    "should_alert",
    "split_window",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  # a function or a class
    if name not in MODULE_OF:
        message = f"modelwatch.steps has no '{name}'"
        raise AttributeError(message)
    return getattr(import_module(f"modelwatch.steps.{MODULE_OF[name]}"), name)
