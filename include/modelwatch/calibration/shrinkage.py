"""Empirical-Bayes rates: a small group's rate drawn towards what its sensitive features alone would give it."""

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

SWEEPS = 25
RIDGE = 1.0  # keeps the effect of a level finite that had no event, or nothing else


def shrunken_rates(x: Counts, n: Counts, codes: Codes) -> tuple[Floats, Floats]:
    """The rates to show for the groups of an intersection, and what its main effects alone predict.

    The prediction m is a logistic regression on the features without their interaction. Groups scatter around it as a
    beta-binomial with intraclass correlation rho, estimated by moments; the rate shown is the posterior mean
    ``(x + s m) / (n + s)`` with ``s = (1 - rho) / rho``: close to ``x / n`` in a large group, to m in a small one.

    Args:
        x, n: ``(k,)`` events and trials, ``0 <= x <= n`` and ``n > 0``.
        codes: ``(k, n_features)`` the level of each feature.

    Returns:
        shrunken, predicted: ``(k,)`` rates in (0, 1).

    Source: Efron & Morris 1975; Kleinman 1973 for the moments of the beta-binomial.
    """
    predicted = _main_effects(x, n, codes)
    n_parameters = 1 + sum(len(np.unique(column)) - 1 for column in codes.T)
    scatter = float(np.sum((x - n * predicted) ** 2 / (n * predicted * (1 - predicted))))
    room = float(np.sum(n - 1))
    rho = (scatter - max(1, len(n) - n_parameters)) / room if room else 0.0
    if rho <= 0:
        return predicted, predicted
    strength = (1 - min(rho, 1.0)) / min(rho, 1.0)
    return np.asarray((x + strength * predicted) / (n + strength)), predicted


def _main_effects(x: Counts, n: Counts, codes: Codes) -> Floats:
    """Ridge logistic regression, one feature's levels after the other by Newton's method; the intercept is free.

    Sweeps rather than one large system: sums in a fixed order give the same bytes on every machine.
    """
    share = (x.sum() + 0.5) / (n.sum() + 1)
    intercept = np.log(share / (1 - share))
    effects = [np.zeros(int(column.max()) + 1) for column in codes.T]
    for _ in range(SWEEPS):
        rate = _rate(intercept, effects, codes)
        intercept += float(np.clip((x - n * rate).sum() / ((n * rate * (1 - rate)).sum() + 1e-9), -2, 2))
        for j, column in enumerate(codes.T):
            rate = _rate(intercept, effects, codes)
            slope, curvature = np.bincount(column, x - n * rate), np.bincount(column, n * rate * (1 - rate))
            effects[j] = effects[j] + np.clip((slope - RIDGE * effects[j]) / (curvature + RIDGE), -2, 2)
    return _rate(intercept, effects, codes)


def _rate(intercept: float, effects: list[Floats], codes: Codes) -> Floats:
    score = intercept + sum(effect[column] for column, effect in zip(codes.T, effects, strict=True))
    return np.asarray(1 / (1 + np.exp(-np.clip(score, -30, 30))))
