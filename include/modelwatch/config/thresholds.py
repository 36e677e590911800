"""Thresholds: two levels per metric, in the metric's range and in order."""

from typing import Any

from pydantic import Field, model_validator

from modelwatch.config.base import Strict
from modelwatch.domain import Levels
from modelwatch.errors import did_you_mean

# name -> (low, high, lower is worse); metrics/ has the full registry, which configuration must not import.
RANGES: dict[str, tuple[float, float | None, bool]] = {
    "psi": (0, None, False),
    "ks_statistic": (0, 1, False),
    "js_distance": (0, 1, False),
    "wasserstein": (0, None, False),
    "chi2": (0, None, False),
    "missing_share": (0, 1, False),
    "type_error_share": (0, 1, False),
    "out_of_range_share": (0, 1, False),
    "unseen_share": (0, 1, False),
    "selection_rate": (0, 1, False),
    "true_positive_rate": (0, 1, True),
    "false_positive_rate": (0, 1, False),
    "false_negative_rate": (0, 1, False),
    "demographic_parity_difference": (0, 1, False),
    "demographic_parity_ratio": (0, 1, True),
    "equal_opportunity_difference": (0, 1, False),
    "equalized_odds_difference": (0, 1, False),
}

DEFAULTS: dict[str, Levels] = {
    "psi": Levels(0.1, 0.25),
    "ks_statistic": Levels(0.1, 0.2),
    "missing_share": Levels(0.05, 0.1),
    "unseen_share": Levels(0.01, 0.05),
    "demographic_parity_difference": Levels(0.05, 0.1),
    "demographic_parity_ratio": Levels(warning=0.8),
}


class Threshold(Strict):
    """The levels of one metric; one of them may be left out."""

    warning: float | None = Field(default=None)
    alert: float | None = Field(default=None)

    @model_validator(mode="after")
    def _some_level(self) -> "Threshold":
        if self.warning is None and self.alert is None:
            message = "a threshold needs 'warning' or 'alert', or both"
            raise ValueError(message)
        return self

    def levels(self) -> Levels:
        """As the judge takes them."""
        return Levels(self.warning, self.alert)


def require_metric(name: str) -> None:
    """Refuse a metric that does not exist, with the nearest that does."""
    if name not in RANGES:
        message = f"unknown metric '{name}'; allowed: {', '.join(RANGES)}{did_you_mean(name, list(RANGES))}"
        raise ValueError(message)


def require_in_order(name: str, threshold: Threshold) -> None:
    """Refuse levels outside the metric's range, or an alert that comes before the warning."""
    low, high, lower_is_worse = RANGES[name]
    for level, value in (("warning", threshold.warning), ("alert", threshold.alert)):
        if value is not None and (value <= low or (high is not None and value > high)):
            span = f"above {low:g}" + (f" and at most {high:g}" if high is not None else "")
            message = f"{level} is {value:g}, but {name} thresholds lie {span}"
            raise ValueError(message)
    if threshold.warning is None or threshold.alert is None:
        return
    if (threshold.alert > threshold.warning) if lower_is_worse else (threshold.alert < threshold.warning):
        side = "at most" if lower_is_worse else "at least"
        message = f"alert ({threshold.alert:g}) must be {side} warning ({threshold.warning:g}) for {name}"
        raise ValueError(message)


def check_thresholds(value: dict[str, Any]) -> dict[str, Any]:
    """Each metric known, each threshold in range and in order."""
    for name, threshold in value.items():
        require_metric(name)
        require_in_order(name, threshold)
    return value
