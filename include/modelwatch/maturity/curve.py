"""The arrival curve: which share of the labels that will come has come by which age, learned from earlier cohorts.

A cohort is a window's requests; its labels are counted by their age, in steps such as days. Young cohorts have shown
only part of theirs, so that the ages seen are those of early labels more often than not (right truncation). The
estimator for that is Lagakos's reverse-time product limit, which actuaries know as chain ladder: of the labels that
come by age j + 1, which share comes in the step j? Every cohort old enough to have shown that step tells of it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwatch.errors import MetricInputError

Counts = NDArray[np.int64]
FEWEST_COHORTS = 5  # followed to the end, for a curve and for how much cohorts differ
MOST_CORRELATED = 0.5


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Labels by cohort and age.

    Attributes:
        counts: ``(n, A)`` labels of cohort i that came in age step j; none at an age that is not over yet.
        observed: ``(n,)`` how many of the A age steps are over for each cohort.
    """

    counts: Counts
    observed: Counts

    def __post_init__(self) -> None:
        if self.counts.ndim != 2 or self.observed.shape != self.counts.shape[:1]:
            message = f"counts must be (n, A) and observed (n,); got {self.counts.shape} and {self.observed.shape}"
            raise MetricInputError(message)
        steps = np.arange(self.counts.shape[1])
        if (self.counts[steps[None, :] >= self.observed[:, None]] != 0).any():
            message = "labels are counted at an age that their cohort has not reached"
            raise MetricInputError(message)

    @property
    def n_ages(self) -> int:
        """A."""
        return int(self.counts.shape[1])

    @property
    def is_final(self) -> NDArray[np.bool_]:
        """``(n,)`` which cohorts have been followed to the end."""
        return np.asarray(self.observed >= self.n_ages)


@dataclass(frozen=True)
class Arrived:
    """How much of a cohort's labels have come by one age.

    Attributes:
        share: expected, in [0, 1].
        variance: of the share of a single new cohort around it: how much cohorts differ, and what is not known of the
            curve; 0 when nothing or everything has come.
    """

    share: float
    variance: float


def arrived_by(arrivals: Arrivals, age: int) -> Arrived | None:
    r"""The share that has come before the age step, of what comes before the last.

    .. math:: F(a) = \prod_{j \ge a} (1 - h_j), \qquad h_j = \frac{\sum_i x_{ij}}{\sum_i \sum_{k \le j} x_{ik}}

    over the cohorts i that have shown step j. Cohorts differ by more than chance: from those followed to the end the
    intra-class correlation of a beta-binomial is taken by moments.

    Args:
        arrivals: of earlier cohorts.
        age: how many age steps are over, 0 to A.

    Returns:
        None when fewer than `FEWEST_COHORTS` cohorts with labels were followed to the end.
    """
    final = arrivals.counts[arrivals.is_final]
    final = final[final.sum(axis=1) > 0]
    if len(final) < FEWEST_COHORTS:
        return None
    share = float(np.prod([1.0 - _hazard(arrivals, step) for step in range(age, arrivals.n_ages)]))
    if share <= 0 or share >= 1:
        return Arrived(float(share > 0), 0.0)
    sizes, early = final.sum(axis=1), final[:, :age].sum(axis=1)
    spread = share * (1 - share)
    excess = float(((early - sizes * share) ** 2 / (sizes * spread)).sum() / (len(final) - 1))
    mean_size = float(sizes.mean())
    correlation = min(max(0.0, excess - 1) / max(mean_size - 1, 1.0), MOST_CORRELATED)
    return Arrived(share, spread * (correlation + max(1.0, excess) / float(sizes.sum())))


def first_age(arrivals: Arrivals, share: float) -> int | None:
    """The first age by which the share of the labels has come; None when that cannot be told yet."""
    for age in range(arrivals.n_ages + 1):
        arrived = arrived_by(arrivals, age)
        if arrived is not None and arrived.share >= share:
            return age
    return None


def _hazard(arrivals: Arrivals, step: int) -> float:
    """Of the labels that come by the end of a step, the share that comes in it; 0 where no cohort tells."""
    rows = arrivals.counts[arrivals.observed > step]
    by_then = int(rows[:, : step + 1].sum())
    return float(rows[:, step].sum()) / by_then if by_then else 0.0
