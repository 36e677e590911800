"""What performance is asked for besides the metrics that every labelled monitor has."""

from typing import Annotated

from pydantic import Field, model_validator

from modelwatch.config.base import Place, Scalar, Strict, require_none

ColumnName = Annotated[str, Field(min_length=1)]


class Queue(Strict):
    """Whom people look at each day: the highest scores.

    Attributes:
        size: how many a day.
        entity: the column of what is looked at, such as the card; without it single requests are.
    """

    size: int = Field(ge=1)
    entity: ColumnName | None = None


class Costs(Strict):
    """What a decision costs, by what turned out; a gain is negative."""

    true_positive: float = 0.0
    false_positive: float = 0.0
    false_negative: float = 0.0
    true_negative: float = 0.0


class Traffic(Strict):
    """Which requests went through: what happened to the others is not known.

    Attributes:
        column: says of each request which kind it is.
        allowed, blocked, exploration: the column's value for requests that were let through, that were stopped, and
            that would have been stopped but were let through to learn what becomes of them.
    """

    column: ColumnName
    allowed: Scalar = "allowed"
    blocked: Scalar = "blocked"
    exploration: Scalar = "exploration"

    @model_validator(mode="after")
    def _three_kinds(self) -> "Traffic":
        kinds = [str(self.allowed), str(self.blocked), str(self.exploration)]
        problems: list[tuple[Place, str]] = [
            ((name,), f"'{kind}' is another kind's value already")
            for i, (name, kind) in enumerate(zip(("allowed", "blocked", "exploration"), kinds, strict=True))
            if kind in kinds[:i]
        ]
        require_none(problems)
        return self


class Performance(Strict):
    """How good decisions and scores turned out to be.

    Attributes:
        queue: a review queue, whose precision is measured by day.
        costs: of right and wrong decisions.
        traffic: kinds of traffic, measured apart.
        propensity: the column with the probability that the request's outcome would become known.
        rows: at most this many labelled rows of either side tell what kind of drift it is, and which segment is worst.
    """

    queue: Queue | None = None
    costs: Costs | None = None
    traffic: Traffic | None = None
    propensity: ColumnName | None = None
    rows: int = Field(default=20_000, ge=1_000, le=200_000)
