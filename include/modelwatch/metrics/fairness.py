"""Fairness metrics through fairlearn, on weighted cells: their cost does not depend on the number of requests."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Rate = Literal["selection_rate", "true_positive_rate", "false_positive_rate", "false_negative_rate"]
Cube = NDArray[np.int64]
Counts = NDArray[np.int64]
Levels = tuple[str, ...]

RATES: tuple[Rate, ...] = (
    "selection_rate",
    "true_positive_rate",
    "false_positive_rate",
    "false_negative_rate",
)
# What each rate is a share of, in words.
TRIALS: Mapping[Rate, str] = {
    "selection_rate": "requests",
    "true_positive_rate": "positives",
    "false_positive_rate": "negatives",
    "false_negative_rate": "positives",
}


def counts_of(cubes: Sequence[Cube] | Cube, rate: Rate) -> tuple[Counts, Counts]:
    """Numerator and denominator of a rate, group by group.

    Args:
        cubes: k groups' ``(2, 3)`` counts of decision (not selected, selected) x label (negative, positive, unknown).
        rate: one of `RATES`.

    Returns:
        ``(k,)`` how many the rate counts, and ``(k,)`` of how many: all requests, the truly positive or negative.
    """
    stacked = np.asarray(cubes, dtype=np.int64).reshape(-1, 2, 3)
    if rate == "selection_rate":
        return stacked[:, 1].sum(axis=1), stacked.sum(axis=(1, 2))
    label = 0 if rate == "false_positive_rate" else 1
    return stacked[:, 0 if rate == "false_negative_rate" else 1, label], stacked[:, :, label].sum(axis=1)


def shares(x: Counts, n: Counts) -> list[float]:
    """``x / n`` of each group by fairlearn's `MetricFrame`, from two weighted rows a group.

    Every rate is the selection rate of some of the requests (the true positive rate that of the truly positive), so one
    frame serves the groups of all rates and attributes: half a millisecond a group, and a fixed time a frame.

    Args:
        x, n: ``(k,)`` counts, ``0 <= x <= n`` and ``n > 0``.

    Returns:
        k rates in [0, 1].
    """
    if not len(n):
        return []
    # Imported here: fairlearn costs seconds of import and most commands never ask for fairness.
    from fairlearn.metrics import MetricFrame, selection_rate

    counted = np.tile([1, 0], len(n))
    frame = MetricFrame(
        metrics=selection_rate,
        y_true=counted,
        y_pred=counted,
        sensitive_features=np.repeat(np.arange(len(n)), 2),
        sample_params={"sample_weight": np.column_stack([x, n - x]).ravel()},
    )
    return [float(value) for value in frame.by_group.sort_index()]
