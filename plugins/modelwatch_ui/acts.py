"""What people answer to an episode: acknowledged, or quiet for some days, always with a reason and always in the trail.

A plain form, so that it works without a script. Runs and backfills are not here: the page asks Airflow's own API.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated
from urllib.parse import parse_qsl, quote

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from modelwatch.history import Answer
from modelwatch_ui.context import Context, require_readable, short
from modelwatch_ui.rendering import base_of
from modelwatch_ui.security import is_from_here
from modelwatch_ui.viewer import Viewer

SNOOZES = {"": None, "1": timedelta(days=1), "7": timedelta(days=7), "30": timedelta(days=30)}
LONGEST_FORM, LONGEST_REASON = 20_000, 500


def routes(context: Context, viewer: Callable[..., Viewer]) -> APIRouter:
    """The route of the answers."""
    router = APIRouter(include_in_schema=False)

    @router.post("/monitors/{monitor}/episodes/{episode_id}", dependencies=[Depends(_from_here)])
    def answer(
        request: Request,
        monitor: str,
        episode_id: int,
        who: Annotated[Viewer, Depends(viewer)],
        form: Annotated[Mapping[str, str], Depends(_form)],
    ) -> Response:
        require_readable(who, monitor)
        if not who.may_run(monitor):
            raise HTTPException(403, f"acknowledging needs the right to run the Dag of '{short(monitor)}'")
        said = _said(form, who.name, context)
        if not context.pages.answer(monitor, episode_id, said):
            raise HTTPException(
                404, f"'{short(monitor)}' has no open episode {episode_id}: it may have closed meanwhile"
            )
        return RedirectResponse(f"{base_of(request)}monitors/{quote(monitor, safe='')}#episode-{episode_id}", 303)

    return router


def _said(form: Mapping[str, str], name: str, context: Context) -> Answer:
    reason, days = form.get("reason", "").replace("\0", "").strip(), form.get("days", "")
    if not 0 < len(reason) <= LONGEST_REASON:
        raise HTTPException(422, f"say why, in at most {LONGEST_REASON} characters")
    if days not in SNOOZES:
        raise HTTPException(422, "days is empty, 1, 7 or 30")
    now, length = context.now(), SNOOZES[days]
    return Answer(by=name, reason=reason, at=now, until=None if length is None else now + length)


def _from_here(request: Request) -> None:
    if not is_from_here(request):
        raise HTTPException(403, "this came from another site's page; open model health and answer there")


async def _form(request: Request) -> Mapping[str, str]:
    body = await request.body()
    if len(body) > LONGEST_FORM:
        raise HTTPException(413, "the form is too long")
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
