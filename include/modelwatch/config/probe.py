"""The `probe` of a monitor file: how the model itself may be asked, and how often."""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from modelwatch.config.base import Place, Scalar, Strict, require_none, require_path
from modelwatch.config.sources import Auth, SentAs


class Probe(Strict):
    """How a new version is asked about stored requests, and about changed copies of them.

    Attributes:
        connection: an Airflow Connection of its own, with base URL and credentials.
        path: where a request is posted; ``{version}`` stands for the version.
        version: how the API is told which version shall answer, when it is not in the path; without either only the
            version that is live can be asked, and the logged answers stand for the old one.
        mark: a header with which every probe says that it is one, so that it stays out of the model's log.
        body: constants of the request's JSON, beside the features and sensitive features.
        numbers: categorical columns that the API takes as numbers.
        score, decision: paths in the answer; by default the names of the columns.
        requests: no more are sent for one comparison, whatever happens.
        monotonic: features whose increase must never lower (``increasing``) or raise (``decreasing``) the score.
        proxies: for a sensitive feature the features that may stand for it.
    """

    enabled: bool = False
    connection: str = Field(min_length=1)
    path: str
    version: SentAs | None = None
    auth: Auth | None = None
    mark: dict[str, str] = Field(default_factory=lambda: {"X-Modelwatch-Probe": "1"}, min_length=1)
    body: dict[str, Scalar] = Field(default_factory=dict)
    numbers: list[str] = Field(default_factory=list)
    score: str | None = None
    decision: str | None = None
    requests: int = Field(default=2_000, ge=50)
    requests_per_second: float = Field(default=20, gt=0)
    timeout_seconds: float = Field(default=10, gt=0)
    monotonic: dict[str, Literal["increasing", "decreasing"]] = Field(default_factory=dict)
    proxies: dict[str, list[str]] = Field(default_factory=dict)

    @field_validator("path")
    @classmethod
    def _below_the_connection(cls, path: str) -> str:
        require_path(path)
        try:
            path.format(version="1")
        except (KeyError, IndexError, ValueError):
            message = "has a placeholder that nothing fills; allowed: {version}"
            raise ValueError(message) from None
        return path

    @model_validator(mode="after")
    def _version_in_one_place(self) -> "Probe":
        problems: list[tuple[Place, str]] = []
        if self.version is not None and "{version}" in self.path:
            problems.append((("version",), "the version is in the path already; remove one of the two"))
        require_none(problems)
        return self

    @property
    def asks_by_version(self) -> bool:
        """Whether the old version can be asked beside the new one."""
        return self.version is not None or "{version}" in self.path
