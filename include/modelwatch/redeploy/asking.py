"""The types of a comparison of two versions: stored requests, what is asked about them, and what came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Value = str | float | bool | None
Values = Mapping[str, Value]
Kind = Literal["replay", "repeat", "counterfactual", "proxy", "sweep", "stress", "attribution"]


@dataclass(frozen=True)
class StoredRequest:
    """A request that production answered.

    Attributes:
        values: what the model is given: features and sensitive features by column.
        version: that answered it; score and decision: its answer, None where it is not logged.
    """

    id: str
    values: Values
    version: str | None = None
    score: float | None = None
    decision: bool | None = None


@dataclass(frozen=True)
class Ask:
    """One request of the model's API.

    Attributes:
        version: which shall answer.
        row: position of the stored request.
        changed: what differs from the stored request.
        subject: the feature or sensitive feature that was changed; level: to what.
    """

    kind: Kind
    version: str
    row: int
    changed: Values = field(default_factory=dict)
    subject: str = ""
    level: str = ""

    @property
    def key(self) -> str:
        """What tells it from every other of the same comparison, before and after a kill."""
        return "/".join((self.kind, self.version, str(self.row), self.subject, self.level))


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: the HTTP status; None when nothing came back in time.
        score, decision: None when the answer does not hold them.
        seconds: how long it took.
    """

    status: int | None
    score: float | None = None
    decision: bool | None = None
    seconds: float | None = None

    @property
    def is_answered(self) -> bool:
        """Whether the model scored or decided."""
        return self.status is not None and self.status < 300 and not (self.score is None and self.decision is None)

    @property
    def is_refused(self) -> bool:
        """Whether the API said cleanly that it will not score such a request."""
        return self.status in CLEAN_REFUSALS

    def lacks(self, other: Answer) -> bool:
        """Whether nothing came, or not all that the other answer holds."""
        is_partial = (self.score is None) > (other.score is None) or (self.decision is None) > (other.decision is None)
        return not self.is_answered or is_partial

    @property
    def words(self) -> str:
        """What came back, for people."""
        if self.status is None:
            return "no answer in time"
        return f"HTTP {self.status}" if self.status >= 300 else "an answer without score or decision"


CLEAN_REFUSALS = (400, 409, 413, 415, 422)
Answers = Mapping[str, Answer]
