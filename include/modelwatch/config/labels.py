"""The `labels` of a monitor file: where the truth comes from, and when enough of it has come."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from modelwatch.config.base import Duration, Place, Strict, duration_text, parse_duration, require_none, shown
from modelwatch.config.parts import ColumnName
from modelwatch.config.sources import Source

if TYPE_CHECKING:
    from modelwatch.config.monitor import Monitor


def _maturity(value: Any) -> timedelta | float:  # noqa: ANN401  # whatever stands in the file
    """An age, or the share of the labels that must have come."""
    if isinstance(value, str | timedelta):
        return parse_duration(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        message = f"expected an age such as P30D, or a share above 0 and at most 1 such as 0.9, found {shown(value)}"
        raise ValueError(message)
    return float(value)


def _maturity_text(value: timedelta | float) -> str | float:
    return duration_text(value) if isinstance(value, timedelta) else value


Maturity = Annotated[timedelta | float, BeforeValidator(_maturity), PlainSerializer(_maturity_text)]


class Labels(Strict):
    """What turned out to be true of requests, in a place of its own.

    Attributes:
        source: asked for the labels that came between ``{window_start}`` and ``{window_end}``.
        id, label: the columns there, when they are called otherwise than `columns.id` and `columns.label`.
        timestamp: when a label came; of several of one request the newest counts. Without one, the last that was read.
        mature_after: from this age on, or once this share of its labels has come, a window is evaluated.
        overlap: labels that came so long before the last look are asked for once more, for those that are listed late.
        horizon: labels of older requests are no longer waited for.
        keep: how long labels, and the predictions they are joined to, are kept to show what was known on a day.
        unlabelled: what a request without a label is once its window is mature.
    """

    source: Source
    id: ColumnName | None = None
    label: ColumnName | None = None
    timestamp: ColumnName | None = None
    mature_after: Maturity = timedelta(days=30)
    horizon: Duration = timedelta(days=120)
    overlap: Duration = timedelta(days=1)
    keep: Duration = timedelta(days=365)
    unlabelled: Literal["unknown", "negative"] = "unknown"

    @model_validator(mode="after")
    def _in_time(self) -> "Labels":
        problems: list[tuple[Place, str]] = []
        if isinstance(self.mature_after, timedelta) and self.mature_after > self.horizon:
            text = f"{duration_text(self.mature_after)} is beyond the horizon ({duration_text(self.horizon)}): "
            problems.append((("mature_after",), f"{text}no window would ever be mature"))
        if self.keep < self.horizon:
            text = f"{duration_text(self.keep)} is less than the horizon ({duration_text(self.horizon)})"
            problems.append((("keep",), f"{text}: labels would come for requests that are forgotten"))
        require_none(problems)
        return self


class Retraining(Strict):
    """Asking for a new model when performance is confirmed to be worse.

    Attributes:
        cooldown: after a request no other for this long, whatever happens.
    """

    cooldown: Duration = Field(default=timedelta(days=14))


def labels_problems(monitor: "Monitor") -> list[tuple[Place, str]]:
    """Labels that could not be joined, or that have nothing to be held against."""
    if monitor.labels is None:
        if monitor.retraining is None:
            return []
        return [(("retraining",), "is asked for by performance, which needs labels: add a labels section")]
    columns = monitor.columns
    problems: list[tuple[Place, str]] = [
        (("labels",), f"{why}: set columns.{role}")
        for role, why in (
            ("id", "are joined by request id"),
            ("label", "are compared with the reference's"),
        )
        if getattr(columns, role) is None
    ]
    if columns.score is None and columns.decision is None:
        problems.append((("labels",), "tell how good scores and decisions were: set columns.score or columns.decision"))
    return problems
