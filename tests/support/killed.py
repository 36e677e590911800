"""Doing something in a process of its own that is killed (SIGKILL) at a chosen step."""

import os
import signal
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from slack_sdk.web.base_client import BaseClient
from sqlalchemy.orm import Session

from modelwatch.errors import AlertError
from modelwatch.store import engine

DONE, REFUSED, BROKEN = 0, 3, 4


class Steps:
    """Counts a process's steps and kills it at one: before and after each commit and each call of Slack."""

    def __init__(self, fatal: int) -> None:
        self.left = fatal

    def step(self, *_: Any) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        sa.event.listen(sa.Engine, "commit", self.step)
        sa.event.listen(Session, "after_commit", self.step)
        for name in ("api_call", "_upload_file"):
            setattr(BaseClient, name, self._watched(getattr(BaseClient, name)))

    def _watched(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def act(*args: Any, **named: Any) -> Any:
            self.step()
            answer = call(*args, **named)
            self.step()
            return answer

        return act


def start(act: Callable[[], object], url: str, *, fatal: int = 0) -> int:
    """Start it in a process that dies at its ``fatal``-th step (0: never); returns the process's id."""
    child = os.fork()
    if child:
        return child
    status = BROKEN
    try:
        engine.make_engine(url).dispose(close=False)  # the parent's connections are not this process's
        Steps(fatal).watch()
        act()
        status = DONE
    except AlertError:
        status = REFUSED
    finally:
        os._exit(status)


def wait(child: int) -> int:
    """The exit status of the process; minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def stubborn(act: Callable[[], object], url: str, *, most: int = 60) -> int:
    """Try it as Airflow would, each try killed one step later, until one lives; returns how many were killed."""
    kills = 0
    for attempt in range(1, most):
        status = wait(start(act, url, fatal=attempt))
        if status == DONE:
            return kills
        assert status in (REFUSED, -signal.SIGKILL), status
        kills += status == -signal.SIGKILL
    message = "it never came to its end"
    raise AssertionError(message)
