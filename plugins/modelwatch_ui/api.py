"""The read-only JSON API, its OpenAPI document, and the metrics that Prometheus scrapes."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import PlainTextResponse

from modelwatch.domain import iso
from modelwatch.report.page.listing import Row
from modelwatch.report.page.model import DEFAULT_SPAN
from modelwatch.report.page.openmetrics import CONTENT_TYPE, exposition
from modelwatch_ui.api_types import IS_DOCUMENT, Monitors, MonitorState, Windows, schema_of, with_document
from modelwatch_ui.context import Context
from modelwatch_ui.viewer import Viewer


def routes(context: Context, viewer: Callable[..., Viewer]) -> APIRouter:
    """The routes of the API."""
    router = APIRouter(prefix="/api", tags=["model health"])
    outer = APIRouter()

    @router.get("/monitors", summary="Every monitor you may read, worst first")
    def monitors(who: Annotated[Viewer, Depends(viewer)]) -> Monitors:
        rows = context.pages.rows(who.readable(), now=context.now())
        return {"schema_version": "1", "monitors": [_row(row) for row in rows]}

    @router.get("/monitors/{monitor}/windows", summary="The newest evaluation of each window, oldest first")
    def windows(monitor: str, who: Annotated[Viewer, Depends(viewer)], days: int = DEFAULT_SPAN) -> Windows:
        table = context.model(who, monitor, days).tables()["windows"]
        rows: list[Any] = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
        return {"schema_version": "1", "monitor": monitor, "windows": rows}

    @router.get("/monitors/{monitor}/windows/{slug}", summary="One window's newest evaluation", responses=IS_DOCUMENT)
    def window(monitor: str, slug: str, who: Annotated[Viewer, Depends(viewer)]) -> dict[str, Any]:
        return context.window(who, monitor, slug, features=False).document()

    @router.get("/monitors/{monitor}/windows/{slug}/{number}", summary="A numbered one", responses=IS_DOCUMENT)
    def evaluation(monitor: str, slug: str, number: int, who: Annotated[Viewer, Depends(viewer)]) -> dict[str, Any]:
        return context.window(who, monitor, slug, number, features=False).document()

    @router.get("/schema/{name}.json", summary="The JSON Schema of a document: window or table")
    def schema(name: Literal["window", "table"], _: Annotated[Viewer, Depends(viewer)]) -> dict[str, Any]:
        return schema_of(name)

    @router.get("/openapi.json", include_in_schema=False, dependencies=[Depends(viewer)])
    def openapi(request: Request) -> dict[str, Any]:
        return with_document(get_openapi(title="modelwatch", version="1", routes=request.app.routes))

    @outer.get("/metrics", include_in_schema=False)
    def metrics(who: Annotated[Viewer, Depends(viewer)]) -> PlainTextResponse:
        rows = context.pages.rows(who.readable(), now=context.now())
        return PlainTextResponse(exposition(rows), media_type=CONTENT_TYPE)

    outer.include_router(router)
    return outer


def _row(row: Row) -> MonitorState:
    mark = row.mark
    return {
        "monitor": row.monitor,
        "verdict": row.verdict,
        "since": iso(row.since) if row.since else None,
        "owner": row.owner,
        "tags": list(row.about.tags) if row.about else [],
        "open_problems": list(row.problems),
        "open_episodes": row.n_episodes,
        "acknowledged_episodes": row.n_known,
        "is_late": row.is_late,
        "window_start": iso(mark.window.start) if mark else None,
        "window_end": iso(mark.window.end) if mark else None,
        "evaluation": mark.number if mark else None,
        "n_current": mark.n_current if mark else None,
        "minimum": row.about.minimum if row.about else None,
        "coverage": mark.coverage if mark else None,
    }
