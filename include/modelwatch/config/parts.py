"""The smaller parts of a monitor file."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from modelwatch.config.base import Duration, Scalar, Strict
from modelwatch.config.thresholds import RANGES, Threshold, require_in_order, require_metric
from modelwatch.domain import Outcome


class Columns(Strict):
    """Which column (or path into a record) plays which role; null when the model has none."""

    id: str | None = None
    timestamp: str | None = None
    score: str | None = None
    decision: str | None = None
    label: str | None = None
    model_version: str | None = None


class Decision(Strict):
    """What counts as selected, and whether being selected is good for the person."""

    selected: Scalar = True
    outcome: Outcome = "favourable"


class Label(Strict):
    """What counts as a positive label."""

    positive: Scalar = 1


class Reference(Strict):
    """The requests to compare with; a relative path starts at the monitor file's folder."""

    uri: str = Field(min_length=1)


class SampleSize(Strict):
    """How many requests are kept of a window, and how few are too few."""

    rows: int = Field(default=20_000, ge=1)
    minimum: int = Field(default=500, ge=1)

    @model_validator(mode="after")
    def _reachable(self) -> "SampleSize":
        if self.minimum > self.rows:
            message = f"minimum ({self.minimum}) is above rows ({self.rows}): no window could ever be judged"
            raise ValueError(message)
        return self


class Feature(Strict):
    """One input of the model; it may carry thresholds of its own, by metric name."""

    type: Literal["numeric", "categorical"]
    path: str | None = None
    thresholds: dict[str, Threshold] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _own_thresholds(cls, value: Any) -> Any:  # noqa: ANN401  # whatever stands in the file
        """``{type: numeric, psi: {alert: 0.3}}`` means ``{type: numeric, thresholds: {psi: ...}}``."""
        if not isinstance(value, dict):
            return value
        own = {key: item for key, item in value.items() if key in RANGES}
        rest = {key: item for key, item in value.items() if key not in RANGES}
        return {**rest, "thresholds": {**rest.get("thresholds", {}), **own}} if own else rest

    @model_validator(mode="after")
    def _in_order(self) -> "Feature":
        for name, threshold in self.thresholds.items():
            require_metric(name)
            require_in_order(name, threshold)
        return self


def _feature(value: Any) -> Any:  # noqa: ANN401  # whatever stands in the file
    return {"type": value} if isinstance(value, str) else value


FeatureEntry = Annotated[Feature, BeforeValidator(_feature)]


class Fairness(Strict):
    """Whose treatment is compared.

    Attributes:
        bands: ascending cut points that turn a numeric sensitive feature into groups.
        intersections: lists of sensitive features whose combinations are groups too.
        window: fairness is judged over the windows of this length together; by default over the window alone.
    """

    sensitive: list[str] = Field(min_length=1)
    bands: dict[str, list[float]] = Field(default_factory=dict)
    intersections: list[list[str]] = Field(default_factory=list)
    window: Duration | None = None

    @model_validator(mode="after")
    def _known(self) -> "Fairness":
        from modelwatch.errors import did_you_mean

        named = [("bands", name) for name in self.bands]
        named += [("intersections", name) for group in self.intersections for name in group]
        for where, name in named:
            if name not in self.sensitive:
                hint = did_you_mean(name, self.sensitive)
                message = f"{where} names '{name}', which is not in sensitive ({', '.join(self.sensitive)}){hint}"
                raise ValueError(message)
        for name, cuts in self.bands.items():
            if not cuts or sorted(set(cuts)) != cuts:
                message = f"bands of '{name}' must be ascending cut points such as [25, 35, 50]; got {cuts}"
                raise ValueError(message)
        return self


class Slack(Strict):
    """Where alerts go: a Slack Connection with a bot token as its password."""

    connection: str = Field(min_length=1)
    channel: str = Field(min_length=1)
    mention: str | None = None


class OpenAfter(Strict):
    """A problem pages when it was there in ``windows`` of the last ``of`` measured windows."""

    windows: int = Field(default=1, ge=1)
    of: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _possible(self) -> "OpenAfter":
        if self.windows > self.of:
            message = f"{self.windows} windows of {self.of} cannot be: write windows at most of"
            raise ValueError(message)
        return self


class Alerts(Strict):
    """Who hears of an alert, and after how many windows."""

    slack: Slack | None = None
    open_after: OpenAfter = OpenAfter()
    runbook: str | None = None
