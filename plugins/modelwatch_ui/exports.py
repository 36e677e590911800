"""Downloads: every table as CSV and JSON, every chart as SVG."""

import re
from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.responses import Response

from modelwatch.domain import iso
from modelwatch.report.charts.bars import bin_chart
from modelwatch.report.charts.lines import time_chart
from modelwatch.report.charts.squares import heat_chart, strip_chart
from modelwatch.report.charts.svg import standalone
from modelwatch.report.html import month_report, window_report
from modelwatch.report.page import listing
from modelwatch.report.page.model import DEFAULT_SPAN
from modelwatch.report.page.tables import Table, as_csv, as_json
from modelwatch_ui.context import Context, asked_filter, short
from modelwatch_ui.security import REPORT_POLICY
from modelwatch_ui.viewer import Viewer

Form = Literal["csv", "json"]
MEDIA = {"csv": "text/csv; charset=utf-8", "json": "application/json", "svg": "image/svg+xml"}
HEATS = {"drift": "Feature drift by day", "quality": "Data quality by day"}


def routes(context: Context, viewer: Callable[..., Viewer]) -> APIRouter:
    """The routes of the downloads."""
    router = APIRouter(include_in_schema=False)
    _of_list(router, context, viewer)
    _of_model(router, context, viewer)
    _of_window(router, context, viewer)
    _reports(router, context, viewer)
    return router


def download(content: str, name: str, form: str) -> Response:
    """A file to save."""
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[:120]
    return Response(
        content, media_type=MEDIA[form], headers={"Content-Disposition": f'attachment; filename="{safe}.{form}"'}
    )


def table_file(table: Table | None, monitor: str, form: Form, **about: str) -> Response:
    """A table as a file."""
    if table is None:
        raise HTTPException(404, "there is no table of this name")
    content = as_csv(table) if form == "csv" else as_json(table, monitor=monitor, **about)
    return download(content, "-".join([monitor, *about.values(), table.name]), form)


def _of_list(router: APIRouter, context: Context, viewer: Callable[..., Viewer]) -> None:
    @router.get("/tables/models.{form}")
    def models_file(
        form: Form,
        who: Annotated[Viewer, Depends(viewer)],
        wanted: Annotated[listing.Filter, Depends(asked_filter)],
    ) -> Response:
        rows = [row for row in context.pages.rows(who.readable(), now=context.now()) if wanted.keeps(row)]
        table = listing.models_table(rows)
        return download(as_csv(table) if form == "csv" else as_json(table), table.name, form)


def _of_model(router: APIRouter, context: Context, viewer: Callable[..., Viewer]) -> None:
    @router.get("/monitors/{monitor}/tables/{name}.{form}")
    def model_table(
        monitor: str, name: str, form: Form, who: Annotated[Viewer, Depends(viewer)], days: int = DEFAULT_SPAN
    ) -> Response:
        return table_file(context.model(who, monitor, days).tables().get(name), monitor, form)

    @router.get("/monitors/{monitor}/charts/{name}.svg")
    def model_chart(
        monitor: str, name: str, who: Annotated[Viewer, Depends(viewer)], days: int = DEFAULT_SPAN
    ) -> Response:
        view = context.model(who, monitor, days)
        if name == "windows":
            drawn = strip_chart([m.verdict for m in view.shown], label=f"Verdicts of {monitor}, oldest first")
            return download(standalone(drawn), f"{monitor}-{name}", "svg")
        if name in HEATS:
            heat = view.heat if name == "drift" else view.quality
            return download(standalone(heat_chart(heat, title=HEATS[name])), f"{monitor}-{name}", "svg")
        if name == "version_scores" and view.versions is not None:
            drawn = bin_chart(view.versions.bins, title="Scores", names=(view.versions.old, view.versions.new))
            return download(standalone(drawn), f"{monitor}-{name}", "svg")
        chart = view.chart(name)
        if chart is None:
            raise HTTPException(404, f"there is no chart '{short(name)}'")
        return download(standalone(time_chart(chart)), f"{monitor}-{name}", "svg")


def _of_window(router: APIRouter, context: Context, viewer: Callable[..., Viewer]) -> None:
    @router.get("/monitors/{monitor}/windows/{slug}/{number}/tables/{name}.{form}")
    def window_table(
        monitor: str,
        slug: str,
        number: int,
        name: str,
        form: Form,
        who: Annotated[Viewer, Depends(viewer)],
        feature: Annotated[str, Query(max_length=20_000)] = "",
        against: Annotated[str, Query(max_length=100)] = "",
    ) -> Response:
        view = context.window(who, monitor, slug, number, against=against, features=name == "bins")
        about = {"window_start": iso(view.judged.window.start), "evaluation": str(number)}
        if name != "bins":
            return table_file(view.tables().get(name), monitor, form, **about)
        one = view.comparison(feature)
        return table_file(one.table() if one else None, monitor, form, **about, feature=short(feature))

    @router.get("/monitors/{monitor}/windows/{slug}/{number}/charts/bins.svg")
    def window_chart(
        monitor: str,
        slug: str,
        number: int,
        who: Annotated[Viewer, Depends(viewer)],
        feature: Annotated[str, Query(max_length=20_000)] = "",
        against: Annotated[str, Query(max_length=100)] = "",
    ) -> Response:
        one = context.window(who, monitor, slug, number, against=against).comparison(feature)
        if one is None:
            raise HTTPException(404, f"no counts of '{short(feature)}' are stored")
        return download(standalone(bin_chart(one.bins, title=feature)), f"{monitor}-{slug}-{short(feature)}", "svg")


def _reports(router: APIRouter, context: Context, viewer: Callable[..., Viewer]) -> None:
    @router.get("/monitors/{monitor}/windows/{slug}/{number}/report.html")
    def of_window(monitor: str, slug: str, number: int, who: Annotated[Viewer, Depends(viewer)]) -> Response:
        return _report(window_report(context.window(who, monitor, slug, number)))

    @router.get("/monitors/{monitor}/months/{month}/report.html")
    def of_month(monitor: str, month: str, who: Annotated[Viewer, Depends(viewer)]) -> Response:
        return _report(month_report(context.month(who, monitor, month), month))


def _report(content: str) -> Response:
    return Response(content, media_type="text/html", headers={"Content-Security-Policy": REPORT_POLICY})
