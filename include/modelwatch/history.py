"""What the pages read back from the store: judged windows without their results, and single results of many windows.

What there is much of on a page is a named tuple: it costs a third of a dataclass to make.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from modelwatch.domain import Check, Status, VerdictName, Window


@dataclass(frozen=True)
class Judged:
    """One stored evaluation without its results.

    Attributes:
        number: which evaluation of this window it is; the newest is the current one.
        run_url: the page of the Airflow run that made it, as it was known then.
    """

    id: int
    monitor: str
    window: Window
    number: int
    verdict: VerdictName
    reason: str | None
    page: bool
    n_reference: int
    n_current: int
    coverage: float | None
    model_version: str | None
    run_id: str
    run_type: str
    run_url: str | None
    created_at: datetime
    config_sha256: str


class Mark(NamedTuple):
    """One square of the strip of verdicts: a window, how it was judged, and by how many requests."""

    id: int
    window: Window
    number: int
    verdict: VerdictName
    page: bool
    n_current: int
    coverage: float | None


@dataclass(frozen=True)
class About:
    """What the monitor file said when its newest window was judged."""

    monitor: str
    owner: str
    description: str
    tags: tuple[str, ...]
    minimum: int
    window: str
    schedule: str
    timezone: str
    runbook: str | None
    false_discovery_rate: float
    score: str | None
    decision: str | None


class Finding(NamedTuple):
    """A result that crossed a threshold, by name only."""

    check: Check
    metric: str
    feature: str | None
    group: str | None
    status: Status


class Strongest(NamedTuple):
    """Of one feature in one window (or several together) the result that says most."""

    bucket: int
    window: Window
    check: Check
    name: str
    metric: str
    effect: float | None
    q_value: float | None
    threshold: float | None
    status: Status


ESTIMATED = "estimated"


class Point(NamedTuple):
    """One result of one window, as a chart or a story needs it; of group `ESTIMATED` while its labels are coming."""

    window: Window
    check: Check
    metric: str
    feature: str | None
    group: str | None
    value: float | None
    effect: float | None
    ci_low: float | None
    ci_high: float | None
    threshold: float | None
    status: Status
    n_current: int
    evidence: str | None
    cause: str | None
    shared_reason: str | None


@dataclass(frozen=True)
class Evidence:
    """What stands behind one evaluation besides its results.

    Attributes:
        sample: what was seen of the window, as `judge_and_store` wrote it; None when nothing was.
        profile: the window's counts, still encoded; None when none were taken.
    """

    sample: dict[str, Any] | None
    reference_digest: str | None
    cells_digest: str | None
    profile: bytes | None


@dataclass(frozen=True)
class Episode:
    """One problem from the window that opened it to the one that closed it, and who knows of it.

    Attributes:
        members: the keys ``check:name`` of its features or groups.
        closed: None while it is open.
        acknowledged_until: None when the acknowledgement holds until the episode closes.
    """

    id: int
    check: str
    members: tuple[str, ...]
    cause: str | None
    severity: str
    opened: Window
    last: Window
    closed: Window | None
    acknowledged_by: str | None
    acknowledged_until: datetime | None
    acknowledged_reason: str | None
    model_version: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The features and groups."""
        return tuple(dict.fromkeys(member.partition(":")[2] for member in self.members))


class Act(NamedTuple):
    """Something that a person did, for the audit trail.

    Attributes:
        by: None where it was not written down, as of commands in a terminal.
        kind: acknowledged, snoozed, acknowledgement_removed, run or backfill.
        of: the id of the episode or of the run.
        window: what was run; until: the end of a snooze.
    """

    at: datetime
    by: str | None
    kind: str
    of: str
    reason: str | None = None
    window: Window | None = None
    until: datetime | None = None


class Redeployed(NamedTuple):
    """A new version that was compared with the one before it.

    Attributes:
        verdict: same, changed, worse, unfair or insufficient; None while it is being compared.
        decision: accepted or rejected; None while nobody has decided.
    """

    at: datetime
    run_id: str
    old: str
    new: str
    verdict: str | None
    reason: str | None
    decision: str | None
    decided_by: str | None
    decision_reason: str | None


@dataclass(frozen=True)
class Answer:
    """What somebody says to an episode: seen, or not again before a moment."""

    by: str
    reason: str
    at: datetime
    until: datetime | None
