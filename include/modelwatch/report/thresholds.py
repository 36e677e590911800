"""Proposed thresholds as YAML to paste into a monitor file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from modelwatch.config import Monitor
from modelwatch.domain import Levels

Key = tuple[str | None, str]  # feature (None: a metric of groups or of the prediction) and metric, as in the file


@dataclass(frozen=True)
class Proposal:
    """Alert thresholds under which a history would have kept within its budget.

    Attributes:
        months: how long the history is, in months of 30.4 days; measured: how many of its windows were measured.
        pages_before, pages_after: windows that would have paged under the thresholds as they are, and as proposed.
        levels: the thresholds that are other than now.
    """

    months: float
    measured: int
    pages_before: int
    pages_after: int
    levels: Mapping[Key, Levels] = field(default_factory=dict)


def proposal_lines(proposal: Proposal, monitor: Monitor, per_month: float) -> list[str]:
    """What was asked and found, as comments, then the YAML."""
    if not proposal.measured:
        return ["# no window was measured: there is nothing to propose thresholds from"]
    asked = f"# {proposal.months:.1f} months, {per_month:g} pages a month are acceptable"
    now = f"the thresholds as they are would have paged {proposal.pages_before} times"
    if not proposal.levels:
        return [f"{asked}; {now}: nothing to change"]
    return [f"{asked}; {now}, these {proposal.pages_after}:", *thresholds_yaml(proposal.levels, monitor).splitlines()]


def thresholds_yaml(levels: Mapping[Key, Levels], monitor: Monitor) -> str:
    """The keys ``features`` and ``thresholds`` with these levels: only entries that change, each of them whole."""
    features: dict[str, dict[str, Any]] = {}
    for (feature, metric), own in sorted(levels.items(), key=str):
        if feature is not None:
            features.setdefault(feature, _entry(monitor, feature))[metric] = _levels(own)
    thresholds = {metric: _levels(own) for (feature, metric), own in sorted(levels.items(), key=str) if feature is None}
    return "".join(
        f"{key}:\n" + "".join(f"  {_flow(name)}: {_flow(entry)}\n" for name, entry in entries.items())
        for key, entries in (("features", features), ("thresholds", thresholds))
        if entries
    )


def _entry(monitor: Monitor, feature: str) -> dict[str, Any]:
    one = monitor.features[feature]
    own = {metric: _levels(threshold.levels()) for metric, threshold in one.thresholds.items()}
    return {"type": one.type, **({"path": one.path} if one.path else {}), **own}


def _levels(levels: Levels) -> dict[str, float]:
    named = {"warning": levels.warning, "alert": levels.alert}
    return {name: value for name, value in named.items() if value is not None}


def _flow(value: object) -> str:
    """On one line, quoted where it must be."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")
