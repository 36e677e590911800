"""Stands in for `modelwatch.steps`: takes note of what each task was told, and returns or raises what a test says."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from modelwatch import steps

CHECKS = ("quality", "feature_drift", "prediction_drift", "multivariate_drift", "fairness", "performance")
OF_A_MONITOR: Mapping[str, Any] = {
    **{f"check_{name}": f"memory://{name}" for name in CHECKS},
    "fetch_sample": "memory://sample",
    "build_profile": "memory://profile",
    "judge_and_store": 7,
    "should_alert": False,
    "send_slack_alert": None,
}


class NotedSteps:
    """The steps of a test.

    Attributes:
        returns: by step what it returns; an exception is raised, and of an iterator each call takes the next.
        told: by step what its last call was given first, the run; named: what it was given by name.
        calls: the steps in the order they were called.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, more: Mapping[str, Any]) -> None:
        self.returns: dict[str, Any] = {**OF_A_MONITOR, **more}
        self.told: dict[str, Any] = {}
        self.named: dict[str, Mapping[str, Any]] = {}
        self.calls: list[str] = []
        for name in self.returns:
            monkeypatch.setattr(steps, name, self._step(name))

    def _step(self, name: str) -> Callable[..., Any]:
        def act(told: Any, *_: Any, **named: Any) -> Any:
            self.calls.append(name)
            self.told[name], self.named[name] = told, named
            value = self.returns[name]
            if isinstance(value, Exception):
                raise value
            return next(value) if isinstance(value, Iterator) else value

        return act
