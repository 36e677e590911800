"""The command line in this process: the same `main` that the console script calls, with what it printed."""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from modelwatch.cli import main


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The JSON document it printed; NaN and Infinity, which JSON does not have, are refused."""
        document: dict[str, Any] = json.loads(self.out, parse_constant=_refused)
        return document

    @property
    def documents(self) -> list[dict[str, Any]]:
        """The JSON documents it printed, one per line."""
        return [json.loads(line, parse_constant=_refused) for line in self.out.splitlines()]


def modelwatch(*arguments: object) -> Outcome:
    """Run `modelwatch ARGUMENTS`; an exception that it does not name itself is not caught."""
    out, err = io.StringIO(), io.StringIO()
    argv = ["modelwatch", *map(str, arguments)]
    with patch.object(sys, "argv", argv), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
    return Outcome(status, out.getvalue(), err.getvalue())


def _refused(word: str) -> float:
    message = f"{word} is not JSON"
    raise ValueError(message)
