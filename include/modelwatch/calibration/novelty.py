"""How many new values quiet windows bring: those that no other window of the reference has, or that it never had."""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import special

from modelwatch.calibration.spread import IS_NOISE, LEVEL, MIN_WINDOWS
from modelwatch.calibration.variation import Novelty
from modelwatch.calibration.windows import Table
from modelwatch.profile.cells import CategoricalCells, Cells
from modelwatch.profile.features import CategoricalProfile, FeatureProfile, NumericProfile

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


def natural_novelty(table: Table, reference: Sequence[FeatureProfile] | None = None) -> Novelty:
    """The share of new values in quiet windows, and the largest to expect in a thousand of them.

    typical = mean u_w,  bound = max(max u_w, typical + t(k - 1) sd(u_w) sqrt(1 + 1/k)),  u_w = new values / values

    None when the counts are no more than Good and Turing's rate and chance explain: a reference whose newcomers come
    one by one tells by its singletons how many to expect; one whose newcomers come in numbers does not.

    Args:
        table: one column's counts in the windows, in the order of time.
        reference: the windows' profiles when the cells were fitted on these very windows, so that nothing in them is
            new to the cells; new is then what no other window has.
    """
    newcomers = table.new if reference is None else _apart(reference)
    if not newcomers.any():
        return Novelty()
    counted = newcomers, table.present
    new, n = (counts[counted[1] > 0].astype(np.float64) for counts in counted)
    k = len(n)
    if k < MIN_WINDOWS or _is_chance(new, n, _chance(table.cells, n)):
        return Novelty()
    shares = new / n
    mean, spread = float(shares.mean()), float(shares.std(ddof=1))
    above = float(special.stdtrit(k - 1, 1 - LEVEL)) * spread * sqrt(1 + 1 / k)
    return Novelty(mean, min(1.0, max(float(shares.max()), mean + above)))


def _is_chance(new: Floats, n: Floats, rate: float) -> bool:
    expected = n * rate
    return bool(special.chdtrc(len(n), float(np.sum((new - expected) ** 2 / expected))) > IS_NOISE)


def _chance(cells: Cells, n: Floats) -> float:
    """Good and Turing's rate of new values, with one singleton added; two for the two ends of a range."""
    singletons = cells.n_singletons if isinstance(cells, CategoricalCells) else 1
    return float(min(1.0, (singletons + 1) / n.sum()))


def _apart(windows: Sequence[FeatureProfile]) -> Counts:
    """What no other window has; rare categories, which are counted as one, are taken to be in several."""
    if isinstance(windows[0], CategoricalProfile):
        table = np.array([one.counts[:-3] for one in windows])
        return np.asarray(table[:, (table > 0).sum(axis=0) == 1].sum(axis=1))
    cells = [np.flatnonzero(one.finite) for one in windows if isinstance(one, NumericProfile)]
    lows, highs = np.array([(held[0], held[-1]) if len(held) else (np.iinfo(int).max, -1) for held in cells]).T
    found = []
    for i, one in enumerate(windows):
        low, high = np.delete(lows, i).min(), np.delete(highs, i).max()
        below, above = one.counts[:-2][: max(0, low)], one.counts[:-2][high + 1 :]
        found.append(int(below.sum() + above.sum()))
    return np.array(found)
