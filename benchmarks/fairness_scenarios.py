"""Decisions about groups of known rates, judged through `check` with the monitor file that `init` writes."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from experiments import AT_MOST_1, Experiment

Rates = Mapping[str, float]
Sizes = Mapping[str, int]
MANY: Sizes = {"a": 100, "b": 500, "c": 2000, "d": 5000}
TWO: Sizes = {"a": 5000, "b": 5000}


def fairness_experiments() -> list[Experiment]:
    """Equal rates, which should page nobody, and a true ratio of 0.6, which should."""
    return [
        _experiment("equal rates of 2 %, groups of 100 to 5,000", AT_MOST_1, MANY, dict.fromkeys(MANY, 0.02)),
        _experiment("12 % against 20 %, groups of 5,000", "at least 99 %", TWO, {"a": 0.2, "b": 0.12}),
    ]


def decisions(rng: np.random.Generator, sizes: Sizes, rates: Rates) -> pa.Table:
    """One row per request: its group, whether it was flagged, and one feature that tells nothing."""
    group = np.repeat(list(sizes), list(sizes.values()))
    flagged = rng.random(len(group)) < np.array([rates[name] for name in group])
    return pa.table({"group": group, "flagged": flagged, "amount": rng.normal(size=len(group))})


def _experiment(what: str, wanted: str, sizes: Sizes, rates: Rates) -> Experiment:
    """The reference has the same rates and ten times the requests, so that nothing drifts."""
    many = {group: 10 * size for group, size in sizes.items()}
    return Experiment(
        what=f"fairness: {what}",
        n=sum(sizes.values()),
        wanted=wanted,
        reference_name=what,
        reference=lambda: decisions(np.random.default_rng(2), many, rates),
        window=lambda i: (decisions(np.random.default_rng((3, i)), sizes, rates), []),
        roles={"decision": "flagged"},
        sensitive=("group",),
        of_peers=False,
    )
