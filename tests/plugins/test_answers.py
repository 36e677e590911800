"""Acknowledging and snoozing an episode from its page: with the right and a reason, from the page itself, on record."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from modelwatch.history import About, Episode, Mark, Point
from modelwatch.report.page.model import model_view
from modelwatch.settings import Settings
from modelwatch.store import answers, engine
from modelwatch.store.episode_tables import EpisodeRow
from modelwatch_ui.viewer import Viewer
from support.evaluations import WINDOW, evaluation, save
from support.html_pages import Page
from support.page_client import PageClient, page_client
from support.stored_story import settings_of

REASON = "Known campaign <until Friday>, see MW-12"
ON_CALL = Viewer("ada", readable=lambda: None, may_run=lambda monitor: monitor == "fraud")
LOOKER = Viewer("bob", readable=lambda: None)
STRANGER = Viewer("eve", readable=set, may_read=lambda _: False, may_run=lambda _: True)


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Settings:
    """One window with one open episode, whose id is 1."""
    save(database_url, evaluation())
    edges = {
        f"{name}_window_{edge}": getattr(WINDOW, edge)
        for name in ("first", "opened", "last")
        for edge in ("start", "end")
    }
    values = {
        **edges, "monitor": "fraud", "kind": "model", "fingerprint": "f", "check": "feature_drift",
        "members": ["feature_drift:amount"], "severity": "alert", "peak": 9.2, "status": "open",
    }  # fmt: skip
    with engine.session(database_url) as session, session.begin():
        session.execute(sa.insert(EpisodeRow).values(**values))
    return settings_of(database_url, tmp_path, monitors=tmp_path)


@pytest.fixture
def on_call(store: Settings) -> Iterator[PageClient]:
    with page_client(store, ON_CALL) as client:
        yield client


def answer(client: PageClient, episode: int = 1, *, origin: str | None = None, **form: str) -> int:
    """Send the form as a browser does; returns the status."""
    headers = {"Origin": origin or client.url, "Accept": "text/html"}
    return client.post(
        f"/monitors/fraud/episodes/{episode}", data={"reason": REASON, **form}, headers=headers
    ).status_code


def trail(settings: Settings) -> list[tuple[str, str, str, timedelta | None]]:
    query = sa.text('SELECT kind, "by", reason, until - at FROM episode_event ORDER BY id')
    with engine.session(settings.database_url) as session:
        return [tuple(row) for row in session.execute(query)]


def test_an_episode_is_acknowledged_with_a_reason_and_the_page_says_by_whom(
    on_call: PageClient, store: Settings
) -> None:
    assert "Episode 1 open since 5 Mar 2026 amount alert" in on_call.page("/monitors/fraud").text
    assert answer(on_call) == 303
    assert trail(store) == [("acknowledged", "ada", REASON, None)]
    assert f"acknowledged by ada: {REASON}" in on_call.page("/monitors/fraud").text
    assert "1 episode, 1 acknowledged" in on_call.page("/").text


def test_a_snooze_has_an_end(on_call: PageClient, store: Settings) -> None:
    assert answer(on_call, days="7") == 303
    assert trail(store) == [("snoozed", "ada", REASON, timedelta(days=7))]
    assert "snoozed until 2 Dec 2026 09:00 UTC by ada" in on_call.page("/monitors/fraud").text


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"reason": " "}, 422),
        ({"reason": "x" * 501}, 422),
        ({"reason": "x" * 30_000}, 413),
        ({"days": "36500"}, 422),
        ({"origin": "https://evil.example.com"}, 403),
        ({"origin": "null"}, 403),
        ({"episode": 2}, 404),
    ],
)
def test_what_is_not_a_proper_answer_changes_nothing(
    on_call: PageClient, store: Settings, form: dict[str, str], status: int
) -> None:
    assert answer(on_call, **form) == status  # type: ignore[arg-type]
    assert trail(store) == []


def test_a_request_without_any_sign_of_its_origin_is_refused(on_call: PageClient, store: Settings) -> None:
    assert on_call.post("/monitors/fraud/episodes/1", data={"reason": REASON}).status_code == 403
    other_site = {"Sec-Fetch-Site": "cross-site", "Origin": on_call.url}
    assert on_call.post("/monitors/fraud/episodes/1", data={"reason": REASON}, headers=other_site).status_code == 403
    assert trail(store) == []


@pytest.mark.parametrize("viewer", [LOOKER, STRANGER])
def test_without_the_right_there_is_no_form_and_no_answer(store: Settings, viewer: Viewer) -> None:
    with page_client(store, viewer) as client:
        assert answer(client) == 403
        forms = [
            a for tag, a in Page(client.get("/monitors/fraud").text).tags if tag == "form" and a.get("method") == "post"
        ]
    assert forms == []
    assert trail(store) == []


def test_an_episode_of_another_monitor_cannot_be_reached_through_this_one(store: Settings) -> None:
    said = answers.Answer("ada", "no", datetime(2026, 3, 6, tzinfo=UTC), None)
    with engine.session(store.database_url) as session, session.begin():
        assert not answers.answer(session, "churn", 1, said)
    assert trail(store) == []


def test_a_problem_shows_the_episode_it_belongs_to() -> None:
    about = About("fraud", "", "", (), 1, "P1D", "", "UTC", None, 0.01, None, None)
    mark = Mark(1, WINDOW, 1, "alert", True, 10, 1.0)
    point = Point(
        WINDOW, "feature_drift", "psi", "amount", None, 2.0, 2.0, None, None, 0.25, "alert", 10, None, None, None
    )
    episode = Episode(
        7, "feature_drift", ("feature_drift:amount",), None, "alert", WINDOW, WINDOW, None, None, None, None
    )
    view = model_view(about, [mark], strongest=[], series=[], crossed=[point], episodes=[episode])
    assert view.open_by_episode == [(episode, list(view.open_problems))]
