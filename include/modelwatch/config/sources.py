"""The `source` of a monitor file: where the requests come from."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from modelwatch.config.base import (
    Duration,
    Place,
    Scalar,
    Strict,
    duration_text,
    require_no_password,
    require_none,
    require_path,
    shown,
)


class CursorPagination(Strict):
    """The answer holds a cursor that the next request sends back."""

    type: Literal["cursor"]
    response: str = Field(description="path to the cursor in the answer")
    query: str = Field(description="query parameter that sends it back")


class NextLinkPagination(Strict):
    """The answer's body holds the URL of the next page."""

    type: Literal["next_link"]
    response: str = Field(description="path to the URL in the answer")


class LinkHeaderPagination(Strict):
    """The answer's `Link` header holds the URL of the next page as rel="next"."""

    type: Literal["link_header"]


class PagePagination(Strict):
    """Pages are numbered; an empty one ends them."""

    type: Literal["page"]
    query: str = "page"
    start: int = 1


class OffsetPagination(Strict):
    """Requests are numbered; an empty page ends them."""

    type: Literal["offset"]
    query: str = "offset"
    limit_query: str = "limit"
    limit: int = Field(default=1000, ge=1)


class NoPagination(Strict):
    """One answer holds everything."""

    type: Literal["none"] = "none"


Pagination = Annotated[
    CursorPagination | NextLinkPagination | LinkHeaderPagination | PagePagination | OffsetPagination | NoPagination,
    Field(discriminator="type"),
]


class SentAs(Strict):
    """The name that something is sent under: of a header or of a query parameter."""

    header: str | None = None
    query: str | None = None

    @model_validator(mode="after")
    def _one_place(self) -> "SentAs":
        if (self.header is None) == (self.query is None):
            message = "needs either 'header' or 'query', the name it is sent under"
            raise ValueError(message)
        return self


class ApiKey(SentAs):
    """The connection's password goes into a header or a query parameter of this name."""

    type: Literal["api_key"]


def _form_of_auth(value: Any) -> str:  # noqa: ANN401  # whatever stands in the file
    return "(key)" if isinstance(value, dict | ApiKey) else "(word)"


Auth = Annotated[
    Annotated[Literal["bearer", "basic"], Tag("(word)")] | Annotated[ApiKey, Tag("(key)")],
    Discriminator(_form_of_auth),
]


class CommonSource(Strict):
    """What every source has.

    Attributes:
        max_rejected_share: above this share of rows that do not parse the window is not measured, in [0, 1].
        min_coverage: below this share of the requests that exist the window is not measured, in [0, 1].
    """

    max_rejected_share: float = Field(default=0.05, ge=0, le=1)
    min_coverage: float = Field(default=0.98, ge=0, le=1)


class FetchedSource(CommonSource):
    """A source whose requests are fetched by a task.

    Attributes:
        split: the length of the parts of a window that tasks of their own fetch and count; None fetches it in one.
    """

    split: Duration | None = None


class HttpSource(FetchedSource):
    """A REST API that lists the model's requests.

    Attributes:
        connection: the Airflow Connection with base URL and credentials.
        query: query parameters; ``{window_start}`` and ``{window_end}`` stand for the window's edges.
        records: path to the list in the answer; empty when the answer is the list.
        total: path to the number of requests the window holds, when the API says it; coverage is judged by it.
        auth: how the connection's credentials are sent; by default basic with a login, bearer without.
    """

    type: Literal["http"]
    connection: str = Field(min_length=1)
    path: str
    query: dict[str, Scalar] = Field(default_factory=dict)
    records: str = ""
    pagination: Pagination = Field(default_factory=NoPagination)
    auth: Auth | None = None
    total: str | None = None
    connect_timeout_seconds: float = Field(default=5, gt=0)
    read_timeout_seconds: float = Field(default=30, gt=0)
    retries: int = Field(default=5, ge=0, le=20)
    max_wait_seconds: float = Field(default=60, gt=0)
    requests_per_second: float | None = Field(default=10, gt=0)
    max_pages: int = Field(default=100_000, ge=1)
    max_bytes: int = Field(default=2_000_000_000, ge=1)

    @field_validator("path")
    @classmethod
    def _below_the_connection(cls, path: str) -> str:
        if not _fills(require_path(path)):
            raise ValueError(_UNFILLED.format(shown(path)))
        return path

    @field_validator("query")
    @classmethod
    def _usable_query(cls, query: dict[str, Scalar]) -> dict[str, Scalar]:
        problems: list[tuple[Place, str]] = []
        for name, value in query.items():
            if _SECRET.fullmatch(name):
                text = f"a secret does not belong here; write auth: {{type: api_key, query: {name}}}"
                problems.append(((name,), f"{text} and keep it as the connection's password"))
            elif isinstance(value, str) and not _fills(value):
                problems.append(((name,), _UNFILLED.format(shown(value))))
        require_none(problems)
        return query


class FilesSource(FetchedSource):
    """Files of requests, local or in object storage.

    Attributes:
        uri: path or fsspec URL; may be a glob and may hold ``{window_start:%Y-%m-%d}``.
        format: by default told from the suffix.
        connection: an Airflow Connection whose extra holds fsspec's options (keys, endpoint).
    """

    type: Literal["files"]
    uri: str = Field(min_length=1)
    format: Literal["parquet", "csv", "jsonl"] | None = None
    connection: str | None = None

    @field_validator("uri")
    @classmethod
    def _known_placeholders(cls, uri: str) -> str:
        if not _fills(uri):
            raise ValueError(_UNFILLED.format(shown(uri)))
        return require_no_password(uri)

    @model_validator(mode="after")
    def _files_of_each_part(self) -> "FilesSource":
        start = datetime(2000, 1, 1, tzinfo=UTC)
        if self.split is not None and _filled(self.uri, start) == _filled(self.uri, start + self.split):
            length = duration_text(self.split)
            text = f"every part of {length} would read the same files of {shown(self.uri)}; name the files of each part"
            require_none([(("split",), f"{text}, as in {{window_start:%Y-%m-%dT%H}}")])
        return self


class SqlSource(FetchedSource):
    """A query on a database.

    Attributes:
        query: SQL with the bound parameters ``:window_start`` and ``:window_end``.
    """

    type: Literal["sql"]
    connection: str = Field(min_length=1)
    query: str = Field(min_length=1)

    @field_validator("query")
    @classmethod
    def _bounded(cls, query: str) -> str:
        missing = [name for name in (":window_start", ":window_end") if name not in query]
        if missing:
            message = f"the query does not use {' and '.join(missing)}: every run would read the whole table"
            raise ValueError(message)
        return query


class SparkSource(CommonSource):
    """A table that Spark counts where it lies, all of it; only counts and the sample's rows leave the cluster.

    Attributes:
        connection: a Connection of type ``spark_connect`` or ``spark``; None: the session that Spark itself is set to.
        table: a table of the catalog; path: files that Spark reads, may hold ``{window_start:%Y-%m-%d}``.
        format: of the files; None: Spark's own default, parquet unless it is set otherwise.
        where: a condition in SQL, for the columns that the table is partitioned by; may hold the same placeholders.
        unique_ids: the table holds every id once; else rows are brought together by id, to count each once.
    """

    type: Literal["spark"]
    connection: str | None = None
    table: str | None = Field(default=None, min_length=1)
    path: str | None = Field(default=None, min_length=1)
    format: str | None = None
    where: str | None = None
    unique_ids: bool = False

    @field_validator("path", "where")
    @classmethod
    def _known_placeholders(cls, text: str | None) -> str | None:
        if text is not None and not _fills(text):
            raise ValueError(_UNFILLED.format(shown(text)))
        return text if text is None else require_no_password(text)

    @model_validator(mode="after")
    def _one_place(self) -> "SparkSource":
        if (self.table is None) == (self.path is None):
            message = "Spark needs either 'table' or 'path', where the requests are"
            raise ValueError(message)
        if self.table is not None and self.format is not None:
            require_none([(("format",), "belongs to path; a table knows its own")])
        return self


Source = Annotated[HttpSource | FilesSource | SqlSource | SparkSource, Field(discriminator="type")]


_UNFILLED = "{} has a placeholder that no window fills; allowed: {{window_start}} and {{window_end}}"
_SECRET = re.compile(r"(x[-_])?(api[-_]?key|(access|auth|api)[-_]?token|token|secret|password|passwd)", re.IGNORECASE)


def _filled(text: str, edge: datetime) -> str:
    return text.format(window_start=edge, window_end=edge)


def _fills(text: str) -> bool:
    try:
        _filled(text, datetime(2000, 1, 1, tzinfo=UTC))
    except (KeyError, IndexError, ValueError, AttributeError, TypeError):
        return False
    return True
