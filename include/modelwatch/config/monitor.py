"""A monitor: one watched model, one file, one Dag."""

import hashlib
import json
from datetime import timedelta, tzinfo
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, PrivateAttr, field_validator, model_validator

from modelwatch.config.alerts import Alerts
from modelwatch.config.base import Duration, Strict, duration_text, parse_duration, require_none, shown
from modelwatch.config.fit import (
    columns_problems,
    fairness_problems,
    lookback_problems,
    performance_problems,
    probe_problems,
    silences_problems,
    source_problems,
)
from modelwatch.config.labels import Labels, Retraining, labels_problems
from modelwatch.config.mlflow import Mlflow
from modelwatch.config.parts import (
    Columns,
    Decision,
    Fairness,
    FeatureEntry,
    Label,
    Multivariate,
    Reference,
    SampleSize,
)
from modelwatch.config.performance import Performance
from modelwatch.config.probe import Probe
from modelwatch.config.schema import label_schema_of, schema_of, without_label
from modelwatch.config.sources import FetchedSource, Source
from modelwatch.config.thresholds import Threshold, check_thresholds, defaults
from modelwatch.domain import Levels, Rules, Schema
from modelwatch.errors import did_you_mean


class Monitor(Strict):
    """Everything a monitor file says; each key's meaning and default is in docs/monitor-file.md."""

    monitor: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    owner: str = ""
    description: str = ""
    tags: list[str] = Field(default_factory=list)
    schedule: str = "0 3 * * *"
    timezone: str = "UTC"
    window: Duration = parse_duration("P1D")
    lookback: Duration | None = None
    source: Source
    columns: Columns = Columns()
    decision: Decision = Decision()
    label: Label = Label()
    labels: Labels | None = None
    retraining: Retraining | None = None
    reference: Reference
    sample: SampleSize = SampleSize()
    features: dict[str, FeatureEntry] = Field(min_length=1)
    multivariate: Multivariate = Multivariate()
    fairness: Fairness | None = None
    performance: Performance = Performance()
    thresholds: Annotated[dict[str, Threshold], AfterValidator(check_thresholds)] = Field(default_factory=dict)
    false_discovery_rate: float = Field(default=0.01, gt=0, lt=1)
    alerts: Alerts = Alerts()
    probe: Probe | None = None
    mlflow: Mlflow | None = None

    _path: Path = PrivateAttr(default=Path())

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            hint = did_you_mean(name, sorted(available_timezones()))
            message = f"{shown(name)} is not a time zone; write an IANA name such as UTC or Europe/Berlin{hint}"
            raise ValueError(message) from None
        return name

    @field_validator("window")
    @classmethod
    def _fits_the_calendar(cls, window: timedelta) -> timedelta:
        day = timedelta(days=1)
        if window % day and day % window:
            message = f"{duration_text(window)} does not fit a day; write whole days, or a length that divides a day"
            raise ValueError(message)
        return window

    @field_validator("schedule")
    @classmethod
    def _cron(cls, text: str) -> str:
        from croniter import croniter

        if len(text.split()) != 5 or not croniter.is_valid(text):
            message = f"{shown(text)} is not a cron expression of five fields; '0 3 * * *' is every day at 03:00"
            raise ValueError(message)
        return text

    @model_validator(mode="after")
    def _parts_fit(self) -> "Monitor":
        require_none(
            [
                *columns_problems(self),
                *fairness_problems(self),
                *lookback_problems(self),
                *performance_problems(self),
                *silences_problems(self),
                *source_problems(self),
                *probe_problems(self),
                *labels_problems(self),
            ]
        )
        return self

    @property
    def path(self) -> Path:
        """The file this monitor was read from."""
        return self._path

    @property
    def tzinfo(self) -> tzinfo:
        """The time zone that windows are cut in and that times without one are taken to be in."""
        return ZoneInfo(self.timezone)

    @property
    def split(self) -> timedelta | None:
        """The length of the parts that a window is fetched in; None fetches it in one."""
        return self.source.split if isinstance(self.source, FetchedSource) else None

    @property
    def reference_uri(self) -> str:
        """The reference, a relative path resolved against the monitor file's folder."""
        uri = self.reference.uri
        return uri if "://" in uri else str(self._path.parent / uri)

    @property
    def sha256(self) -> str:
        """Of what the file means: the order of keys, comments and spelt-out defaults do not change it."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def schema(self) -> Schema:  # type: ignore[override]  # pydantic's own of this name is deprecated
        """The columns to read and their roles."""
        return schema_of(self)

    def request_schema(self) -> Schema:
        """The columns that production requests have: the label is not among them when it comes by itself."""
        schema = self.schema()
        return schema if self.labels is None else without_label(schema)

    def label_schema(self) -> Schema:
        """The columns of `labels.source`: request id, label, and when it came; only for a monitor with labels."""
        return label_schema_of(self)

    def rules(self) -> Rules:
        """What the judge needs: thresholds with their defaults, and the limits of a measured window."""
        own = {name: threshold.levels() for name, threshold in self.thresholds.items()}
        by_feature: dict[str, dict[str, Levels]] = {
            name: {metric: threshold.levels() for metric, threshold in feature.thresholds.items()}
            for name, feature in self.features.items()
            if feature.thresholds
        }
        return Rules(
            levels={**defaults(self.decision.outcome), **own},
            by_feature=by_feature,
            false_discovery_rate=self.false_discovery_rate,
            minimum=self.sample.minimum,
            max_rejected=self.source.max_rejected_share,
            min_coverage=self.source.min_coverage,
            outcome=self.decision.outcome,
        )
