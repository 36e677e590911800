"""Natural variation: how much shares differ from window to window beyond chance, and the sizes that leaves for tests.

Traffic is not one long row of independent requests: weekdays, campaigns and repeated customers move whole windows. Then
Var(share of a window) = p (1 - p) (1/m + tau2): a part that shrinks with the window's m requests and a part that does
not. Every null that is made for independent requests holds again with the effective sizes
``1/m_eff = 1/m + tau2`` and ``1/n_eff = 1/n + tau2 / (windows in the reference)``. See docs/natural-variation.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """The between-window variance ``tau2 >= 0`` of a share, in units of p (1 - p).

    Attributes:
        typical: its estimate: what debiasing takes off.
        bound: what tests of the whole distribution use, >= ``typical``: few windows know it badly, and it may all go
            one way.
        bound_of_one: what tests of a single share use, >= ``bound``: it may all be that share's.
    """

    typical: float = 0.0
    bound: float = 0.0
    bound_of_one: float = 0.0


@dataclass(frozen=True)
class Novelty:
    """The share of values that a quiet window has and the reference has not, in [0, 1].

    Attributes:
        typical: its mean: what debiasing takes off.
        bound: the largest to expect in a thousand windows, >= ``typical``; 0 when only chance brings new values.
    """

    typical: float = 0.0
    bound: float = 0.0


@dataclass(frozen=True)
class Sizes:
    """Effective requests of the reference (n) and of the window (m): as many independent ones would tell as much."""

    n: float
    m: float

    def reference(self, counts: Counts | Floats) -> Counts | Floats:
        """The reference's counts as they would be at its effective size; unchanged when nothing varies."""
        return _scaled(counts, self.n)

    def current(self, counts: Counts | Floats) -> Counts | Floats:
        """The window's counts as they would be at its effective size; unchanged when nothing varies."""
        return _scaled(counts, self.m)

    def shares(self, x: int, n: int, y: int, m: int) -> tuple[int, int, int, int]:
        """``x`` of ``n`` and ``y`` of ``m`` at the effective sizes, whole for the exact tests of thin counts."""
        return *_whole(x, n, self.n), *_whole(y, m, self.m)


@dataclass(frozen=True)
class Variation:
    """One column's natural variation, or one group's; the default is none.

    Attributes:
        distribution: of the shares of its values, over the bins that PSI uses; of a group that of its selection rate
            less that of all others.
        missing: of the share of missing values.
        novelty: of values that the reference never had.
        reference_windows: how many windows the reference amounts to.
        current_windows: how many windows long the current sample is.
    """

    distribution: Spread = field(default_factory=Spread)
    missing: Spread = field(default_factory=Spread)
    novelty: Novelty = field(default_factory=Novelty)
    reference_windows: float = 1.0
    current_windows: float = 1.0

    def sizes(self, n: int, m: int) -> Sizes:
        """For tests of the values, and the smallest effect they can show: ``n_eff <= n``, ``m_eff <= m``."""
        return self._sizes(n, m, self.distribution.bound)

    def typical_sizes(self, n: int, m: int) -> Sizes:
        """For what the values' effects are without any drift, which debiasing takes off."""
        return self._sizes(n, m, self.distribution.typical)

    def share_sizes(self, n: int, m: int) -> Sizes:
        """For tests of the share of a single value or tail."""
        return self._sizes(n, m, self.distribution.bound_of_one)

    def missing_sizes(self, n: int, m: int) -> Sizes:
        """For tests of the share of missing values."""
        return self._sizes(n, m, self.missing.bound_of_one)

    @property
    def of_change(self) -> float:
        """What it adds to the variance of a change since the reference, in units of p (1 - p): tests of one rate."""
        return self.distribution.bound_of_one * (1 / self.current_windows + 1 / self.reference_windows)

    def _sizes(self, n: int, m: int, tau2: float) -> Sizes:
        return Sizes(effective(n, tau2 / self.reference_windows), effective(m, tau2 / self.current_windows))


Variations = Mapping[str, Variation]  # by column, or by the name of a group
NONE = Variation()


def effective(size: int, tau2: float) -> float:
    """``1 / (1/size + tau2)``, in [0, size]; the size itself when ``tau2`` is 0."""
    return float(size) if tau2 == 0 or size == 0 else 1 / (1 / size + tau2)


def over(variations: Variations, windows: float) -> Variations:
    """The same variation for a current sample as long as so many windows."""
    return {name: replace(one, current_windows=one.current_windows * windows) for name, one in variations.items()}


def n_windows(sizes: Sequence[int]) -> float:
    """How many equal windows amount to these: ``(sum n)^2 / sum n^2``, at least 1."""
    squares = sum(size * size for size in sizes)
    return sum(sizes) ** 2 / squares if squares else 1.0


def _scaled(counts: Counts | Floats, size: float) -> Counts | Floats:
    total = counts.sum()
    return counts if size >= total else counts * (size / total)


def _whole(count: int, size: int, effective_size: float) -> tuple[int, int]:
    if effective_size >= size:
        return count, size
    whole = max(1, int(effective_size))
    return round(count * whole / size), whole
