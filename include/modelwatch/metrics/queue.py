"""A review queue: what people find who look at the highest scores of each day."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int64]
Names = NDArray[np.object_]


@dataclass(frozen=True)
class Reviewed:
    """What was looked at.

    Attributes:
        found: how many of them turned out positive; a fraction where a day's queue ends within equal scores.
        n: how many were looked at: k of every day, or all of a day with fewer.
    """

    found: float
    n: int

    def __add__(self, other: "Reviewed") -> "Reviewed":
        return Reviewed(self.found + other.found, self.n + other.n)


NOTHING = Reviewed(0.0, 0)


def precision_at(scores: Floats, positives: Flags, k: int) -> Reviewed:
    """The ``k`` highest scores of one day; equal scores at the end of the queue count by their mean.

    Args:
        scores: ``(n,)``; positives: ``(n,)``; k: 1 or more.

    Returns:
        How many of ``min(k, n)`` are positive. Where no tie straddles the end that is
        ``positives[argsort(-scores)][:k].sum()``.
    """
    k = min(k, len(scores))
    if k == 0:
        return NOTHING
    last = np.partition(scores, len(scores) - k)[len(scores) - k]
    over, level = scores > last, scores == last
    return Reviewed(float(positives[over].sum() + (k - over.sum()) * positives[level].mean()), k)


def entity_precision_at(
    scores: Floats, positives: Flags, entities: Names, k: int, known: AbstractSet[str]
) -> tuple[Reviewed, set[str]]:
    """The ``k`` entities of one day with the highest scores, without those that are known to be compromised.

    An entity has its highest score of the day, and is compromised when one of its requests of the day is positive.
    Equal scores are taken in the order of the names.

    Args:
        scores, positives, entities: ``(n,)`` one per request.
        k: 1 or more.
        known: entities that were found before.

    Returns:
        How many of those looked at are compromised, and which.

    Source: card precision top-k, Le Borgne et al., Reproducible machine learning for credit card fraud detection, 2022.
    """
    names, place = np.unique(entities, return_inverse=True)
    highest = np.full(len(names), -np.inf)
    np.maximum.at(highest, place, scores)
    compromised = np.bincount(place, positives, len(names)) > 0
    new = np.flatnonzero([name not in known for name in names])
    chosen = new[np.argsort(-highest[new], kind="stable")[:k]]
    found = {str(name) for name in names[chosen[compromised[chosen]]]}
    return Reviewed(float(len(found)), len(chosen)), found
