"""Thresholds: two levels per metric, in the metric's range and in order."""

from typing import Any

from pydantic import Field, model_validator

from modelwatch.config.base import Place, Strict, require_none, shown
from modelwatch.domain import WORSENING, Levels, Outcome
from modelwatch.errors import did_you_mean

# name -> (low, high, lower is worse); metrics/ has the full registry, which configuration must not import.
RANGES: dict[str, tuple[float, float | None, bool]] = {
    "psi": (0, None, False),
    "ks_statistic": (0, 1, False),
    "js_distance": (0, 1, False),
    "wasserstein": (0, None, False),
    "chi2": (0, None, False),
    "spike_share": (0, 1, False),
    "tail_share": (0, 1, False),
    "correlation_shift": (0, 2, False),
    "auc_domain": (0.5, 1, False),
    "mmd": (0, None, False),
    "missing_share": (0, 1, False),
    "type_error_share": (0, 1, False),
    "out_of_range_share": (0, 1, False),
    "unseen_share": (0, 1, False),
    "selection_rate": (0, 1, False),
    "true_positive_rate": (0, 1, True),
    "false_positive_rate": (0, 1, False),
    "false_negative_rate": (0, 1, False),
    "statistical_parity_difference": (0, 1, False),
    "impact_ratio": (0, None, True),
    "favourable_impact_ratio": (0, None, True),
    "demographic_parity_difference": (0, 1, False),
    "demographic_parity_difference_change": (0, 1, False),
    "demographic_parity_ratio": (0, 1, True),
    "favourable_parity_ratio": (0, 1, True),
    "equal_opportunity_difference": (0, 1, False),
    "false_positive_rate_difference": (0, 1, False),
    "equalized_odds_difference": (0, 1, False),
    "calibration_gap": (0, 1, False),
    "calibration_difference": (0, 1, False),
    # Of performance: how much worse than the reference.
    "roc_auc": (0, 1, False),
    "average_precision": (0, 1, False),
    "accuracy": (0, 1, False),
    "precision": (0, 1, False),
    "recall": (0, 1, False),
    "f1": (0, 1, False),
    "brier": (0, 1, False),
    "expected_calibration_error": (0, 1, False),
    "cost": (0, None, False),
    "precision_at_k": (0, 1, False),
    "entity_precision_at_k": (0, 1, False),
    "estimated_roc_auc": (0, 1, False),
    "estimated_average_precision": (0, 1, False),
    "estimated_accuracy": (0, 1, False),
    "estimated_precision": (0, 1, False),
    "estimated_recall": (0, 1, False),
    "estimated_f1": (0, 1, False),
    **{f"{name}_worsening": (0, None if name == "cost" else 1, False) for name in WORSENING},
    "decision_rate_change": (0, 1, False),
    "decision_flip_share": (0, 1, False),
    "score_shift": (0, None, False),
    "score_disagreement": (0, 2, False),
    "error_share": (0, 1, False),
    "score_variety_loss": (0, 1, False),
    "invalid_score_share": (0, 1, False),
    "latency_ratio": (1, None, False),
    "repeat_change_share": (0, 1, False),
    "counterfactual_flip_share": (0, 1, False),
    "counterfactual_score_shift": (0, None, False),
    "proxy_score_shift": (0, None, False),
    "monotonicity_violation_share": (0, 1, False),
    "stress_failure_share": (0, 1, False),
}

# What a feature's own thresholds may be for; the others belong to groups, not to a feature.
OF_NUMERIC = (
    "psi", "ks_statistic", "js_distance", "wasserstein", "spike_share", "tail_share",
    "missing_share", "type_error_share", "out_of_range_share",
)  # fmt: skip
OF_CATEGORICAL = ("psi", "js_distance", "chi2", "spike_share", "missing_share", "type_error_share", "unseen_share")
# And what is measured of groups; the rest is of the window as a whole.
OF_GROUPS = {
    "selection_rate", "true_positive_rate", "false_positive_rate", "false_negative_rate",
    "statistical_parity_difference", "impact_ratio", "favourable_impact_ratio",
    "demographic_parity_difference", "demographic_parity_difference_change", "demographic_parity_ratio",
    "favourable_parity_ratio", "equal_opportunity_difference", "false_positive_rate_difference",
    "equalized_odds_difference", "calibration_gap", "calibration_difference",
}  # fmt: skip
OF_FEATURES = tuple(name for name in RANGES if name in {*OF_NUMERIC, *OF_CATEGORICAL})

DEFAULTS: dict[str, Levels] = {
    "psi": Levels(0.1, 0.25),
    "ks_statistic": Levels(0.05, 0.1),
    "spike_share": Levels(0.02, 0.03),
    "tail_share": Levels(0.01, 0.015),
    "correlation_shift": Levels(0.2, 0.3),
    "auc_domain": Levels(0.6, 0.65),
    "mmd": Levels(0.002, 0.004),
    "missing_share": Levels(0.02, 0.03),
    "out_of_range_share": Levels(0.01, 0.03),
    "unseen_share": Levels(0.01, 0.015),
    "demographic_parity_difference": Levels(0.05, 0.1),
    "demographic_parity_difference_change": Levels(0.025, 0.05),
    "roc_auc": Levels(0.02, 0.05),
    "average_precision": Levels(0.05, 0.1),
    "accuracy": Levels(0.02, 0.05),
    "precision": Levels(0.05, 0.1),
    "recall": Levels(0.05, 0.1),
    "f1": Levels(0.05, 0.1),
    "expected_calibration_error": Levels(0.02, 0.05),
    "precision_at_k": Levels(0.05, 0.1),
    "decision_rate_change": Levels(alert=0.005),
    "decision_flip_share": Levels(alert=0.02),
    "score_shift": Levels(alert=0.1),
    "score_disagreement": Levels(alert=0.5),
    "error_share": Levels(alert=0.01),
    "score_variety_loss": Levels(alert=0.7),
    "invalid_score_share": Levels(alert=0.01),
    "latency_ratio": Levels(alert=2.0),
    "repeat_change_share": Levels(alert=0.01),
    "counterfactual_flip_share": Levels(alert=0.01),
    "counterfactual_score_shift": Levels(alert=0.05),
    "proxy_score_shift": Levels(alert=0.05),
    "monotonicity_violation_share": Levels(alert=0.01),
    "stress_failure_share": Levels(alert=0.01),
}

# Those who deserve what is favourable get it alike, and the four-fifths rule is about getting it.
_FAVOURABLE: dict[str, Levels] = {
    "demographic_parity_ratio": Levels(alert=0.8),
    "equal_opportunity_difference": Levels(0.05, 0.1),
}

# Where being selected harms the person, the rule is about not being selected; a ratio of flags that few people get is
# an alert only when their rates are also far apart; and people who did nothing wrong are flagged alike.
_ADVERSE: dict[str, Levels] = {
    "demographic_parity_ratio": Levels(alert=0.8, min_difference=0.05),
    "favourable_parity_ratio": Levels(alert=0.8),
    "false_positive_rate_difference": Levels(0.05, 0.1),
}


def defaults(outcome: Outcome) -> dict[str, Levels]:
    """The levels of the metrics that a monitor file says nothing of."""
    return {**DEFAULTS, **(_ADVERSE if outcome == "adverse" else _FAVOURABLE)}


class Threshold(Strict):
    """The levels of one metric; one of them may be left out."""

    warning: float | None = Field(default=None)
    alert: float | None = Field(default=None)

    @model_validator(mode="before")
    @classmethod
    def _two_levels(cls, value: Any) -> Any:  # noqa: ANN401  # whatever stands in the file
        if not isinstance(value, dict | Threshold):
            message = f"expected levels such as {{warning: 0.1, alert: 0.2}}, found {shown(value)}"
            raise ValueError(message)  # noqa: TRY004  # pydantic wants it so
        return value

    @model_validator(mode="after")
    def _some_level(self) -> "Threshold":
        if self.warning is None and self.alert is None:
            message = "a threshold needs 'warning' or 'alert', or both"
            raise ValueError(message)
        return self

    def levels(self) -> Levels:
        """As the judge takes them."""
        return Levels(self.warning, self.alert)


def problems_of(thresholds: dict[str, Threshold]) -> list[tuple[Place, str]]:
    """Metrics that do not exist, levels outside the metric's range, alerts that come before the warning."""
    problems: list[tuple[Place, str]] = []
    for name, threshold in thresholds.items():
        if name not in RANGES:
            hint = did_you_mean(name, list(RANGES))
            problems.append(((name,), f"unknown metric; allowed: {', '.join(RANGES)}{hint}"))
        else:
            problems += [((name, *place), text) for place, text in _problems_of(name, threshold)]
    return problems


def _problems_of(name: str, threshold: Threshold) -> list[tuple[Place, str]]:
    low, high, lower_is_worse = RANGES[name]
    span = f"above {low:g}" + (f" and at most {high:g}" if high is not None else "")
    outside: list[tuple[Place, str]] = [
        ((level,), f"{value:g} is not possible: {name} thresholds lie {span}")
        for level, value in threshold
        if value is not None and (value <= low or (high is not None and value > high))
    ]
    if outside or threshold.warning is None or threshold.alert is None:
        return outside
    if (threshold.alert > threshold.warning) if lower_is_worse else (threshold.alert < threshold.warning):
        side = "at most" if lower_is_worse else "at least"
        text = f"alert ({threshold.alert:g}) must be {side} warning ({threshold.warning:g}) for {name}"
        return [((), text)]
    return []


def check_thresholds(value: dict[str, Threshold]) -> dict[str, Threshold]:
    """Each metric known, each threshold in range and in order."""
    require_none(problems_of(value))
    return value
