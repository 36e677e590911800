"""The FastAPI app of the pages; it knows no Airflow.

Routes are plain functions: they read the database, and FastAPI runs them in threads of their own.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as StarletteHTTPException

from modelwatch.errors import ModelwatchError
from modelwatch.report.charts.svg import STYLE
from modelwatch.settings import Settings
from modelwatch_ui import acts, api, exports, views
from modelwatch_ui.context import Context
from modelwatch_ui.rendering import render
from modelwatch_ui.security import SecurityHeaders
from modelwatch_ui.viewer import LOCAL, Viewer

FOLDER = Path(__file__).parent


def build_app(
    settings: Callable[[], Settings],
    *,
    viewer: Callable[..., Viewer] = lambda: LOCAL,
    dependencies: Sequence[Any] = (),
    login_url: Callable[[Request], str] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> FastAPI:
    """The app.

    Args:
        settings: where the store and the samples are.
        viewer: a FastAPI dependency that says who looks; it may refuse.
        dependencies: what every route asks for first.
        login_url: where to send someone who is not logged in; None answers 401.
        now: the clock.
    """
    app = FastAPI(
        title="modelwatch",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=list(dependencies),
    )
    context = Context(settings, now)
    app.include_router(views.routes(context, viewer))
    app.include_router(exports.routes(context, viewer))
    app.include_router(acts.routes(context, viewer))
    app.include_router(api.routes(context, viewer))
    app.add_api_route("/static/charts.css", lambda: FileResponse(STYLE, media_type="text/css"), include_in_schema=False)
    app.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")
    app.add_middleware(SecurityHeaders)
    _handle_errors(app, login_url)
    return app


def _handle_errors(app: FastAPI, login_url: Callable[[Request], str] | None) -> None:
    @app.exception_handler(StarletteHTTPException)
    def refused(request: Request, error: HTTPException) -> Response:
        if error.status_code == 401 and login_url is not None and _wants_page(request):
            return RedirectResponse(login_url(request), 303)
        return _answer(request, error.status_code, str(error.detail))

    @app.exception_handler(ModelwatchError)
    def trouble(request: Request, error: ModelwatchError) -> Response:
        return _answer(request, 503, str(error))


def _answer(request: Request, status: int, message: str) -> Response:
    if not _wants_page(request):
        return JSONResponse({"detail": message}, status)
    titles = {403: "Not allowed", 404: "Nothing here", 503: "The store does not answer", 422: "Not understood"}
    title = titles.get(status, "That did not work")
    return render(request, "message.html", status=status, title=title, message=message)


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")
