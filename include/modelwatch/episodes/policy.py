"""When a problem becomes an episode, when it is over, and what is silenced."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Silence:
    """A declared silence: matching problems page nobody in windows that start before ``until``.

    Attributes:
        check, feature, group: what it matches; None matches everything.
    """

    reason: str
    until: datetime
    check: str | None = None
    feature: str | None = None
    group: str | None = None

    def covers(self, check: str, name: str, moment: datetime) -> bool:
        """Whether a problem of this check and feature (or group) is silenced at the moment."""
        names = {self.feature, self.group} - {None}
        return moment < self.until and self.check in (None, check) and (not names or name in names)


@dataclass(frozen=True)
class Policy:
    """The monitor's ``alerts`` as far as episodes depend on them.

    Attributes:
        windows, of: a problem opens when it was at level alert in ``windows`` of the last ``of`` measured windows.
        close_after: it closes after this many measured windows in a row below its warning level.
        critical: at this multiple of its alert threshold a problem is critical, and opens at once.
    """

    windows: int = 1
    of: int = 1
    close_after: int = 2
    critical: float = 4.0
    silences: tuple[Silence, ...] = ()

    def is_silenced(self, key: str, moment: datetime) -> bool:
        """Whether the problem ``check:name`` is silenced in a window that starts at the moment."""
        check, _, name = key.partition(":")
        return any(silence.covers(check, name, moment) for silence in self.silences)
