"""Who hears of a window, decided apart from how it is said."""

from collections.abc import Sequence

from modelwatch.domain import Judgement, Result

Keys = frozenset[str]


def finding_key(result: Result) -> str:
    """What makes findings of two windows the same problem: the check and the feature or group, not the metric."""
    m = result.measurement
    return f"{m.check}:{m.feature or m.group or m.metric}"


def alert_keys(judgement: Judgement) -> Keys:
    """The problems of a window at level alert; none unless the window was measured."""
    if judgement.verdict != "alert":
        return frozenset()
    return frozenset(finding_key(result) for result in judgement.findings if result.status == "alert")


def would_page(keys: Keys, earlier: Sequence[Keys], *, windows: int, of: int) -> bool:
    """Whether some problem of this window was there in at least ``windows`` of the last ``of`` measured windows.

    Args:
        keys: this window's problems.
        earlier: the problems of the measured windows before it, newest first.
        windows, of: the monitor's ``open_after``.
    """
    recent = [keys, *earlier[: of - 1]]
    return any(sum(key in one for one in recent) >= windows for key in keys)


def may_notify(run_type: str, *, notify: bool | None) -> bool:
    """A backfill restates history and stays quiet unless told to notify; other runs speak unless told not to."""
    return run_type != "backfill" if notify is None else notify
