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
FOLDS = 10
SEED = 20_020_723  # the same labels give the same estimate
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
    r"""The expected figures, cross-fitted.

    A map that was fitted to few labels has learned some of their noise, and expects too much of any scores. How much,
    the reference itself tells: what its labels made of it, less what maps fitted without them (`FOLDS` folds) expect.

    .. math:: \theta = \theta_{window}^{expected} + \theta_{reference}^{seen} - \theta_{reference}^{out of fold}

    The error of a figure is that of a window of this size; its interval has that of the reference's own labels too.

    Source: Chernozhukov et al. 2018 for cross-fitting; coverage is simulated in tests/oracle.
    """
    expected = _expected(current.cube.sum(axis=2), calibrated_chances(reference, current.scores), alpha)
    known = reference.cube[:, :, :UNKNOWN]
    seen = _figures(known[:, :, 1], known[:, :, 0], alpha)
    held_out = _expected(known.sum(axis=2), _chances_out_of_fold(reference), alpha)
    return {name: _corrected(one, seen.get(name), held_out.get(name), alpha) for name, one in expected.items()}


def _corrected(
    expected: Figure | str, seen: Figure | str | None, held_out: Figure | str | None, alpha: float
) -> Figure | str:
    if not (isinstance(expected, Figure) and isinstance(seen, Figure) and isinstance(held_out, Figure)):
        return expected
    value = min(max(expected.value + seen.value - held_out.value, 0.0), 1.0)
    low, high = calibration.logit_interval(value, math.hypot(expected.error, seen.error), alpha=alpha)
    return replace(expected, value=value, low=low, high=high)


def _chances_out_of_fold(reference: Outcomes) -> Floats:
    """``(k,)`` the mean chance at the reference's scores, by maps that have not seen what they are asked for."""
    rng = np.random.default_rng(SEED)
    labelled = reference.by_label[:, :UNKNOWN]
    folds = rng.multinomial(labelled, np.full(FOLDS, 1 / FOLDS)).transpose(2, 0, 1)  # (FOLDS, k, 2)
    total, expected = labelled.sum(axis=1), np.zeros(len(labelled))
    for fold in folds:
        expected += fold.sum(axis=1) * _fitted(labelled - fold, reference.scores, reference.scores)
    return np.divide(expected, total, out=np.zeros_like(expected), where=total > 0)


def calibrated_chances(reference: Outcomes, scores: Floats) -> Floats:
    """The chance of a positive at each score: the isotonic regression of the reference's labels, between its scores
    linear.

    Args:
        reference: labelled; scores: ``(k,)``.

    Returns:
        ``(k,)`` in [0, 1], not falling with the score.

    Source: Zadrozny & Elkan 2002; equals sklearn.isotonic.IsotonicRegression in tests/oracle.
    """
    return _fitted(reference.by_label[:, :UNKNOWN], reference.scores, scores)


def _fitted(labelled: metrics.Counts, at: Floats, scores: Floats) -> Floats:
    """The map of ``(k, 2)`` counts by label at the ascending scores ``at``."""
    n = labelled.sum(axis=1)
    held = n > 0
    fitted = isotonic_regression(labelled[held, 1] / n[held], weights=n[held]).x
    return np.asarray(np.interp(scores, at[held], fitted))


def _can_calibrate(reference: Outcomes) -> bool:
    return min(int(reference.by_label[:, label].sum()) for label in (0, 1)) >= FEWEST


def _expected(decided: metrics.Counts, chances: Floats, alpha: float) -> Figures:
    """The figures of ``(k, 3)`` requests by score and decision, each positive with the chance of its score."""
    positives = decided * chances[:, None]
    return _figures(positives, decided - positives, alpha)


def _figures(positives: metrics.Counts, negatives: metrics.Counts, alpha: float) -> Figures:
    """The figures of ``(k, 3)`` positives and negatives, seen or expected, by score and decision."""
    p, n = positives.sum(axis=1), negatives.sum(axis=1)
    found: dict[str, Figure | str] = {}
    if min(p.sum(), n.sum()) >= 1:
        for name, (metric, error) in RANKINGS.items():
            found[name] = _figure(metric(p, n), error(p, n), p, n, alpha)
    return {**found, **_of_decisions(positives[:, :UNKNOWN].sum(axis=0), negatives[:, :UNKNOWN].sum(axis=0), alpha)}


def _figure(value: float, error: float, positives: metrics.Counts, negatives: metrics.Counts, alpha: float) -> Figure:
    low, high = calibration.logit_interval(value, error, alpha=alpha)
    n, events = round(float((positives + negatives).sum())), round(float(min(positives.sum(), negatives.sum())))
    return Figure(value, error, low, high, n, events)


def _of_decisions(positives: metrics.Counts, negatives: metrics.Counts, alpha: float) -> Figures:
    """Of ``(2,)`` positives and negatives by decision."""
    (fn, tp), (tn, fp) = (tuple(float(one) for one in side) for side in (positives, negatives))
    n = round(fn + tp + tn + fp)
    if n == 0:
        return dict.fromkeys(("accuracy", "precision", "recall", "f1"), NO_DECISIONS)
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
