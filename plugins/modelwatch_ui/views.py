"""The pages: all models, one model, one window, and the ways in from Airflow's own pages."""

from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from modelwatch.report.page import listing
from modelwatch.report.page.model import DEFAULT_SPAN, SPANS
from modelwatch.report.page.words import window_slug
from modelwatch_ui.context import Context, Text, asked_filter, require_readable, short
from modelwatch_ui.rendering import base_of, render
from modelwatch_ui.viewer import Viewer

DAG_PREFIX, REDEPLOY_PREFIX = "monitor_", "redeploy_"


def routes(context: Context, viewer: Callable[..., Viewer]) -> APIRouter:
    """The routes of the pages."""
    router = APIRouter(include_in_schema=False)
    _list(router, context, viewer)
    _model(router, context, viewer)
    _window(router, context, viewer)
    _from_airflow(router, context, viewer)
    return router


def _list(router: APIRouter, context: Context, viewer: Callable[..., Viewer]) -> None:
    @router.get("/")
    def all_models(
        request: Request,
        who: Annotated[Viewer, Depends(viewer)],
        wanted: Annotated[listing.Filter, Depends(asked_filter)],
    ) -> Response:
        now = context.now()
        rows = context.pages.rows(who.readable(), now=now)
        return render(
            request,
            "list.html",
            rows=[row for row in rows if wanted.keeps(row)],
            n_all=len(rows),
            counts=listing.counts(rows),
            owners=listing.owners(rows),
            tags=listing.tags(rows),
            wanted=wanted,
            query=request.url.query,
            schedules=who.schedules(),
            who=who,
            now=now,
        )


def _model(router: APIRouter, context: Context, viewer: Callable[..., Viewer]) -> None:
    @router.get("/monitors/{monitor}")
    def one_model(
        request: Request, monitor: str, who: Annotated[Viewer, Depends(viewer)], days: int = DEFAULT_SPAN
    ) -> Response:
        return _model_page(request, context, who, monitor, days)


def _model_page(request: Request, context: Context, who: Viewer, monitor: str, days: int) -> Response:
    view = context.model(who, monitor, days)
    base = base_of(request)
    row = listing.row_of(view.about, view.shown, None, (), now=context.now())
    home = f"{base}monitors/{quote(monitor, safe='')}"
    return render(
        request,
        "model.html",
        view=view,
        row=row,
        days=days,
        spans=SPANS,
        months=sorted({f"{mark.window.start:%Y-%m}" for mark in view.shown})[-2:],
        home=home,
        link=lambda window: f"{home}/windows/{window_slug(window)}",
        schedule=who.schedules().get(monitor),
        may_run=who.may_run(monitor),
        who=who,
        now=context.now(),
    )


def _window(router: APIRouter, context: Context, viewer: Callable[..., Viewer]) -> None:
    @router.get("/monitors/{monitor}/windows/{slug}")
    @router.get("/monitors/{monitor}/windows/{slug}/{number}")
    def one_window(
        request: Request,
        monitor: str,
        slug: str,
        who: Annotated[Viewer, Depends(viewer)],
        number: int | None = None,
        against: Text = "",
    ) -> Response:
        view = context.window(who, monitor, slug, number, against=against)
        home = f"{base_of(request)}monitors/{quote(monitor, safe='')}"
        return render(
            request,
            "window.html",
            view=view,
            home=home,
            here=f"{home}/windows/{view.slug}",
            against=against,
            may_run=who.may_run(monitor),
            run=who.run(monitor, view.judged.run_id),
            who=who,
            now=context.now(),
        )


def _from_airflow(router: APIRouter, context: Context, viewer: Callable[..., Viewer]) -> None:
    @router.get("/dags/{dag_id}")
    def of_dag(request: Request, dag_id: str, who: Annotated[Viewer, Depends(viewer)]) -> Response:
        monitor = _monitor_of(dag_id)
        require_readable(who, monitor)
        return _to_model(request, monitor, dag_id)

    @router.get("/dags/{dag_id}/runs/{run_id}")
    def of_run(request: Request, dag_id: str, run_id: str, who: Annotated[Viewer, Depends(viewer)]) -> Response:
        monitor = _monitor_of(dag_id)
        require_readable(who, monitor)
        if dag_id.startswith(REDEPLOY_PREFIX):
            return _to_model(request, monitor, dag_id)
        found = context.pages.of_run(monitor, run_id)
        if found is None:
            return _run_without_verdict(request, who, monitor, run_id)
        where = f"monitors/{quote(monitor, safe='')}/windows/{window_slug(found.window)}/{found.number}"
        return RedirectResponse(f"{base_of(request)}{where}", 303)


def _run_without_verdict(request: Request, who: Viewer, monitor: str, run_id: str) -> Response:
    """What a run is doing that has stored nothing yet; the page leads on as soon as there is a verdict."""
    run = who.run(monitor, run_id)
    if run is None:
        raise HTTPException(404, f"'{short(monitor)}' has no run and no evaluation named '{short(run_id)}'")
    return render(request, "run.html", monitor=monitor, run=run, who=who)


def _to_model(request: Request, monitor: str, dag_id: str) -> Response:
    """To the model's page; from the Dag that compares versions to what it found."""
    place = "#redeploys" if dag_id.startswith(REDEPLOY_PREFIX) else ""
    return RedirectResponse(f"{base_of(request)}monitors/{quote(monitor, safe='')}{place}", 303)


def _monitor_of(dag_id: str) -> str:
    for prefix in (DAG_PREFIX, REDEPLOY_PREFIX):
        if dag_id.startswith(prefix):
            return dag_id.removeprefix(prefix)
    raise HTTPException(404, f"the Dag '{short(dag_id)}' watches no model; model health is of Dags named monitor_…")
