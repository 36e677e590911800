"""Doing something in a process of its own that is killed (SIGKILL) at a chosen step."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from slack_sdk.web.base_client import BaseClient
from sqlalchemy.orm import Session

from modelwatch.errors import AlertError
from modelwatch.store import engine

DONE, REFUSED, BROKEN = 0, 3, 4


class Steps:
    """Kills its process at a step: before or after a commit or a call of Slack.

    A step is named by what is done (``before chat.update``), a commit by the function of `modelwatch.steps` that makes
    it (``after store_verdict``).

    Args:
        log: the steps that were fatal before, a line each; the first that is not among them is added, and fatal.
    """

    def __init__(self, log: Path) -> None:
        self.log, self.spared = log, set(log.read_text().splitlines())

    def step(self, name: str) -> None:
        if name not in self.spared:
            with self.log.open("a") as file:
                file.write(f"{name}\n")
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        sa.event.listen(sa.Engine, "commit", lambda _: self.step(f"before {_committing()}"))
        sa.event.listen(Session, "after_commit", lambda _: self.step(f"after {_committing()}"))
        BaseClient.api_call = self._watched(BaseClient.api_call, None)
        BaseClient._upload_file = self._watched(BaseClient._upload_file, "upload")  # a call of its own

    def _watched(self, call: Callable[..., Any], name: str | None) -> Callable[..., Any]:
        def act(*args: Any, **named: Any) -> Any:
            what = name or args[1] + (" in a thread" if "thread_ts" in (named.get("json") or {}) else "")
            self.step(f"before {what}")
            answer = call(*args, **named)
            self.step(f"after {what}")
            return answer

        return act


def _committing() -> str:
    frame = sys._getframe()  # the only way to know who commits
    while frame.f_back is not None and "/modelwatch/steps/" not in frame.f_code.co_filename:
        frame = frame.f_back
    return frame.f_code.co_name


def start(act: Callable[[], object], url: str, *, log: Path | None = None) -> int:
    """Start it in a process that dies at its first step that is not in the log (without one: never); returns its id."""
    child = os.fork()
    if child:
        return child
    status = BROKEN
    try:
        engine.make_engine(url).dispose(close=False)  # the parent's connections are not this process's
        if log is not None:
            Steps(log).watch()
        act()
        status = DONE
    except AlertError:
        status = REFUSED
    finally:
        os._exit(status)


def wait(child: int) -> int:
    """The exit status of the process; minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def stubborn(act: Callable[[], object], url: str, log: Path, *, most: int = 90) -> list[str]:
    """Try it as Airflow would, killed at another of its steps each time, until none is left; returns those steps."""
    log.write_text("")
    for _ in range(most):
        status = wait(start(act, url, log=log))
        if status == DONE:
            return log.read_text().splitlines()
        assert status in (REFUSED, -signal.SIGKILL), status
    message = "it never came to its end"
    raise AssertionError(message)
