"""A browser without a screen at the real pages: a real server on this machine, and requests to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests

from demo.serving import serving
from modelwatch.settings import Settings
from modelwatch_ui.app import build_app
from modelwatch_ui.viewer import LOCAL, Viewer
from support.html_pages import Page

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)


@dataclass
class PageClient:
    """Asks for pages by their path."""

    url: str
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, *, accept: str = "text/html", follow: bool = True) -> requests.Response:
        """The answer."""
        self.session.trust_env = False
        return self.session.get(f"{self.url}{path}", headers={"Accept": accept}, timeout=60, allow_redirects=follow)

    def post(self, path: str, **arguments: Any) -> requests.Response:
        """The answer to a change."""
        self.session.trust_env = False
        return self.session.post(f"{self.url}{path}", timeout=60, allow_redirects=False, **arguments)

    def page(self, path: str) -> Page:
        """The page, which must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text[:500]
        return Page(answer.text)


@contextmanager
def page_client(settings: Settings, viewer: Viewer = LOCAL) -> Iterator[PageClient]:
    """The pages of a store, on the morning after the story."""
    with serving(build_app(lambda: settings, viewer=lambda: viewer, now=lambda: NOW)) as url:
        yield PageClient(url)
