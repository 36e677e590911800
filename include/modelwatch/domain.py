"""The small types that travel between the layers: source -> sample -> profile -> metrics -> verdict -> store -> alert.

Plain frozen dataclasses that know no file format, no database and no HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # half a second that reading a monitor file need not pay
    import pyarrow as pa

ColumnType = Literal["number", "text", "timestamp", "flag"]
FeatureKind = Literal["numeric", "categorical"]
Status = Literal["ok", "warning", "alert", "insufficient_data", "not_computable"]
VerdictName = Literal["ok", "warning", "alert", "insufficient_data", "not_measured"]
Check = Literal["quality", "feature_drift", "prediction_drift", "multivariate_drift", "fairness", "performance"]
Measuring = Check | Literal["redeploy"]
Outcome = Literal["adverse", "favourable"]
Compare = Literal["extremes", "rest"] | Mapping[str, str]

# The reasons of what waits for labels: no want of evidence, and no fault.
NO_LABELS = "no labels"
NO_REFERENCE_LABELS = "the reference has no labels"
WAITING = (NO_LABELS, NO_REFERENCE_LABELS)

# The metrics that are held against the windows before the judged one too, as their `_worsening`.
WORSENING = (
    "roc_auc", "average_precision", "accuracy", "precision", "recall", "f1", "brier",
    "expected_calibration_error", "cost",
)  # fmt: skip


@dataclass(frozen=True, order=True)
class Window:
    """The span of time ``[start, end)`` whose requests are judged together; both ends are aware, in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for edge in (self.start, self.end):
            if edge.utcoffset() != timedelta(0):
                message = f"a window's edges are in UTC; got {edge!r}"
                raise ValueError(message)
        if self.end <= self.start:
            message = f"a window must end after it starts; got {self}"
            raise ValueError(message)

    def __str__(self) -> str:
        return f"{iso(self.start)}/{iso(self.end)}"

    @classmethod
    def parse(cls, text: str) -> Window:
        """The window that `str` wrote."""
        start, end = (datetime.fromisoformat(edge) for edge in text.split("/"))
        return cls(start, end)

    @property
    def stamp(self) -> str:
        """``20261110T000000Z_20261111T000000Z``, for the names of files."""
        return "_".join(f"{edge:%Y%m%dT%H%M%SZ}" for edge in (self.start, self.end))

    def back(self, length: timedelta) -> Window:
        """The window that ends where this one ends and is at least ``length`` long."""
        return Window(min(self.start, self.end - length), self.end)


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with a ``Z``, the one form used in JSON, file names and messages."""
    return moment.isoformat().replace("+00:00", "Z")


@dataclass(frozen=True)
class Connection:
    """Where a system is and how to log in; its repr and str never show a secret."""

    conn_id: str
    conn_type: str = ""
    host: str = ""
    schema: str = ""
    login: str = ""
    port: int | None = None
    password: str = field(default="", repr=False)
    extra: Mapping[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Column:
    """One column to read: its name, the path to it in a record, and the type its values must have.

    Attributes:
        path: keys from the record down to the value; ``("payload", "amount")`` for a nested field.
        equals: for a flag, the value that counts as true (``decision.selected``); None: true, 1, "true", "1".
        required: a row without a value here is rejected.
        is_sensitive: values never appear in examples, messages or logs.
    """

    name: str
    path: tuple[str, ...]
    type: ColumnType
    equals: object = None
    required: bool = False
    is_sensitive: bool = False


@dataclass(frozen=True)
class Sensitive:
    """A sensitive feature; ``bands`` are ascending cut points that turn a numeric one into groups."""

    name: str
    bands: tuple[float, ...] = ()


@dataclass(frozen=True)
class Schema:
    """What a row of requests holds. Role fields name a column or are None when the model has no such column.

    Attributes:
        without_outcome: a column and its value in requests that were stopped: whatever their label says is no outcome.
    """

    columns: tuple[Column, ...]
    features: Mapping[str, FeatureKind]
    id: str | None = None
    timestamp: str | None = None
    score: str | None = None
    decision: str | None = None
    label: str | None = None
    model_version: str | None = None
    sensitive: tuple[Sensitive, ...] = ()
    intersections: tuple[tuple[str, ...], ...] = ()
    without_outcome: tuple[str, str] | None = None


@dataclass(frozen=True)
class Reject:
    """Rows kept out for one reason: how many, and one example (never a sensitive value)."""

    column: str
    problem: str
    count: int
    example: str | None = None


@dataclass(frozen=True)
class Page:
    """One batch of parsed rows.

    Attributes:
        rows: one arrow column per schema column, named as there: number -> float64 (null is missing; infinities stay),
            text -> string, timestamp -> timestamp[us, UTC], flag -> bool.
        rejects: rows of this batch that did not parse; they are not in ``rows``.
        total: how many requests the source says the window holds, when it says so.
    """

    rows: pa.Table
    rejects: tuple[Reject, ...] = ()
    total: int | None = None


@dataclass(frozen=True)
class Sample:
    """A window's bounded, deterministic sample and the evidence of how complete it is.

    Attributes:
        rows: the kept requests, one row per distinct request id.
        n_seen: distinct requests that parsed; n_duplicate: repeated ids; n_rejected: rows that did not parse.
        n_total: what the source says exists, or None; coverage compares with it.
        n_counted: the requests whose counts the profile holds, where those are not the rows' (counted where they lie).
    """

    rows: pa.Table
    n_seen: int
    n_duplicate: int = 0
    n_rejected: int = 0
    rejects: tuple[Reject, ...] = ()
    n_total: int | None = None
    n_counted: int | None = None

    @property
    def n_judged(self) -> int:
        """The requests that the verdict rests on."""
        return self.rows.num_rows if self.n_counted is None else self.n_counted

    @property
    def coverage(self) -> float | None:
        """Share of the window's requests that were seen, in [0, 1]; None when the source gives no total."""
        if self.n_total is None:
            return None
        return 1.0 if self.n_total == 0 else min(1.0, (self.n_seen + self.n_rejected) / self.n_total)


@dataclass(frozen=True)
class Levels:
    """The two limits of one metric; None means that level is not asked for.

    Attributes:
        min_difference: for a ratio of rates, how far apart the rates must be for an alert; else it is a warning.
    """

    warning: float | None = None
    alert: float | None = None
    min_difference: float | None = None


@dataclass(frozen=True)
class Measurement:
    """One metric's value with its evidence, not yet judged.

    Attributes:
        value: the metric as published; None when it could not be computed, and then ``reason`` says why.
        effect: the debiased size that materiality is judged on; equals ``value`` for shares and fairness metrics.
        p_value: significance against "nothing changed"; None where an interval decides (fairness) or nothing does.
        ci_low, ci_high: interval of the value at the rule's confidence, where one exists.
        sufficient: False when the sample could not have shown a breach; the result is then ``insufficient_data``.
        evidence: one sentence on what moved, for people ("'1': 0.1 % -> 12.3 %").
        cause: the fingerprint of the change in one word ("scale_x100"), "unknown" when none fits, None when not asked.
        shared_reason: what this feature's change has in common with that of others, the same words for each of them;
            None when it moved for itself.
    """

    check: Measuring
    metric: str
    value: float | None
    n_reference: int | None
    n_current: int
    feature: str | None = None
    group: str | None = None
    effect: float | None = None
    p_value: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    sufficient: bool = True
    smallest_detectable: float | None = None
    reason: str | None = None
    evidence: str | None = None
    cause: str | None = None
    shared_reason: str | None = None


@dataclass(frozen=True)
class Result:
    """A judged measurement: what was measured, against which threshold, and what follows."""

    measurement: Measurement
    status: Status
    threshold: float | None = None
    q_value: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Rules:
    """All a verdict needs besides the measurements.

    Attributes:
        levels: limits by metric; by_feature: limits of single features, which win.
        false_discovery_rate: Benjamini-Hochberg level over every p-value of the run.
        minimum: below this many requests a window is ``insufficient_data``.
        max_rejected: above this share of rejected rows a window is ``not_measured``.
        min_coverage: below this share of the existing requests a window is ``not_measured``.
    """

    levels: Mapping[str, Levels]
    by_feature: Mapping[str, Mapping[str, Levels]]
    false_discovery_rate: float
    minimum: int
    max_rejected: float
    min_coverage: float
    outcome: Outcome = "favourable"


@dataclass(frozen=True)
class Judgement:
    """A window's verdict, its results, and the findings among them, worst first."""

    verdict: VerdictName
    reason: str | None
    results: tuple[Result, ...]
    findings: tuple[Result, ...]
