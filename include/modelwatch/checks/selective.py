"""Performance where only some outcomes ever become known: weighted by how likely each was to be known.

A request that was stopped has no outcome: to call it a success of the model makes its precision whatever one likes.
Those that were let through all the same, each counted for the inverse of its probability to be, stand for the others.
"""

import math

import numpy as np
from numpy.typing import NDArray

from modelwatch.calibration.performance import logit_interval
from modelwatch.checks.performance_figures import NO_DECISIONS, Figure, Figures
from modelwatch.metrics.performance import NO_POSITIVES

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

METRICS = ("accuracy", "precision", "recall", "f1")
BAD_PROPENSITY = "a propensity is the probability that the outcome becomes known: above 0 and at most 1"


def inverse_propensity(selected: Flags, positive: Flags, propensity: Floats, *, alpha: float) -> Figures:
    """The decision's metrics over all traffic, from the requests whose outcome is known.

    Each is a ratio ``R = sum w a / sum w b`` with ``w = 1 / propensity``; its error is that of a ratio of totals,
    ``sum w^2 (a - R b)^2 / (sum w b)^2``.

    Args:
        selected, positive: ``(n,)`` decisions and outcomes of requests whose outcome is known.
        propensity: ``(n,)`` the probability with which each became known.
        alpha: one minus the confidence of the intervals.

    Source: Hajek 1971; Horvitz & Thompson 1952.
    """
    if not len(selected):
        return dict.fromkeys(METRICS, NO_DECISIONS)
    if not ((propensity > 0) & (propensity <= 1)).all():
        return dict.fromkeys(METRICS, BAD_PROPENSITY)
    weights, right = 1 / propensity, selected & positive
    jaccard = _ratio(right, selected | positive, weights, alpha)
    return {
        "accuracy": _ratio(selected == positive, np.ones_like(selected), weights, alpha) or NO_DECISIONS,
        "precision": _ratio(right, selected, weights, alpha) or "no selected request has a known outcome",
        "recall": _ratio(right, positive, weights, alpha) or NO_POSITIVES,
        "f1": _f1(jaccard) if jaccard else "no request was selected or turned out positive",
    }


def _ratio(part: Flags, whole: Flags, weights: Floats, alpha: float) -> Figure | None:
    """A weighted share of the whole; None of nothing."""
    total = float(weights[whole].sum())
    if total == 0:
        return None
    value = float(weights[part].sum()) / total
    spread = float((weights[whole] ** 2 * (part[whole] - _drawn(value, whole)) ** 2).sum())
    error = math.sqrt(spread) / total
    return Figure(value, error, *logit_interval(value, error, alpha=alpha), len(weights), int(whole.sum()))


def _drawn(value: float, whole: Flags) -> float:
    """The share drawn towards a half, so that one of 0 or 1 has an error too."""
    n = int(whole.sum())
    return (value * n + 0.5) / (n + 1)


def _f1(jaccard: Figure) -> Figure:
    """``2 j / (1 + j)`` of the weighted share of the true among the selected or positive."""
    value, low, high = (2 * j / (1 + j) for j in (jaccard.value, jaccard.low, jaccard.high))
    return Figure(value, jaccard.error * 2 / (1 + jaccard.value) ** 2, low, high, jaccard.n, jaccard.events)
