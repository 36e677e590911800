"""A window's performance against that of the windows before it together, the rolling past.

The reference tells what the model could do when it was new. Where it has long been worse than that, or where the
reference has no labels, only its own past tells of a sudden fall.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from operator import add

import numpy as np

from modelwatch.calibration import performance as calibration
from modelwatch.calibration.gap_spread import spread_of_gaps
from modelwatch.calibration.spread import MIN_WINDOWS
from modelwatch.calibration.variation import Spread
from modelwatch.checks.performance import against
from modelwatch.checks.performance_figures import FEWEST, Costs, Figure, Figures, figures
from modelwatch.domain import Measurement
from modelwatch.metrics.reliability import bin_edges
from modelwatch.profile.outcomes import UNKNOWN, Outcomes
from modelwatch.words import joined


def measure_worsening(
    past: Sequence[Outcomes], current: Outcomes, *, alpha: float, confidence: float, costs: Costs | None = None
) -> list[Measurement]:
    r"""How much worse each metric is than in the windows before this one, taken together; negative when better.

    Windows differ by more than chance. With tau2 the variance between the K past windows, taken from the steps between
    neighbours so that a slow decay is no part of it, the difference has the variance

    .. math:: e_{past}^2 + e_{now}^2 + \tau^2 (1 + 1/K)

    Args:
        past: the windows before, oldest first; those without labels say nothing.
        current: the window.
        alpha: the significance a single test must reach, for the smallest detectable change.
        confidence: of the intervals.
        costs: of right and wrong decisions; None leaves ``cost_worsening`` out.

    Returns:
        One per metric; nothing without labels, or with fewer than `MIN_WINDOWS` windows before: how much windows differ
        by nature could not be told.

    Source: DerSimonian & Laird 1986; von Neumann 1941 for the steps.
    """
    known = [one for one in past if one.n_labelled]
    if len(known) < MIN_WINDOWS or not current.n_labelled:
        return []
    together = reduce(add, known)
    edges = bin_edges(together.scores, together.by_label[:, :UNKNOWN].sum(axis=1))
    before, now, *each = (
        figures(side, alpha=1 - confidence, edges=edges, costs=costs) for side in (together, current, *known)
    )
    return [_worsening(metric, before[metric], now[metric], each, alpha, confidence) for metric in now]


def _worsening(
    metric: str, before: Figure | str, now: Figure | str, each: Sequence[Figures], alpha: float, confidence: float
) -> Measurement:
    name = f"{metric}_worsening"
    if isinstance(before, str) or isinstance(now, str):
        reason = now if isinstance(now, str) else f"not in the windows before it: {before}"
        return Measurement("performance", name, None, None, 0, reason=reason)
    m, natural, more = against(metric, before, now, alpha=alpha), _natural(metric, each), 1 + 1 / len(each)
    chance, effect = math.hypot(before.error, now.error), m.effect or 0.0
    usual, widest = (math.sqrt(chance**2 + tau2 * more) for tau2 in (natural.typical, natural.bound_of_one))
    low, high = calibration.normal_interval(effect, usual, alpha=1 - confidence)
    p_value = max(m.p_value or 0.0, calibration.difference_p_value(effect, widest)) if natural.typical else m.p_value
    return replace(
        m,
        metric=name,
        value=effect,
        ci_low=low,
        ci_high=high,
        p_value=p_value,
        smallest_detectable=calibration.smallest_change(widest, alpha=alpha),
        evidence=joined(m.evidence, f"against the {len(each)} windows before it"),
    )


def _natural(metric: str, each: Sequence[Figures]) -> Spread:
    """How much the metric varies between windows beyond chance; nothing where too few windows could tell."""
    found = [one for of_window in each if isinstance(one := of_window[metric], Figure) and one.events >= FEWEST]
    varying = [one for one in found if one.error > 0]
    values, errors = (np.array(side) for side in ([v.value for v in varying], [v.error**2 for v in varying]))
    return spread_of_gaps(values, errors, by_steps=True)
