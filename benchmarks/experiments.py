"""What every experiment on alarms has: a reference, numbered windows made from seeds, and what was changed in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

LARGE = 20_000
AT_MOST_1 = "at most 1 %"


@dataclass(frozen=True)
class Experiment:
    """Windows of one kind against one reference.

    Attributes:
        what, n: the windows with, and how many requests they have.
        wanted: the share that should page, in words; empty where none is asked for.
        reference_name: experiments of the same name share their reference.
        reference: makes the reference.
        window: makes window i and names the features changed in it.
        cause: the fingerprint that is right; None when none is asked.
        roles, sensitive: what a user would tell `init`.
        of_peers: whether other tools answer the question too.
        available: how many windows there are; None: as many as wanted.
    """

    what: str
    n: int
    wanted: str
    reference_name: str
    reference: Callable[[], pa.Table]
    window: Callable[[int], tuple[pa.Table, list[str]]]
    cause: str | None = None
    roles: Mapping[str, str | None] = field(default_factory=dict)
    sensitive: tuple[str, ...] = ()
    of_peers: bool = True
    available: int | None = None

    @property
    def is_quiet(self) -> bool:
        """Nobody should be paged."""
        return self.wanted == AT_MOST_1

    def count(self, n_windows: int) -> int:
        """How many of the wanted windows are made: fewer of large ones."""
        wanted = min(n_windows, max(20, n_windows * 2 // 5)) if self.n >= LARGE else n_windows
        return wanted if self.available is None else min(wanted, self.available)
