"""Findings that have one reason are one problem: the same specific cause, or features that always move together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from modelwatch.checks.fingerprint import UNSPECIFIC
from modelwatch.domain import Result
from modelwatch.profile.correlation import Correlations

TOGETHER = 0.7


@dataclass(frozen=True)
class Problem:
    """Findings of a window that are best told as one.

    Attributes:
        results: the findings, in the order given.
        features: those among them, in the order of each one's first finding; empty for a group or a whole window.
        why: why several features are one problem ("the same cause", "they move together in the reference").
    """

    results: tuple[Result, ...]
    features: tuple[str, ...]
    why: str | None = None


def group_findings(findings: Sequence[Result], correlations: Correlations, *, level: float = TOGETHER) -> list[Problem]:
    """The problems behind a window's findings, in the order of each one's first finding.

    Two features are one problem when their fingerprints are the same specific cause, or when their rank correlation in
    the reference is at least ``level`` in size and their causes do not contradict each other. What is derived from the
    model (prediction drift) stays apart from its inputs; findings without a feature go by their check and group.

    Args:
        findings: worst first.
        correlations: of the reference (`modelwatch.profile.correlation.rank_correlations`); may be empty.
        level: at least 0.5, below which correlations are not kept.
    """
    causes = _causes(findings)
    outputs = {r.measurement.feature for r in findings if r.measurement.check == "prediction_drift"}
    inputs = [name for name in causes if name not in outputs]
    links = {pair: _link(*pair, causes, correlations, level) for pair in combinations(inputs, 2)}
    leader = _joined(inputs, [pair for pair, why in links.items() if why])
    grouped: dict[str, list[Result]] = {}
    for result in findings:
        grouped.setdefault(_key(result, leader), []).append(result)
    return [_problem(results, links) for results in grouped.values()]


def _causes(findings: Iterable[Result]) -> dict[str, str | None]:
    """Each feature's first specific cause, else its first cause."""
    causes: dict[str, str | None] = {}
    for result in findings:
        m = result.measurement
        if m.feature is not None and not _is_specific(causes.get(m.feature)):
            causes[m.feature] = m.cause if _is_specific(m.cause) else causes.get(m.feature, m.cause)
    return causes


def _link(a: str, b: str, causes: dict[str, str | None], correlations: Correlations, level: float) -> str | None:
    both = [cause for cause in (causes[a], causes[b]) if _is_specific(cause)]
    if len(both) == 2:
        return "the same cause" if both[0] == both[1] else None
    rho = correlations.get((min(a, b), max(a, b)), 0.0)
    return "they move together in the reference" if abs(rho) >= level else None


def _is_specific(cause: str | None) -> bool:
    return cause is not None and cause not in UNSPECIFIC


def _joined(names: list[str], pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Each name's leader: the first name that a chain of pairs leads to."""
    leader = {name: name for name in names}
    for a, b in pairs:
        old, new = leader[b], leader[a]
        if old != new:
            first, second = sorted((old, new), key=names.index)
            leader = {name: first if its == second else its for name, its in leader.items()}
    return leader


def _key(result: Result, leader: dict[str, str]) -> str:
    m = result.measurement
    if m.feature in leader:
        return f"feature:{leader[m.feature]}"
    return f"{m.check}:{m.feature or m.group or m.metric}"


def _problem(results: list[Result], links: dict[tuple[str, str], str | None]) -> Problem:
    features = tuple(dict.fromkeys(r.measurement.feature for r in results if r.measurement.feature is not None))
    reasons = dict.fromkeys(why for (a, b), why in links.items() if why and a in features and b in features)
    return Problem(tuple(results), features, "; ".join(reasons) or None)
