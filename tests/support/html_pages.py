"""Reading pages as a browser does: their texts and links, and what a strict policy forbids."""

from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

VOID = {"meta", "link", "input", "br", "img"}


class Page(HTMLParser):
    """A parsed page.

    Attributes:
        links: targets of its links, as written; text: everything a person reads; tags: every tag with its attributes.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._texts: list[str] = []
        self._open: list[str] = []
        self.feed(html)

    @property
    def text(self) -> str:
        """What a person reads, in one line."""
        return " ".join(" ".join(self._texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag, and where it leads."""
        found = dict(attrs)
        self.tags.append((tag, found))
        if tag == "a" and found.get("href"):
            self.links.append(found["href"] or "")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Forget the tag; one that was never opened is a broken page."""
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Note the text, but for styles and scripts."""
        if not self._open or self._open[-1] not in ("style", "script"):
            self._texts.append(data)

    def inside(self, url: str) -> set[str]:
        """The links that stay on the app, as paths, seen from the page's own address."""
        found = {urlsplit(urljoin(url, link)) for link in self.links}
        host = urlsplit(url).netloc
        return {f"{one.path}?{one.query}" if one.query else one.path for one in found if one.netloc == host}

    def forbidden(self) -> list[str]:
        """What the policy of the pages would stop: scripts and styles in the page itself."""
        found = []
        for tag, attributes in self.tags:
            found += [f"<{tag} {name}>" for name in attributes if name == "style" or name.startswith("on")]
            if tag == "style" or (tag == "script" and not attributes.get("src")):
                found.append(f"<{tag}>")
        return found
