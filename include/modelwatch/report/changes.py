"""Findings told once: one feature with all its metrics, and features that moved for one reason together."""

from collections.abc import Sequence
from dataclasses import dataclass

from modelwatch.domain import Measurement, Measuring, Result
from modelwatch.words import joined, without

TOGETHER = "features together"


@dataclass(frozen=True)
class Change:
    """Findings that are best told as one.

    Attributes:
        findings: worst first; never none.
        reason: what its features have in common, None for a single one.
    """

    findings: tuple[Result, ...]
    reason: str | None

    @property
    def worst(self) -> Result:
        """The finding that leads it."""
        return self.findings[0]

    @property
    def names(self) -> tuple[str, ...]:
        """The features, worst first; the group, or what was measured of all features together."""
        return tuple(dict.fromkeys(name_of(one.measurement) for one in self.findings))

    @property
    def checks(self) -> tuple[Measuring, ...]:
        """The checks that found it, that of the worst finding first."""
        return tuple(dict.fromkeys(one.measurement.check for one in self.findings))

    @property
    def title(self) -> str:
        """``amount``; ``amount (with 3 more)``."""
        first, *others = self.names
        return f"{first} (with {len(others)} more)" if others else first

    def of(self, name: str) -> tuple[Result, ...]:
        """The findings of one of its names, worst first."""
        return tuple(one for one in self.findings if name_of(one.measurement) == name)

    def words(self, name: str) -> str | None:
        """What moved, from the first evidence of each check; of several features without what all of them share."""
        evidence: dict[str, str] = {}
        for m in (one.measurement for one in self.of(name)):
            if m.evidence:
                evidence.setdefault(m.metric if name == TOGETHER else m.check, m.evidence)
        most_telling_first = sorted(evidence, key=lambda of: of != "feature_drift")
        shared = self.reason if len(self.names) > 1 else None
        return joined(*(without(evidence[of], shared) for of in most_telling_first))


def changes_of(findings: Sequence[Result]) -> list[Change]:
    """The changes behind the findings, in the order of each one's worst finding.

    Args:
        findings: worst first.
    """
    found: dict[tuple[str, ...], list[Result]] = {}
    for result in findings:
        found.setdefault(_key(result.measurement), []).append(result)
    return [Change(tuple(results), results[0].measurement.shared_reason) for results in found.values()]


def name_of(m: Measurement) -> str:
    """The feature, the group, or what was measured of all features together."""
    return m.feature or m.group or (TOGETHER if m.check == "multivariate_drift" else m.metric)


def _key(m: Measurement) -> tuple[str, ...]:
    if m.feature is not None:
        return ("reason", m.shared_reason) if m.shared_reason else ("feature", m.feature)
    return m.check, name_of(m)
