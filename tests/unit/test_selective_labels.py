"""Inverse-propensity estimates: they cover the truth, and refuse propensities that are none."""

import numpy as np

from modelwatch.checks.performance_figures import Figure
from modelwatch.checks.selective import BAD_PROPENSITY, inverse_propensity


def test_intervals_cover_the_truth_of_all_traffic() -> None:
    rng = np.random.default_rng(5)
    covered = {"accuracy": 0, "precision": 0, "recall": 0, "f1": 0}
    for _ in range(300):
        chance = rng.beta(1, 5, 4_000)
        positive, selected = rng.random(4_000) < chance, chance > 0.35
        truth = {
            "accuracy": (positive == selected).mean(),
            "precision": positive[selected].mean(),
            "recall": selected[positive].mean(),
            "f1": 2 * (positive & selected).sum() / (positive.sum() + selected.sum()),
        }
        propensity = np.where(selected, 0.15, 1.0)
        known = rng.random(4_000) < propensity
        found = inverse_propensity(selected[known], positive[known], propensity[known], alpha=0.05)
        for metric, figure in found.items():
            assert isinstance(figure, Figure)
            covered[metric] += figure.low <= truth[metric] <= figure.high
    assert all(0.92 <= hits / 300 <= 0.99 for hits in covered.values()), covered


def test_a_propensity_that_is_none_is_refused() -> None:
    flags = np.array([True, False])
    for bad in (0.0, 1.2, np.nan):
        found = inverse_propensity(flags, flags, np.array([bad, 1.0]), alpha=0.05)
        assert set(found.values()) == {BAD_PROPENSITY}
