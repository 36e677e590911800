"""The smaller parts of a monitor file."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from modelwatch.config.base import Duration, Place, Scalar, Strict, require_no_password, require_none, shown
from modelwatch.config.thresholds import (
    OF_CATEGORICAL,
    OF_FEATURES,
    OF_NUMERIC,
    RANGES,
    Threshold,
    problems_of,
)
from modelwatch.domain import Compare, Outcome
from modelwatch.errors import did_you_mean

ColumnName = Annotated[str, Field(min_length=1)]


class Columns(Strict):
    """Which column (or path into a record) plays which role; null when the model has none."""

    id: ColumnName | None = None
    timestamp: ColumnName | None = None
    score: ColumnName | None = None
    decision: ColumnName | None = None
    label: ColumnName | None = None
    model_version: ColumnName | None = None


class Decision(Strict):
    """What counts as selected, and whether being selected is good for the person."""

    selected: Scalar = True
    outcome: Outcome = "favourable"


class Label(Strict):
    """What counts as a positive label."""

    positive: Scalar = 1


class Reference(Strict):
    """What windows are compared with; a relative path starts at the monitor file's folder.

    Attributes:
        uri: a file of requests; the cells that everything is counted in are fitted on it, whatever the type.
        type: the file itself; or, with values that move with the time, the sum of earlier windows that were measured
            and no alert: ``rolling``, the ``windows`` before this one without the last ``offset``, or
            ``same_weekday``, those of the same weekday in the ``windows`` weeks before.
        minimum: fewer windows than these are no reference; by default half of ``windows``.
    """

    uri: Annotated[str, Field(min_length=1), AfterValidator(require_no_password)]
    type: Literal["file", "rolling", "same_weekday"] = "file"
    windows: int | None = Field(default=None, ge=1, le=400)
    offset: int | None = Field(default=None, ge=0, le=400)
    minimum: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _fitting_keys(self) -> "Reference":
        allowed = {"file": (), "rolling": ("windows", "offset", "minimum"), "same_weekday": ("windows", "minimum")}
        given = [name for name in ("windows", "offset", "minimum") if getattr(self, name) is not None]
        homes = {name: " or ".join(kind for kind, keys in allowed.items() if name in keys) for name in given}
        problems: list[tuple[Place, str]] = [
            ((name,), f"belongs to type: {homes[name]}; a reference of type {self.type} has none")
            for name in given
            if name not in allowed[self.type]
        ]
        if not problems and self.type != "file" and self.n_needed > self.n_windows:
            text = f"{self.n_needed} is more than windows ({self.n_windows}): that many can never be"
            problems.append((("minimum",), text))
        require_none(problems)
        return self

    @property
    def n_windows(self) -> int:
        """How many windows back a moving reference reaches."""
        return self.windows or {"file": 0, "rolling": 28, "same_weekday": 8}[self.type]

    @property
    def n_skipped(self) -> int:
        """How many windows just before this one a rolling reference leaves out."""
        return self.offset or 0

    @property
    def n_needed(self) -> int:
        """With fewer windows than this there is no moving reference yet."""
        return self.minimum or (self.n_windows + 1) // 2


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


class Multivariate(Strict):
    """How features are looked at together, on rows.

    Attributes:
        detector: domain_classifier (scikit-learn), classifier_drift or mmd_drift (both need alibi-detect, the last
            also torch), or none.
        rows: at most this many rows of the reference and of the window are compared.
        permutations: of mmd_drift; by default as many as the false discovery rate needs, at least 500.
    """

    detector: Literal["domain_classifier", "classifier_drift", "mmd_drift", "none"] = "domain_classifier"
    rows: int = Field(default=5_000, ge=100, le=50_000)
    permutations: int | None = Field(default=None, ge=500, le=100_000)

    @model_validator(mode="after")
    def _permutations_of_mmd(self) -> "Multivariate":
        if self.permutations is not None and self.detector != "mmd_drift":
            message = f"permutations is for detector mmd_drift; {self.detector} has none: remove it"
            raise ValueError(message)
        return self


class Feature(Strict):
    """One input of the model; it may carry thresholds of its own, by metric name."""

    type: Literal["numeric", "categorical"]
    path: str | None = Field(default=None, min_length=1)
    thresholds: dict[str, Threshold] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _own_thresholds(cls, value: Any) -> Any:  # noqa: ANN401  # whatever stands in the file
        """``{type: numeric, psi: {alert: 0.3}}`` means ``{type: numeric, thresholds: {psi: ...}}``."""
        if not isinstance(value, dict) or not isinstance(value.get("thresholds", {}), dict):
            return value
        own = {key: item for key, item in value.items() if key in OF_FEATURES}
        rest = {key: item for key, item in value.items() if key not in OF_FEATURES}
        return {**rest, "thresholds": {**rest.get("thresholds", {}), **own}} if own else rest

    @model_validator(mode="after")
    def _fitting_thresholds(self) -> "Feature":
        fitting = OF_NUMERIC if self.type == "numeric" else OF_CATEGORICAL
        strangers: list[tuple[Place, str]] = [
            ((name,), f"is not measured for a {self.type} feature; allowed: {', '.join(fitting)}")
            for name in self.thresholds
            if name in RANGES and name not in fitting
        ]
        require_none([*strangers, *problems_of(self.thresholds)])
        return self


def _feature(value: Any) -> Any:  # noqa: ANN401  # whatever stands in the file
    if not isinstance(value, str | dict | Feature):
        message = f"expected numeric, categorical, or a mapping such as {{type: numeric}}, found {shown(value)}"
        raise ValueError(message)  # noqa: TRY004  # pydantic wants it so
    return {"type": value} if isinstance(value, str) else value


FeatureEntry = Annotated[Feature, BeforeValidator(_feature)]


def _compare(value: Any) -> Any:  # noqa: ANN401  # whatever stands in the file
    """A group may be written as a number; columns of groups are read as text."""
    groups = value if isinstance(value, dict) else {}
    are_named = groups and all(isinstance(level, str | int | float) for level in groups.values())
    if value not in ("extremes", "rest") and not are_named:
        message = f"expected extremes, rest, or reference groups such as {{gender: M}}, found {shown(value)}"
        raise ValueError(message)
    texts = {name: level if isinstance(level, str) else f"{level:.15g}" for name, level in groups.items()}
    return texts or value


class Fairness(Strict):
    """Whose treatment is compared.

    Attributes:
        bands: ascending cut points that turn a numeric sensitive feature into groups.
        intersections: lists of sensitive features whose combinations are groups too.
        compare: every group with every other (extremes), each with the rest, or with a named group of its feature.
        window: fairness is judged over the windows of this length together; by default over the window alone.
    """

    sensitive: list[ColumnName] = Field(min_length=1)
    bands: dict[str, list[float]] = Field(default_factory=dict)
    intersections: list[list[str]] = Field(default_factory=list)
    compare: Annotated[Compare, BeforeValidator(_compare)] = "extremes"
    window: Duration | None = None

    @model_validator(mode="after")
    def _fitting(self) -> "Fairness":
        require_none([*self._of_sensitive(), *self._of_bands(), *self._of_intersections(), *self._of_compare()])
        return self

    def _of_sensitive(self) -> list[tuple[Place, str]]:
        return [
            (("sensitive", i), f"'{name}' is listed twice")
            for i, name in enumerate(self.sensitive)
            if name in self.sensitive[:i]
        ]

    def _of_bands(self) -> list[tuple[Place, str]]:
        problems: list[tuple[Place, str]] = [
            (("bands", name), self._stranger(name)) for name in self.bands if name not in self.sensitive
        ]
        for name, cuts in self.bands.items():
            if not cuts or sorted(set(cuts)) != cuts:
                text = f"must be ascending cut points such as [25, 35, 50], found {shown(cuts)}"
                problems.append((("bands", name), text))
        return problems

    def _of_intersections(self) -> list[tuple[Place, str]]:
        problems: list[tuple[Place, str]] = []
        for i, names in enumerate(self.intersections):
            here = ("intersections", i)
            problems += [((*here, j), self._stranger(n)) for j, n in enumerate(names) if n not in self.sensitive]
            if len(set(names)) < max(2, len(names)):
                problems.append((here, f"must name two or more different sensitive features, found {shown(names)}"))
            elif names in self.intersections[:i]:
                problems.append((here, "is listed twice"))
        return problems

    def _of_compare(self) -> list[tuple[Place, str]]:
        named = {} if isinstance(self.compare, str) else self.compare
        return [(("compare", name), self._stranger(name)) for name in named if name not in self.sensitive]

    def _stranger(self, name: str) -> str:
        hint = did_you_mean(name, self.sensitive)
        return f"'{name}' is not in fairness.sensitive ({', '.join(self.sensitive)}){hint}"
