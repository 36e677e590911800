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
    """Counts a process's steps and kills it at one: before and after each commit and each call of Slack.

    Args:
        log: where the fatal step is written to: ``before chat.update``, ``after store_verdict``, where the latter is
            the function of `modelwatch.steps` that committed.
    """

    def __init__(self, fatal: int, log: Path | None) -> None:
        self.left, self.log = fatal, log

    def step(self, name: str) -> None:
        self.left -= 1
        if self.left == 0:
            if self.log is not None:
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
            what = name or args[1]
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


def start(act: Callable[[], object], url: str, *, fatal: int = 0, log: Path | None = None) -> int:
    """Start it in a process that dies at its ``fatal``-th step (0: never); returns the process's id."""
    child = os.fork()
    if child:
        return child
    status = BROKEN
    try:
        engine.make_engine(url).dispose(close=False)  # the parent's connections are not this process's
        Steps(fatal, log).watch()
        act()
        status = DONE
    except AlertError:
        status = REFUSED
    finally:
        os._exit(status)


def wait(child: int) -> int:
    """The exit status of the process; minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def stubborn(act: Callable[[], object], url: str, *, most: int = 60, log: Path | None = None) -> int:
    """Try it as Airflow would, each try killed one step later, until one lives; returns how many were killed."""
    kills = 0
    for attempt in range(1, most):
        status = wait(start(act, url, fatal=attempt, log=log))
        if status == DONE:
            return kills
        assert status in (REFUSED, -signal.SIGKILL), status
        kills += status == -signal.SIGKILL
    message = "it never came to its end"
    raise AssertionError(message)
