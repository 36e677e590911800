"""Who looks at the pages, and what they may see and do; Airflow and the local page each have their own."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Schedule:
    """What the scheduler says of a monitor's Dag."""

    next_run: datetime | None
    is_paused: bool


def everything(_: str) -> bool:
    """May all."""
    return True


def nothing(_: str) -> bool:
    """May none."""
    return False


@dataclass(frozen=True)
class Viewer:
    """One person in one request.

    Attributes:
        name: for the audit trail.
        readable: the monitors that may be listed; None: all.
        may_read, may_run: whether this monitor may be seen, and run or acknowledged.
        schedules: what the scheduler says of the readable monitors.
        has_airflow: the pages are served beside Airflow's own.
    """

    name: str
    readable: Callable[[], Collection[str] | None]
    may_read: Callable[[str], bool] = everything
    may_run: Callable[[str], bool] = nothing
    schedules: Callable[[], dict[str, Schedule]] = dict
    has_airflow: bool = False


LOCAL = Viewer("local", readable=lambda: None)
