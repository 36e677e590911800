"""What the tools answered, a line of JSON per window in a file, so that a long measurement can be taken up again."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Answer:
    """One tool's answer to one window of one experiment.

    Attributes:
        changed: the features that were changed; features: those that the tool named.
        causes: the cause it gave of each, where it gives any.
    """

    tool: str
    what: str
    n: int
    window: int
    alarm: bool
    features: list[str]
    changed: list[str]
    causes: dict[str, str]

    @property
    def topic(self) -> tuple[str, str, int]:
        """Which cell of the table it belongs to."""
        return self.tool, self.what, self.n


class Answers:
    """The answers of a file, and more as they are added."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[tuple[str, str, int], dict[int, Answer]] = defaultdict(dict)
        if path.exists():
            self._remember(Answer(**json.loads(line)) for line in path.read_text().splitlines())

    def add(self, answers: Iterable[Answer]) -> None:
        """Remember them, in the file too."""
        new = list(answers)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            file.writelines(f"{json.dumps(asdict(one))}\n" for one in new)
        self._remember(new)

    def of(self, tool: str, what: str, n: int) -> list[Answer]:
        """All of one cell, in the windows' order."""
        known = self._known[tool, what, n]
        return [known[window] for window in sorted(known)]

    def _remember(self, answers: Iterable[Answer]) -> None:
        for one in answers:
            self._known[one.topic][one.window] = one
