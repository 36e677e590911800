"""Whether scores are the probabilities they look like: observed shares beside mean scores, bin by bin."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

BINS = 10


@dataclass(frozen=True, eq=False)
class Reliability:
    """Bins of neighbouring scores; empty ones are 0 throughout.

    Attributes:
        n: ``(b,)`` labelled requests.
        positives: ``(b,)`` of them positive.
        mean_score: ``(b,)`` their mean score.
    """

    n: Counts
    positives: Counts
    mean_score: Floats

    @property
    def gaps(self) -> Floats:
        """``(b,)`` share of positives less the mean score, in [-1, 1]."""
        return np.asarray(self.positives / np.maximum(self.n, 1) - self.mean_score)

    @property
    def weights(self) -> Floats:
        """``(b,)`` each bin's share of the requests."""
        return np.asarray(self.n / max(1, self.n.sum()))

    @property
    def variances(self) -> Floats:
        """``(b,)`` of the gaps, the share of positives drawn towards a half so that none has a variance of 0."""
        share = (self.positives + 0.5) / (self.n + 1)
        return np.asarray(np.where(self.n > 0, share * (1 - share) / np.maximum(self.n, 1), 0.0))


def bin_edges(scores: Floats, counts: Counts) -> Floats:
    """The upper ends of `BINS` bins of about equally many requests, the last one left out.

    Args:
        scores: ``(k,)`` ascending; counts: ``(k,)`` requests at each.

    Returns:
        ``(b - 1,)`` ascending and distinct scores: requests with equal scores are never parted.
    """
    if not counts.sum():
        return np.empty(0)
    ranks = np.arange(1, BINS) * counts.sum() / BINS
    edges = np.unique(scores[np.searchsorted(np.cumsum(counts), ranks)])
    return np.asarray(edges[edges < scores[-1]])


def reliability(scores: Floats, positives: Counts, negatives: Counts, edges: Floats) -> Reliability:
    """Labelled requests by bin; a score equal to an edge belongs to the bin below it."""
    place, size = np.searchsorted(edges, scores), len(edges) + 1
    n = np.bincount(place, positives + negatives, size)
    total = np.bincount(place, scores * (positives + negatives), size)
    counted = np.bincount(place, positives, size)
    return Reliability(n.astype(np.int64), counted.astype(np.int64), total / np.maximum(n, 1))


def expected_calibration_error(bins: Reliability) -> float:
    """The mean distance between score and observed share: ``sum_b n_b / n |share_b - mean score_b|``.

    Returns:
        [0, 1]; 0 = the scores are probabilities; higher is worse.

    Notes:
        Chance alone makes it about ``sum_b n_b / n sqrt(2 v_b / pi)``, v_b the variance of the bin's share.

    Source: Naeini, Cooper & Hauskrecht 2015, with bins of equal numbers rather than equal widths.
    """
    return float((bins.weights * np.abs(bins.gaps)).sum())
