"""The project's pages for people, and the commands they show."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "include" / "demo" / "README.md",
]


@dataclass(frozen=True)
class Shown:
    """A command in a page: its words after `modelwatch`, and whether it stands in a block of its own."""

    page: str
    words: tuple[str, ...]
    is_block: bool

    def __str__(self) -> str:
        return f"{self.page}: {' '.join(self.words)}"


def shown_commands(page: Path) -> list[Shown]:
    """Every `modelwatch ...` of a page in order, from indented blocks and from text."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    found = []
    for match in re.finditer(r"^ {4,}(?:\$ )?modelwatch ([^\n#]+)|`modelwatch ([^`]+)`", text, re.MULTILINE):
        block, inline = match.groups()
        name = page.relative_to(ROOT).as_posix()
        found.append(Shown(name, tuple(shlex.split(block or inline)), block is not None))
    return found
