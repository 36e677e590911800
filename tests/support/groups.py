"""Group tables for tests of fairness: by counts, or drawn at given rates."""

from collections.abc import Mapping

import numpy as np

from modelwatch.checks.fairness import measure_fairness
from modelwatch.config.thresholds import defaults
from modelwatch.domain import Compare, Judgement, Measurement, Outcome, Rules
from modelwatch.profile.groups import GroupTable
from modelwatch.verdict import judge


def selected(groups: Mapping[str, tuple[int, int]], attribute: str = "gender") -> GroupTable:
    """A table without labels; group -> (selected, all)."""
    cubes = {(name,): np.array([[0, 0, n - x], [0, 0, x]], dtype=np.int64) for name, (x, n) in groups.items()}
    return GroupTable((attribute,), {level: cubes[level] for level in sorted(cubes)})


def drawn(rng: np.random.Generator, groups: Mapping[str, tuple[float, int]], attribute: str = "gender") -> GroupTable:
    """A table of independent decisions; group -> (rate, all)."""
    return selected({name: (int(rng.binomial(n, rate)), n) for name, (rate, n) in groups.items()}, attribute)


def rules(outcome: Outcome = "favourable") -> Rules:
    """The defaults of a monitor that says nothing of fairness."""
    return Rules(defaults(outcome), {}, 0.01, 500, 0.05, 0.98, outcome)


def judged(
    current: GroupTable,
    reference: GroupTable | None = None,
    *,
    outcome: Outcome = "favourable",
    compare: Compare = "extremes",
) -> tuple[Judgement, Mapping[tuple[str, str | None], Measurement]]:
    """The verdict on one attribute, and its measurements by metric and group."""
    name = current.attribute
    before = {name: reference if reference is not None else current}
    found = measure_fairness(before, {name: current}, alpha=0.01, compare=compare, outcome=outcome)
    return judge(found, rules(outcome), n_current=10_000), {(m.metric, m.group): m for m in found}
