"""What a window's figures will be once its labels have come, from those that have come so far.

Labels of different kinds come at different speeds: a flagged fraud is looked at within days, a missed one is charged
back after weeks. So what has come is no fair part of what will come, and a figure computed from it is biased. Each kind
is therefore scaled by its own arrival curve.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwatch.maturity.curve import Arrived

DRAWS = 4000
SEED = 20_190_906  # the same labels give the same estimate
JEFFREYS = 0.5
METRICS = ("accuracy", "precision", "recall", "f1")
NOTHING = "nothing that it divides by is expected"
TOO_FEW = "too few earlier windows have all their labels to tell how these arrive"
TOO_EARLY = "labels do not come this early"

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Kind = tuple[int, int]


@dataclass(frozen=True)
class Estimate:
    """One metric of a window that is not mature.

    Attributes:
        value: the median of what it may come to, in [0, 1]; None with a reason when it cannot be told.
        low, high: between these it will be with the given confidence.
        naive: the same metric of the labels that have come, as if they were all; None when undefined.
    """

    value: float | None
    low: float | None
    high: float | None
    naive: float | None
    reason: str | None = None


def estimates(
    come: Counts,
    requests: Counts,
    arrived: Mapping[Kind, Arrived | None],
    *,
    unlabelled_is_negative: bool,
    confidence: float = 0.95,
) -> dict[str, Estimate]:
    r"""Every metric of `METRICS`, with a predictive interval.

    Of a kind of which n labels have come, and a share F has arrived, the number still to come is negative binomial with
    n + 1/2 and F (the posterior predictive under Jeffreys' prior of the rate); F itself is drawn from the beta
    distribution with the mean and the variance that earlier cohorts show.

    Args:
        come: ``(2, 2)`` labels so far: decision (no, yes) x label (negative, positive).
        requests: ``(2,)`` requests by decision; no more labels than these can come.
        arrived: for each (decision, label) that arrives, how much of it has; None: not known.
        unlabelled_is_negative: requests without a label count as negative, so that only positive labels arrive.
        confidence: of the intervals.

    Returns:
        By metric. What is not known of a kind makes every metric unknown.
    """
    decided = [d for d in (0, 1) if requests[d]]
    kinds = [(d, y) for d in decided for y in ((1,) if unlabelled_is_negative else (0, 1))]
    naive = figures(_whole(come[None].astype(np.float64), requests, unlabelled_is_negative=unlabelled_is_negative))
    shown = {name: float(values[0]) if np.isfinite(values[0]) else None for name, values in naive.items()}
    known = [one for kind in kinds if (one := arrived.get(kind)) is not None]
    if len(known) < len(kinds) or not all(one.share for one in known):
        reason = TOO_FEW if len(known) < len(kinds) else TOO_EARLY
        return {name: Estimate(None, None, None, shown[name], reason) for name in METRICS}
    rng = np.random.default_rng(SEED)
    final = np.repeat(come[None].astype(np.float64), DRAWS, axis=0)
    for kind in kinds:
        final[(slice(None), *kind)] += _to_come(int(come[kind]), arrived[kind], rng)
    drawn = figures(_whole(_within(final, come, requests), requests, unlabelled_is_negative=unlabelled_is_negative))
    return {name: _estimate(drawn[name], shown[name], confidence) for name in METRICS}


def figures(tables: Floats) -> dict[str, Floats]:
    """The metrics of ``(k, 2, 2)`` tables decision x label; NaN where one divides by nothing."""
    (tn, fn), (fp, tp) = tables[:, 0].T, tables[:, 1].T
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "accuracy": (tp + tn) / (tp + tn + fp + fn),
            "precision": tp / (tp + fp),
            "recall": tp / (tp + fn),
            "f1": 2 * tp / (2 * tp + fp + fn),
        }


def _to_come(n: int, arrived: Arrived | None, rng: np.random.Generator) -> Floats:
    """``(DRAWS,)`` labels of a kind that are still to come."""
    if arrived is None or arrived.share >= 1:
        return np.zeros(DRAWS)
    spread = arrived.share * (1 - arrived.share)
    # Beta's two parameters add up to this; a variance as large as a coin's would leave them no room.
    weight = max(spread / arrived.variance - 1, 1e-3) if arrived.variance else np.inf
    share = (
        np.full(DRAWS, arrived.share)
        if np.isinf(weight)
        else rng.beta(arrived.share * weight, (1 - arrived.share) * weight, DRAWS)
    )
    return rng.negative_binomial(n + JEFFREYS, np.clip(share, 1e-6, 1.0)).astype(np.float64)


def _within(final: Floats, come: Counts, requests: Counts) -> Floats:
    """No decision has more labels than requests: what is too much is taken from both kinds alike."""
    to_come = final - come
    room = np.maximum(requests - come.sum(axis=1), 0)
    total = to_come.sum(axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        fits = np.where(total > room, room / total, 1.0)
    return np.asarray(come + to_come * fits[:, :, None])


def _whole(tables: Floats, requests: Counts, *, unlabelled_is_negative: bool) -> Floats:
    """The tables with the requests that no label says anything of."""
    if not unlabelled_is_negative:
        return tables
    whole = tables.copy()
    whole[:, :, 0] = requests - tables[:, :, 1]
    return whole


def _estimate(drawn: Floats, naive: float | None, confidence: float) -> Estimate:
    known = drawn[np.isfinite(drawn)]
    if len(known) < DRAWS / 2:
        return Estimate(None, None, None, naive, NOTHING)
    low, middle, high = np.quantile(known, [(1 - confidence) / 2, 0.5, (1 + confidence) / 2])
    return Estimate(float(middle), float(low), float(high), naive)
