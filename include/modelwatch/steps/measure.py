"""Each check as a function of the reference, the current profile and the monitor: for tasks and commands."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from modelwatch.calibration.variation import Variations
from modelwatch.checks.drift import measure_drift
from modelwatch.checks.quality import measure_quality
from modelwatch.config import Monitor
from modelwatch.domain import Check, Measurement
from modelwatch.metrics.registry import METRICS
from modelwatch.profile import Outcomes, Profile

if TYPE_CHECKING:
    from modelwatch.checks.performance_figures import Costs

Measure = Callable[[Profile, Profile, Monitor, Variations], list[Measurement]]


def quality(
    reference: Profile, current: Profile, monitor: Monitor, variation: Variations, *, is_told: bool = True
) -> list[Measurement]:
    """Missing values, wrong types, values outside the range, unseen categories, row count."""
    alpha, only = _alpha(reference, monitor), _only(monitor, is_told=is_told)
    return measure_quality(reference, current, alpha=alpha, variation=variation, only=only)


def feature_drift(
    reference: Profile, current: Profile, monitor: Monitor, variation: Variations, *, is_told: bool = True
) -> list[Measurement]:
    """Every drift metric of every feature."""
    alpha, only = _alpha(reference, monitor), _only(monitor, is_told=is_told)
    names = [name for name in monitor.schema().features if name in current.columns]
    return measure_drift(reference, current, names, check="feature_drift", alpha=alpha, variation=variation, only=only)


def prediction_drift(
    reference: Profile, current: Profile, monitor: Monitor, variation: Variations, *, is_told: bool = True
) -> list[Measurement]:
    """The same metrics of the score and the decision; nothing when the monitor names neither."""
    schema = monitor.schema()
    alpha, only = _alpha(reference, monitor), _only(monitor, is_told=is_told)
    names = [name for name in (schema.score, schema.decision) if name is not None and name in current.columns]
    return measure_drift(
        reference, current, names, check="prediction_drift", alpha=alpha, variation=variation, only=only
    )


def fairness(reference: Profile, current: Profile, monitor: Monitor, variation: Variations) -> list[Measurement]:
    """Rates by group, their differences and ratios; nothing when the monitor compares no groups."""
    if not current.groups:
        return []
    from modelwatch.checks.fairness import measure_fairness  # statsmodels costs more than all the rest of a check

    return measure_fairness(
        reference.groups,
        current.groups,
        alpha=monitor.false_discovery_rate,
        compare=monitor.fairness.compare if monitor.fairness else "extremes",
        outcome=monitor.decision.outcome,
        variation=variation,
    )


def performance(
    reference: Profile,
    current: Profile,
    monitor: Monitor,
    variation: Variations,  # noqa: ARG001  # labels tell nothing of it
) -> list[Measurement]:
    """How good scores and decisions turned out to be; nothing when the monitor names no label."""
    if current.outcomes is None:
        return []
    from modelwatch.checks.estimated import measure_estimates  # statsmodels, only where there are labels
    from modelwatch.checks.performance import both_figures, measure_performance

    sides = reference.outcomes, current.outcomes
    alpha, confidence = performance_alpha(monitor), 1 - monitor.false_discovery_rate
    figures = both_figures(*sides, confidence=confidence, costs=costs_of(monitor))
    return [
        *measure_performance(current.outcomes, *figures, alpha=alpha),
        *measure_estimates(*sides, *figures, alpha=alpha, confidence=confidence),
    ]


def worsening(past: Sequence[Outcomes], current: Outcomes | None, monitor: Monitor) -> list[Measurement]:
    """How much worse performance is than in the windows before this one; nothing without labels."""
    if current is None or not past:
        return []
    from modelwatch.checks.worsening import measure_worsening

    alpha, confidence = performance_alpha(monitor), 1 - monitor.false_discovery_rate
    return measure_worsening(past, current, alpha=alpha, confidence=confidence, costs=costs_of(monitor))


MEASURES: Mapping[Check, Measure] = {
    "quality": quality,
    "feature_drift": feature_drift,
    "prediction_drift": prediction_drift,
    "fairness": fairness,
    "performance": performance,
}


# The same, less what no verdict rests on: metrics without a threshold, and what readers are told of the others.
DECIDING: Mapping[Check, Measure] = {
    **MEASURES,
    "quality": partial(quality, is_told=False),
    "feature_drift": partial(feature_drift, is_told=False),
    "prediction_drift": partial(prediction_drift, is_told=False),
}


def performance_alpha(monitor: Monitor) -> float:
    """What one test of performance must reach at worst: the false discovery rate over the metrics with thresholds."""
    judged = [name for name in monitor.rules().levels if METRICS[name].worsens is not None]
    return monitor.false_discovery_rate / max(1, len(judged))


def costs_of(monitor: Monitor) -> "Costs | None":
    """The monitor's costs as the arithmetic takes them."""
    from modelwatch.checks.performance_figures import Costs

    return None if monitor.performance.costs is None else Costs(**monitor.performance.costs.model_dump())


def _only(monitor: Monitor, *, is_told: bool) -> frozenset[str] | None:
    """The metrics with a threshold; None when all are asked for."""
    if is_told:
        return None
    rules = monitor.rules()
    return frozenset(rules.levels).union(*rules.by_feature.values())


def _alpha(reference: Profile, monitor: Monitor) -> float:
    """What one test of the family must reach at worst: the false discovery rate over the number of columns."""
    return monitor.rules().false_discovery_rate / max(1, len(reference.columns))
