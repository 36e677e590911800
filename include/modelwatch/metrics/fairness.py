"""Fairness metrics through fairlearn, on weighted cells: their cost does not depend on the number of requests."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from modelwatch.errors import MetricInputError

Rate = Literal["selection_rate", "true_positive_rate", "false_positive_rate", "false_negative_rate"]
Cube = NDArray[np.int64]
Levels = tuple[str, ...]

RATES: tuple[Rate, ...] = (
    "selection_rate",
    "true_positive_rate",
    "false_positive_rate",
    "false_negative_rate",
)


def denominator(cube: Cube, rate: Rate) -> int:
    """How many requests of a ``(2, 3)`` cube the rate is a share of: all, the truly positive, or the truly negative."""
    if rate == "selection_rate":
        return int(cube.sum())
    return int(cube[:, 0].sum() if rate == "false_positive_rate" else cube[:, 1].sum())


def numerator(cube: Cube, rate: Rate) -> int:
    """How many of them the rate counts."""
    if rate == "selection_rate":
        return int(cube[1].sum())
    if rate == "false_positive_rate":
        return int(cube[1, 0])
    return int(cube[1, 1] if rate == "true_positive_rate" else cube[0, 1])


def rates_by_group(counts: Mapping[Levels, Cube], rate: Rate) -> dict[Levels, float]:
    """The rate of each group, computed by fairlearn's `MetricFrame`.

    selection rate = P(decision | group); true positive rate = P(decision | label, group); and so on.

    Args:
        counts: group -> ``(2, 3)`` counts of decision x label; every group needs a denominator > 0.
        rate: one of `RATES`.

    Returns:
        group -> rate in [0, 1].

    Raises:
        MetricInputError: no groups, or a group whose rate is undefined: it stays undefined rather than 0.

    Notes: rows are weighted cells, one per (group, label, decision).

    Source: fairlearn; compared with fairlearn on the full rows in tests/oracle.
    """
    if not counts or any(denominator(cube, rate) == 0 for cube in counts.values()):
        message = f"{rate} is undefined for a group without requests to divide by"
        raise MetricInputError(message)
    # Imported here: fairlearn costs seconds of import and most commands never ask for fairness.
    from fairlearn import metrics as fairlearn_metrics

    y_true, y_pred, group, weight = _weighted_rows(counts, rate)
    frame = fairlearn_metrics.MetricFrame(
        metrics=getattr(fairlearn_metrics, rate),
        y_true=y_true,
        y_pred=y_pred,
        sensitive_features=group,
        sample_params={"sample_weight": weight},
    )
    levels = list(counts)
    return {levels[int(index)]: float(value) for index, value in frame.by_group.items()}


def _weighted_rows(counts: Mapping[Levels, Cube], rate: Rate) -> tuple[list[int], list[int], list[int], list[int]]:
    """One row per non-empty cell; without labels every label is taken as 0, which the selection rate ignores."""
    rows = [
        (label if label < 2 else 0, decision, index, int(cube[decision, label]))
        for index, cube in enumerate(counts.values())
        for decision in (0, 1)
        for label in (0, 1, 2)
        if cube[decision, label] and (label < 2 or rate == "selection_rate")
    ]
    y_true, y_pred, group, weight = (list(column) for column in zip(*rows, strict=True))
    return y_true, y_pred, group, weight


def difference(rates: Mapping[Levels, float]) -> float:
    """Largest rate minus smallest, in [0, 1]; 0 = every group is treated alike (demographic parity difference for
    selection rates, equal opportunity difference for true positive rates).

    Source: fairlearn.metrics.demographic_parity_difference.
    """
    return max(rates.values()) - min(rates.values())


def ratio(rates: Mapping[Levels, float]) -> float | None:
    """Smallest rate over largest, in [0, 1]; 1 = every group is treated alike; None when no group was ever selected.

    Source: fairlearn.metrics.demographic_parity_ratio; the four-fifths line is 0.8.
    """
    largest = max(rates.values())
    return min(rates.values()) / largest if largest > 0 else None
