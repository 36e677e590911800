"""Templates: every value is escaped; links are relative, so that the pages work below any path."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse

from modelwatch.domain import Result, iso
from modelwatch.report import runbook
from modelwatch.report.charts.squares import hatch
from modelwatch.report.html import environment
from modelwatch.report.page import words
from modelwatch.report.page.against import choices
from modelwatch.report.page.heat import without_quiet
from modelwatch.report.page.story import figures
from modelwatch.report.page.trail import act_words, who_words
from modelwatch_ui.anchors import anchor
from modelwatch_ui.grids import heat_rows, strip

FOLDER = Path(__file__).parent / "templates"


def page_environment() -> Environment:
    """The reports' templates' words and charts, and those that only pages use."""
    made = environment(FOLDER)
    made.filters.update(
        slug=words.window_slug,
        person=words.person_words,
        iso=iso,
        capitalize_first=lambda text: text[:1].upper() + text[1:],
        arrows=lambda text: text.replace(" -> ", " → "),
    )
    made.globals.update(
        anchor=anchor,
        heat_rows=heat_rows,
        strip=strip,
        without_quiet=without_quiet,
        figures=figures_of,
        hatch=hatch,
        act_words=act_words,
        choices=choices,
        who_words=who_words,
        runbook=runbook.link,
    )
    return made


def figures_of(results: Sequence[Result]) -> str:
    """The first figures of one problem, in words."""
    return figures([(r.measurement.metric, r.measurement.value, r.status, r.threshold) for r in results])


ENVIRONMENT = page_environment()


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401  # what templates show
    """The page; ``base`` in it leads to the app's own root from wherever the page is."""
    html = ENVIRONMENT.get_template(template).render(base=base_of(request), **values)
    return HTMLResponse(html, status)


def base_of(request: Request) -> str:
    """``../../`` from the page's own path to the app's root."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    return "../" * (path.count("/") - 1) or "./"
