"""How much each group's rate moves against everyone else's from window to window, beyond chance."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special

from modelwatch.calibration.group_counts import GroupCounts
from modelwatch.calibration.spread import IS_NOISE, LEVEL, MIN_WINDOWS
from modelwatch.calibration.variation import Spread, Variation, Variations, n_windows
from modelwatch.metrics.fairness import Cube, counts_of
from modelwatch.profile.groups import GroupTable

MOST = 50  # groups of an attribute, the largest: as many as are listed one by one
NOBODY = np.zeros((2, 3), dtype=np.int64)

Floats = NDArray[np.float64]


def group_variations(windows: Sequence[Mapping[str, GroupTable]], *, by_steps: bool) -> Variations:
    """The natural variation of each group's selection rate less that of all others, by the group's name.

    What all groups do together (a Sunday on which more is flagged) is no part of it: it leaves the gaps as they are.

    Args:
        windows: the group tables of past windows, in the order of time.
        by_steps: whether to look at the steps from window to window alone (`spread_of_steps`).
    """
    found: dict[str, Variation] = {}
    for attribute in sorted({name for window in windows for name in window}):
        tables = [window[attribute] for window in windows if attribute in window]
        everyone = _selected([sum(table.counts.values(), NOBODY) for table in tables])
        sizes: Counter[tuple[str, ...]] = Counter()
        for table in tables:
            sizes.update({levels: int(cube.sum()) for levels, cube in table.counts.items()})
        for levels, _ in sorted(sizes.items(), key=lambda item: (-item[1], item[0]))[:MOST]:
            mine = _selected([table.counts.get(levels, NOBODY) for table in tables])
            found[tables[0].group(levels)] = _of_group(mine, everyone, by_steps=by_steps)
    return found


def spread_of_gaps(gaps: Floats, errors: Floats, *, by_steps: bool) -> Spread:
    """The between-window variance of a gap, from its value in each window.

    tau2 = max(0, (Q - (k - 1)) / (sum w - sum w^2 / sum w)),  w = 1 / errors,  Q = sum w (gap - mean)^2

    None when Q is no more than chance explains. The bound is tau2 F(1, k - 1) / chi2(1), quantiles at `LEVEL`.

    Args:
        gaps: ``(k,)`` in the order of time.
        errors: ``(k,)`` the variance that chance gives to each, in the square of the same unit.
        by_steps: Q and its weights are summed over pairs of neighbours, blind to what creeps.

    Source: DerSimonian & Laird 1986.
    """
    if len(gaps) < MIN_WINDOWS:
        return Spread()
    ends = range(len(gaps) % 2, len(gaps), 2)
    parts = [slice(i, i + 2) for i in ends] if by_steps else [slice(None)]
    q = gain = comparisons = 0.0
    for part in parts:
        values, weights = gaps[part], 1 / errors[part]
        q += float(np.sum(weights * (values - np.average(values, weights=weights)) ** 2))
        gain += float(weights.sum() - (weights**2).sum() / weights.sum())
        comparisons += len(values) - 1
    if special.chdtrc(comparisons, q) > IS_NOISE:
        return Spread()
    tau2 = max(0.0, (q - comparisons) / gain)
    bound = tau2 * max(1.0, float(special.fdtri(1, comparisons, 1 - LEVEL)) / float(special.chdtri(1, LEVEL)))
    return Spread(tau2, bound, bound)


def _of_group(mine: GroupCounts, everyone: GroupCounts, *, by_steps: bool) -> Variation:
    """In units of p (1 - p), p the rate of all groups in all windows; windows that lack either side are left out."""
    both = (mine.n > 0) & (everyone.n > mine.n)
    p = float(everyone.x.sum() / max(1, everyone.n.sum()))
    if not both.any() or not 0 < p < 1:
        return Variation()
    group = mine.take(both)
    others = GroupCounts(everyone.x[both] - group.x, everyone.n[both] - group.n)
    gaps = (group.rates - others.rates) / np.sqrt(p * (1 - p))
    spread = spread_of_gaps(gaps, 1 / group.n + 1 / others.n, by_steps=by_steps)
    return Variation(distribution=spread, reference_windows=n_windows(group.n.tolist()))


def _selected(cubes: Sequence[Cube]) -> GroupCounts:
    """Of each window: selected among all."""
    return GroupCounts(*counts_of(cubes, "selection_rate"))
