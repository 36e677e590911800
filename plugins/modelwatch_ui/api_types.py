"""What the JSON API answers, as its OpenAPI document describes it; a window's document has a schema of its own."""

import json
from pathlib import Path
from typing import Any, Literal

from typing_extensions import TypedDict

from modelwatch import report

SCHEMAS = Path(report.__file__).parent / "schema"


class MonitorState(TypedDict):
    """One monitor by its newest window; null where no window was judged yet."""

    monitor: str
    verdict: str | None
    since: str | None
    owner: str
    tags: list[str]
    open_problems: list[str]
    open_episodes: int
    acknowledged_episodes: int
    is_late: bool
    window_start: str | None
    window_end: str | None
    evaluation: int | None
    n_current: int | None
    minimum: int | None
    coverage: float | None


class Monitors(TypedDict):
    """Every monitor that may be read."""

    schema_version: Literal["1"]
    monitors: list[MonitorState]


class WindowState(TypedDict):
    """The newest evaluation of one window."""

    window_start: str
    window_end: str
    evaluation: int
    verdict: str
    page: bool
    n_current: int
    coverage: float | None


class Windows(TypedDict):
    """The windows of one monitor, oldest first."""

    schema_version: Literal["1"]
    monitor: str
    windows: list[WindowState]


def schema_of(name: str) -> dict[str, Any]:
    """A published JSON Schema."""
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text())
    return found


IS_DOCUMENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/WindowDocument"}}}}
}
"""For OpenAPI: the answer is a window's document."""


def with_document(openapi: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI document with the window's schema among its components, where its references lead."""
    schema = schema_of("window")
    parts = schema.pop("$defs")
    text = json.dumps({"WindowDocument": schema, **parts}).replace("#/$defs/", "#/components/schemas/")
    found = json.loads(text)
    for key in ("$schema", "$id"):
        found["WindowDocument"].pop(key)
    openapi["components"]["schemas"].update(found)
    return openapi
