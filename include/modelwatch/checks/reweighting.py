"""The reference made comparable with the window: weighted to its inputs, with the labels it would lead to expect."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from modelwatch.calibration.performance import auc_error
from modelwatch.checks.rows import Rows
from modelwatch.metrics.performance import roc_auc
from modelwatch.words import number

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FEWEST = 1_000  # rows of either side below which nobody learns how the inputs moved
WIDEST = 20.0  # times the mean: the largest weight of one request


@dataclass(frozen=True, eq=False)
class Labelled:
    """Rows of both sides with a score and a label.

    Attributes:
        rows: their features, the reference's first.
        scores: ``(n,)``; labels: ``(n,)``.
    """

    rows: Rows
    scores: Floats
    labels: Flags

    @property
    def is_current(self) -> Flags:
        """``(n,)``."""
        return self.rows.is_current

    @property
    def has_both(self) -> bool:
        """Whether either side has positives and negatives."""
        return all(0 < self.labels[side].sum() < side.sum() for side in (self.is_current, ~self.is_current))


@dataclass(frozen=True, eq=False)
class Expected:
    """What each row's label was expected to be, and how much each row of the reference counts.

    Attributes:
        weights: ``(n,)``; 1 for the window's rows.
        chances: ``(n,)`` the probability of a positive by the reference's own labels.
    """

    weights: Floats
    chances: Floats


def as_before(labelled: Labelled) -> Expected:
    """What is expected where the inputs did not move: the reference as it is."""
    return Expected(np.ones(len(labelled.labels)), np.zeros(len(labelled.labels)))


def reweighted(labelled: Labelled) -> Expected:
    """What is expected where they moved: the reference weighted like the window, and a model of its labels.

    The weights are the odds of a cross-fitted classifier "reference or window?"; the chances come from classifiers of
    the label that did not see the row. A mistake of one is made good by the other (doubly robust).

    Source: Bickel, Brueckner & Scheffer 2007 for the weights; Robins, Rotnitzky & Zhao 1994 for the two together.
    """
    from modelwatch.checks.domain_classifier import boosted_trees, cross_validated, halves, one_thread

    half, now = halves(labelled.rows), labelled.is_current
    odds = np.empty(len(half))
    for k, fold in enumerate(cross_validated(labelled.rows)):
        odds[half == k] = fold.scores
    weights = np.exp(np.clip(odds - np.median(odds[~now]), -20, 20))
    weights = np.minimum(weights, WIDEST * weights[~now].mean())
    seen, chances = np.column_stack([labelled.rows.values, labelled.scores]), np.zeros(len(half))
    with one_thread():
        for k in (0, 1):
            train = ~now & (half != k)
            guess = _chances(boosted_trees(), seen, labelled.labels, train)
            chances += np.where(now, guess / 2, np.where(half == k, guess, 0.0))
    return Expected(np.where(now, 1.0, weights), chances)


def _chances(trees: Any, seen: Floats, labels: Flags, train: Flags) -> Floats:  # noqa: ANN401  # scikit-learn's
    if labels[train].all() or not labels[train].any():
        return np.full(len(labels), float(labels[train].mean()))
    return np.asarray(trees.fit(seen[train], labels[train]).predict_proba(seen)[:, 1])


@dataclass(frozen=True)
class Areas:
    """The area under the ROC curve three times: of the reference, of it weighted like the window, of the window.

    Attributes:
        error: standard error of the difference between the first and the last.
    """

    reference: float
    reweighted: float
    window: float
    error: float

    def told(self) -> str:
        """``"ROC AUC 0.971 in the reference, 0.961 weighted to these inputs, 0.96 now"``."""
        weighted = f", {number(self.reweighted)} weighted to these inputs" if self.reweighted != self.reference else ""
        return f"ROC AUC {number(self.reference)} in the reference{weighted}, {number(self.window)} now"

    def has_held(self, visible: float) -> bool:
        """Whether a fall by ``visible`` is excluded at 99 %."""
        return self.reference - self.window + -float(special.ndtri(0.01)) * self.error < visible


def areas(labelled: Labelled, expected: Expected) -> Areas | None:
    """The three areas; None when a side has no positives or no negatives."""
    now, scores = labelled.is_current, labelled.scores
    if not labelled.has_both:
        return None
    grid, place = np.unique(scores, return_inverse=True)

    def of(side: Flags, weights: Floats) -> tuple[Floats, Floats]:
        positives, negatives = side & labelled.labels, side & ~labelled.labels
        return tuple(np.bincount(place[chosen], weights[chosen], len(grid)) for chosen in (positives, negatives))  # type: ignore[return-value]

    alone = np.ones(len(scores))
    before, weighted, after = of(~now, alone), of(~now, expected.weights), of(now, alone)
    error = math.hypot(auc_error(*before), auc_error(*after))
    return Areas(roc_auc(*before), roc_auc(*weighted), roc_auc(*after), error)
