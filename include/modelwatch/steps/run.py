"""What every task of one Dag run (or one `modelwatch run`) is told."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from modelwatch.config import Monitor
from modelwatch.domain import Connection, Window
from modelwatch.settings import Settings

RunType = Literal["scheduled", "manual", "backfill", "cli"]
Connect = Callable[[str], Connection]


@dataclass(frozen=True)
class Run:
    """One monitor, one window, one run.

    Attributes:
        run_id: Airflow's run id; the artifacts and the evaluation carry it, so that a retry finds its own work again.
        notify: the manual trigger's override of who hears of the result; None leaves it to the policy.
        model_version: judge only the requests of this version; None judges all.
        run_url: the page of the run, for links.
        now: the present, for runs that are played back; None reads the clock.
    """

    monitor: Monitor
    window: Window
    run_id: str
    run_type: RunType
    settings: Settings
    notify: bool | None = None
    model_version: str | None = None
    run_url: str | None = None
    now: datetime | None = None

    @property
    def moment(self) -> datetime:
        """The present; a snooze and a silence end by it."""
        return self.now or datetime.now(UTC)

    @property
    def folder(self) -> str:
        """Where this run's artifacts lie below the samples URL; the same for every retry."""
        run = re.sub(r"[^A-Za-z0-9_.-]+", "-", self.run_id)
        return f"{self.monitor.monitor}/{self.window.stamp}/{run}"
