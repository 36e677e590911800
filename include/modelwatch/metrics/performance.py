"""How good the model is, from counts of labels at each score; nothing here depends on the number of requests.

Throughout, ``positives`` and ``negatives`` are ``(k,)`` counts of the requests that turned out so at each of ``k``
scores in ascending order. Requests that share a score are told apart by nothing: they count as ties.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwatch.errors import MetricInputError

Counts = NDArray[np.int64] | NDArray[np.float64]  # floats where requests are weighted
Floats = NDArray[np.float64]

NO_POSITIVES = "no request turned out positive"
NO_NEGATIVES = "no request turned out negative"


@dataclass(frozen=True)
class Confusion:
    """Decisions against what turned out to be true.

    Attributes:
        tn, fp, fn, tp: requests that were (not) selected and are (not) positive.
    """

    tn: int
    fp: int
    fn: int
    tp: int

    @classmethod
    def of(cls, table: Counts) -> "Confusion":
        """From counts of decision (no, yes, ...) x label (negative, positive, ...)."""
        return cls(int(table[0, 0]), int(table[1, 0]), int(table[0, 1]), int(table[1, 1]))

    @property
    def n(self) -> int:
        """Requests with a decision and a label."""
        return self.tn + self.fp + self.fn + self.tp


def roc_auc(positives: Counts, negatives: Counts) -> float:
    """How often a positive scores above a negative, ties counting half.

    ``sum_s p_s (N_<s + n_s / 2) / (P N)``.

    Returns:
        [0, 1]; 1 = every positive above every negative, 0.5 = no better than chance.

    Raises:
        MetricInputError: one of the two classes is empty.

    Source: Hanley & McNeil 1982; equals sklearn.metrics.roc_auc_score in tests/oracle.
    """
    p, n = positives.sum(), negatives.sum()
    _require(p, NO_POSITIVES)
    _require(n, NO_NEGATIVES)
    below = np.cumsum(negatives) - negatives
    return float((positives * (below + negatives / 2)).sum() / p / n)


def average_precision(positives: Counts, negatives: Counts) -> float:
    """The precision at each score that is a threshold, weighted by the recall it adds.

    ``sum_s (p_s / P) TP_s / (TP_s + FP_s)`` with ``TP_s, FP_s`` the requests at or above s.

    Returns:
        [0, 1]; higher is better; a model without skill has the share of positives.

    Raises:
        MetricInputError: there are no positives.

    Notes:
        It falls when positives become rarer, whatever the model does.

    Source: equals sklearn.metrics.average_precision_score in tests/oracle.
    """
    _require(int(positives.sum()), NO_POSITIVES)
    tp, selected = above(positives), above(positives + negatives)
    return float((positives * tp / np.maximum(selected, 1)).sum() / positives.sum())


def brier(scores: Floats, positives: Counts, negatives: Counts) -> float:
    """The mean squared distance between the score and what turned out: ``sum (s - y)^2 / n``.

    Args:
        scores: ``(k,)`` in [0, 1].
        positives, negatives: ``(k,)``.

    Returns:
        [0, 1]; 0 is perfect; a constant score equal to the share r of positives has ``r (1 - r)``.

    Raises:
        MetricInputError: no request has a label.

    Source: Brier 1950; equals sklearn.metrics.brier_score_loss in tests/oracle.
    """
    n = int((positives + negatives).sum())
    _require(n, "no request has a label")
    return float((positives * (1 - scores) ** 2 + negatives * scores**2).sum() / n)


def above(counts: Counts) -> Counts:
    """``(k,)`` how many lie at each score or above it."""
    return np.asarray(np.cumsum(counts[::-1])[::-1])


def _require(n: float, problem: str) -> None:
    if n == 0:
        raise MetricInputError(problem)
