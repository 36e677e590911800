"""A monitor's alerts as episodes need them; apart, so that a command without a store need not load one."""

from datetime import UTC, datetime

from modelwatch.config import Monitor
from modelwatch.domain import Window
from modelwatch.episodes import Policy, Silence

# A file without timestamps is judged as a window that no silence reaches.
UNDATED = Window(datetime(2200, 1, 1, tzinfo=UTC), datetime(2200, 1, 2, tzinfo=UTC))


def policy_of(monitor: Monitor) -> Policy:
    """The monitor's ``alerts`` as episodes need them."""
    alerts = monitor.alerts
    silences = tuple(
        Silence(one.reason, one.ends(monitor.tzinfo), one.check, one.feature, one.group) for one in alerts.silences
    )
    return Policy(alerts.open_after.windows, alerts.open_after.of, alerts.close_after, alerts.critical, silences)
