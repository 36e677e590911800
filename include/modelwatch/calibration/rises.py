"""Rises of single shares: of many values or tails, the one whose share rose beyond what chance explains."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from modelwatch.calibration.variation import Sizes

Counts = NDArray[np.int64]

GROWTH = 1.5  # a share that grew by less than half is a matter of PSI and KS, however many requests it is
SMALLEST = 0.005  # rises below half a percent are never material; leaving them out keeps the search cheap


@dataclass(frozen=True)
class Rise:
    """The most surprising rise of a share.

    Attributes:
        position: which of the counted values or tails rose; None when none did.
        before, after: its shares in the reference and the current sample, in [0, 1].
        p_value: in [0, 1], for the best of all positions (Bonferroni).
    """

    position: int | None
    before: float = 0.0
    after: float = 0.0
    p_value: float = 1.0

    @property
    def size(self) -> float:
        """``after - before``, in [0, 1]; 0 without a rise."""
        return self.after - self.before


def most_surprising_rise(reference: Counts, current: Counts, n: int, m: int, sizes: Sizes) -> Rise:
    """The position whose share rose most surprisingly, at least by half and by half a percent.

    Given both samples' total of a position, the current count is binomial when nothing changed:
    ``p = P(Binomial(r + c, m / (n + m)) >= c) = I(m / (n + m); c, r + 1)``, times the number of positions.

    Args:
        reference: ``(k,)`` counts; the positions may overlap, as tails do.
        current: ``(k,)`` counts of the same positions.
        n, m: sizes of the two samples, > 0.
        sizes: how many independent requests they amount to; the test is made for those.

    Source: conditional test of two Poisson or binomial rates, Przyborowski & Wilenski 1940.
    """
    frequent = np.flatnonzero(current >= max(1, int(SMALLEST * m)))  # few; only of these more is asked
    before, after = reference[frequent] / n, current[frequent] / m
    is_rise = (after >= GROWTH * before) & (after - before >= SMALLEST)
    rose, before, after = frequent[is_rise], before[is_rise], after[is_rise]
    if len(rose) == 0:
        return Rise(None)
    r, c = before * sizes.n, after * sizes.m
    p_values = special.betainc(c, r + 1, sizes.m / (sizes.n + sizes.m))
    # Underflow makes the clearest rises equal; the larger one is then the one to name.
    best = int(np.lexsort((before - after, p_values))[0])
    p_value = float(min(1.0, p_values[best] * len(reference)))
    return Rise(int(rose[best]), float(before[best]), float(after[best]), p_value)
