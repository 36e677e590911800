"""Events among trials by group; light, for the intervals of rates take statsmodels with them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GroupCounts:
    """Events among trials, group by group.

    Attributes:
        x, n: ``(k,)`` events and trials, ``0 <= x <= n`` and ``n > 0``.
    """

    x: Counts
    n: Counts

    @property
    def rates(self) -> Floats:
        """``x / n``."""
        return self.x / self.n

    def non_events(self) -> "GroupCounts":
        """The same trials with events and non-events swapped."""
        return GroupCounts(self.n - self.x, self.n)

    def take(self, chosen: NDArray[np.bool_]) -> "GroupCounts":
        """Only some of the groups."""
        return GroupCounts(self.x[chosen], self.n[chosen])
