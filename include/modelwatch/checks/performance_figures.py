"""What one side's outcomes come to: every performance metric with its error and interval, or why it has none."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwatch.calibration import performance as calibration
from modelwatch.calibration.intervals import rate_interval
from modelwatch.metrics import performance as metrics
from modelwatch.metrics.performance import NO_NEGATIVES, NO_POSITIVES, Confusion
from modelwatch.metrics.reliability import Reliability, expected_calibration_error, reliability
from modelwatch.profile.outcomes import Outcomes

Floats = NDArray[np.float64]

NO_SCORES = "no request has both a score and a label"
NO_DECISIONS = "no request has both a decision and a label"
FEWEST = 10  # events of a kind, as for the rates of groups


@dataclass(frozen=True)
class Costs:
    """What a request of each kind costs, in any unit; a gain is negative."""

    true_positive: float = 0.0
    false_positive: float = 0.0
    false_negative: float = 0.0
    true_negative: float = 0.0


@dataclass(frozen=True, eq=False)
class Figure:
    """One metric of one side.

    Attributes:
        error: standard error of the value.
        low, high: interval at confidence ``1 - alpha``.
        n: requests it rests on.
        events: how many of the rarer kind it rests on; below `FEWEST` it is not judged.
        share: for a share (or what is one in disguise) its numerator and denominator.
        bins: for the calibration error.
    """

    value: float
    error: float
    low: float
    high: float
    n: int
    events: int
    share: tuple[int, int] | None = None
    bins: Reliability | None = None


Figures = Mapping[str, Figure | str]


def figures(outcomes: Outcomes, *, alpha: float, edges: Floats, costs: Costs | None) -> Figures:
    """Every metric that the outcomes allow; a text says why one is not computable.

    Args:
        outcomes: of one side.
        alpha: one minus the confidence of the intervals.
        edges: of the bins of the calibration error, fitted on the reference.
        costs: None leaves ``cost`` out.
    """
    return {**_of_scores(outcomes, alpha, edges), **_of_decisions(Confusion.of(outcomes.table), alpha, costs)}


def _of_scores(outcomes: Outcomes, alpha: float, edges: Floats) -> dict[str, Figure | str]:
    negatives, positives = outcomes.by_label[:, 0], outcomes.by_label[:, 1]
    p, n = int(positives.sum()), int(negatives.sum())
    if p + n == 0:
        names = ("roc_auc", "average_precision", "brier", "expected_calibration_error")
        return dict.fromkeys(names, NO_SCORES)
    found: dict[str, Figure | str] = {
        "roc_auc": NO_POSITIVES if not p else NO_NEGATIVES if not n else _auc(positives, negatives, alpha),
        "average_precision": _average_precision(positives, negatives, alpha) if p else NO_POSITIVES,
    }
    return found | _of_probabilities(outcomes, alpha, edges)


def _auc(positives: metrics.Counts, negatives: metrics.Counts, alpha: float) -> Figure:
    value, error = metrics.roc_auc(positives, negatives), calibration.auc_error(positives, negatives)
    events = int(min(positives.sum(), negatives.sum()))
    n = int(positives.sum() + negatives.sum())
    return Figure(value, error, *calibration.logit_interval(value, error, alpha=alpha), n, events)


def _average_precision(positives: metrics.Counts, negatives: metrics.Counts, alpha: float) -> Figure:
    value = metrics.average_precision(positives, negatives)
    error = calibration.average_precision_error(positives, negatives)
    n = int(positives.sum() + negatives.sum())
    low, high = calibration.logit_interval(value, error, alpha=alpha)
    return Figure(value, error, low, high, n, int(positives.sum()))


def _of_probabilities(outcomes: Outcomes, alpha: float, edges: Floats) -> dict[str, Figure | str]:
    """Brier score and calibration error, which take the score for a probability."""
    scores, (negatives, positives) = outcomes.scores, outcomes.by_label[:, :2].T
    known = positives + negatives
    held = scores[known > 0]
    if held[0] < 0 or held[-1] > 1:
        text = f"scores are no probabilities: they go from {held[0]:.4g} to {held[-1]:.4g}"
        return {"brier": text, "expected_calibration_error": text}
    n, value = int(known.sum()), metrics.brier(scores, positives, negatives)
    losses, counts = np.concatenate([(1 - scores) ** 2, scores**2]), np.concatenate([positives, negatives])
    error = calibration.mean_error(losses, counts)
    low, high = calibration.normal_interval(value, error, alpha=alpha)
    return {
        "brier": Figure(value, error, max(0.0, low), min(1.0, high), n, n),
        "expected_calibration_error": _calibration(reliability(scores, positives, negatives, edges), alpha),
    }


def _calibration(bins: Reliability, alpha: float) -> Figure:
    n = int(bins.n.sum())
    interval = calibration.calibration_interval(bins, alpha=alpha)
    return Figure(expected_calibration_error(bins), calibration.calibration_error(bins), *interval, n, n, bins=bins)


def _of_decisions(c: Confusion, alpha: float, costs: Costs | None) -> dict[str, Figure | str]:
    names = ("accuracy", "precision", "recall", "f1", *(["cost"] if costs else []))
    if c.n == 0:
        return dict.fromkeys(names, NO_DECISIONS)
    found: dict[str, Figure | str] = {
        "accuracy": share_figure(c.tp + c.tn, c.n, alpha, n=c.n),
        "precision": share_figure(c.tp, c.tp + c.fp, alpha, n=c.n) if c.tp + c.fp else "no request was selected",
        "recall": share_figure(c.tp, c.tp + c.fn, alpha, n=c.n) if c.tp + c.fn else NO_POSITIVES,
        "f1": _f1(c, alpha) if c.tp + c.fp + c.fn else "no request was selected or turned out positive",
    }
    return found | ({"cost": _cost(c, costs, alpha)} if costs else {})


def share_figure(x: int, total: int, alpha: float, *, n: int) -> Figure:
    """``x`` of ``total`` with Wilson's interval."""
    low, high = (float(end) for end in rate_interval(x, total, alpha=alpha))
    drawn = (x + 0.5) / (total + 1)
    return Figure(x / total, math.sqrt(drawn * (1 - drawn) / total), low, high, n, total, (x, total))


def _f1(c: Confusion, alpha: float) -> Figure:
    """``2 TP / (2 TP + FP + FN)`` is ``2 j / (1 + j)`` of the share j of the true among the selected or positive."""
    jaccard = share_figure(c.tp, c.tp + c.fp + c.fn, alpha, n=c.n)
    f1: Callable[[float], float] = lambda j: 2 * j / (1 + j)  # noqa: E731  # three times the same formula
    error = jaccard.error * 2 / (1 + jaccard.value) ** 2
    return Figure(f1(jaccard.value), error, f1(jaccard.low), f1(jaccard.high), c.n, jaccard.events, jaccard.share)


def _cost(c: Confusion, costs: Costs, alpha: float) -> Figure:
    each = np.array([costs.true_negative, costs.false_positive, costs.false_negative, costs.true_positive])
    counts = np.array([c.tn, c.fp, c.fn, c.tp])
    value, error = float((each * counts).sum()) / c.n, calibration.mean_error(each, counts)
    return Figure(value, error, *calibration.normal_interval(value, error, alpha=alpha), c.n, c.n)
