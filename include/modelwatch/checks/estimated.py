"""Performance before labels come: what calibrated scores lead to expect of a window's decisions and ranking.

Confidence-based performance estimation: the reference's labels turn each score into a chance of being positive; a
window's requests are then expected positives and negatives, and every metric is taken of those. It sees where the
inputs moved to; it cannot see that they mean something else now: it is withheld once calibration does not hold.
"""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from modelwatch.calibration import performance as calibration
from modelwatch.checks.performance import against
from modelwatch.checks.performance_figures import FEWEST, NO_DECISIONS, Figure, Figures
from modelwatch.domain import Measurement
from modelwatch.metrics import performance as metrics
from modelwatch.profile.outcomes import UNKNOWN, Outcomes
from modelwatch.words import joined, number

Floats = NDArray[np.float64]

RANKINGS = {
    "roc_auc": (metrics.roc_auc, calibration.auc_error),
    "average_precision": (metrics.average_precision, calibration.average_precision_error),
}
NOBODY = "no request is expected to be selected"


def measure_estimates(
    reference: Outcomes | None, current: Outcomes, before: Figures, now: Figures, *, alpha: float, confidence: float
) -> list[Measurement]:
    """Estimated metrics of all of the window's scored requests, against what the reference's turned out to be.

    Args:
        reference: whose labels calibrate the scores; current: the window, whose labels are not looked at.
        before, now: the reference's figures, and the window's where its labels are known: what the estimate came to.
        alpha: the significance a single test must reach.
        confidence: of the intervals.
    """
    if reference is None or not _can_calibrate(reference) or not current.n_scored:
        return []
    expected = estimates(reference, current, alpha=1 - confidence)
    return [
        replace(m, evidence=joined(m.evidence, _came_out(now.get(metric))))
        for metric, figure in expected.items()
        for m in [against(f"estimated_{metric}", before.get(metric), figure, alpha=alpha)]
    ]


def estimates(reference: Outcomes, current: Outcomes, *, alpha: float) -> Figures:
    """The expected figures; their error is that of a window of this size, and of the reference's own labels."""
    chances = calibrated_chances(reference, current.scores)
    known, selected = current.cube.sum(axis=2)[:, :UNKNOWN], current.cube[:, 1].sum(axis=1)
    n = current.by_score.counts.sum(axis=1)
    positives, negatives = n * chances, n * (1 - chances)
    found: dict[str, Figure | str] = {}
    if min(positives.sum(), negatives.sum()) >= 1:
        for name, (metric, error) in RANKINGS.items():
            value = metric(positives, negatives), error(positives, negatives)
            found[name] = _figure(*value, positives, negatives, alpha)
    return {**found, **_of_decisions(known, selected, chances, alpha)}


def calibrated_chances(reference: Outcomes, scores: Floats) -> Floats:
    """The chance of a positive at each score: the isotonic regression of the reference's labels, between its scores
    linear.

    Args:
        reference: labelled; scores: ``(k,)``.

    Returns:
        ``(k,)`` in [0, 1], not falling with the score.

    Source: Zadrozny & Elkan 2002; equals sklearn.isotonic.IsotonicRegression in tests/oracle.
    """
    labelled = reference.by_label[:, :UNKNOWN]
    n = labelled.sum(axis=1)
    held = n > 0
    fitted = isotonic_regression(labelled[held, 1] / n[held], weights=n[held]).x
    return np.asarray(np.interp(scores, reference.scores[held], fitted))


def _can_calibrate(reference: Outcomes) -> bool:
    return min(int(reference.by_label[:, label].sum()) for label in (0, 1)) >= FEWEST


def _figure(value: float, error: float, positives: Floats, negatives: Floats, alpha: float) -> Figure:
    low, high = calibration.logit_interval(value, error, alpha=alpha)
    n, events = round(float((positives + negatives).sum())), round(float(min(positives.sum(), negatives.sum())))
    return Figure(value, error, low, high, n, events)


def _of_decisions(known: metrics.Counts, selected: metrics.Counts, chances: Floats, alpha: float) -> Figures:
    n = int(known.sum())
    if n == 0:
        return dict.fromkeys(("accuracy", "precision", "recall", "f1"), NO_DECISIONS)
    tp, fn = float((selected * chances).sum()), float((known[:, 0] * chances).sum())
    fp, tn = float(selected.sum()) - tp, float(known[:, 0].sum()) - fn
    jaccard = _share(tp, tp + fp + fn, n, alpha)
    return {
        "accuracy": _share(tp + tn, float(n), n, alpha),
        "precision": _share(tp, tp + fp, n, alpha),
        "recall": _share(tp, tp + fn, n, alpha),
        "f1": jaccard if isinstance(jaccard, str) else _f1(jaccard, alpha),
    }


def _share(x: float, total: float, n: int, alpha: float) -> Figure | str:
    if total < 1:
        return NOBODY
    value = x / total
    drawn = (x + 0.5) / (total + 1)
    error = math.sqrt(drawn * (1 - drawn) / total)
    return Figure(value, error, *calibration.logit_interval(value, error, alpha=alpha), n, round(total))


def _f1(jaccard: Figure, alpha: float) -> Figure:
    value, error = 2 * jaccard.value / (1 + jaccard.value), jaccard.error * 2 / (1 + jaccard.value) ** 2
    low, high = calibration.logit_interval(value, error, alpha=alpha)
    return Figure(value, error, low, high, jaccard.n, jaccard.events)


def _came_out(now: Figure | str | None) -> str | None:
    return f"it came out as {number(now.value)}" if isinstance(now, Figure) else None
