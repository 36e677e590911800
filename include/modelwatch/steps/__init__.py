"""One function per Dag task, and the same work without Airflow; the only modules that see every layer."""

from modelwatch.steps.alert import send_slack_alert, should_alert
from modelwatch.steps.checks import (
    check_fairness,
    check_feature_drift,
    check_multivariate_drift,
    check_prediction_drift,
    check_quality,
)
from modelwatch.steps.fetch import build_profile, fetch_sample
from modelwatch.steps.judge import judge_and_store
from modelwatch.steps.run import Run

__all__ = [
    "Run",
    "build_profile",
    "check_fairness",
    "check_feature_drift",
    "check_multivariate_drift",
    "check_prediction_drift",
    "check_quality",
    "fetch_sample",
    "judge_and_store",
    "send_slack_alert",
    "should_alert",
]
