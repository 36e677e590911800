"""What `noise`, `drill` and `watchdog` do; `cli.py` only declares their arguments."""

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from modelwatch.config import load_monitor, resolve_monitor
from modelwatch.domain import Window, iso
from modelwatch.settings import Settings, connection_from_env

if TYPE_CHECKING:
    from modelwatch.steps.noise import Noise


def noise(monitor: str, *, days: int, output: str) -> int:
    """Compare what a changed file would have paged with what the stored windows did; 3 when none could be judged."""
    from modelwatch.steps.accepted import with_accepted_reference
    from modelwatch.steps.migrated import migrated_settings
    from modelwatch.steps.noise import noise as compare

    settings = migrated_settings(Settings.from_env())
    loaded = with_accepted_reference(load_monitor(resolve_monitor(monitor, settings.monitors_dir)), settings)
    found = compare(loaded, settings, days=days)
    _say(json.dumps(_document(found), indent=2) if output == "json" else _table(found, days))
    return 3 if len(found.skipped) >= len(found.windows) else 0


def drill(monitor: str) -> None:
    """Drill the monitor and say where it arrived."""
    from modelwatch import steps
    from modelwatch.steps.migrated import migrated_settings

    settings, now = migrated_settings(Settings.from_env()), datetime.now(UTC)
    loaded = load_monitor(resolve_monitor(monitor, settings.monitors_dir))
    run = steps.Run(loaded, Window(now - timedelta(days=1), now), f"drill__{iso(now)}", "cli", settings)
    _say(steps.fire_drill(run, connection_from_env))


def watchdog() -> int:
    """Check every schedule against the store and print what is not watched; 1 when something is not."""
    from modelwatch import steps
    from modelwatch.steps.migrated import migrated_settings

    lines = steps.check_schedules(migrated_settings(Settings.from_env()), connection_from_env, datetime.now(UTC))
    _say(*(lines or ["every monitor is watched"]))
    return 1 if lines else 0


def _document(found: "Noise") -> dict[str, object]:
    parts = {"before": found.before, "after": found.after, "more": found.more, "fewer": found.fewer}
    return {
        "schema_version": "1",
        "monitor": found.monitor,
        "windows": len(found.windows),
        **{
            name: [{"start": iso(one.start), "end": iso(one.end)} for one in windows] for name, windows in parts.items()
        },
        "skipped": [{"start": iso(one.start), "end": iso(one.end), "reason": why} for one, why in found.skipped],
    }


def _table(found: "Noise", days: int) -> str:
    more, fewer = f"{len(found.more)} more", f"{len(found.fewer)} fewer"
    lines = [
        f"{found.monitor}: {len(found.windows)} windows of the last {days} days, judged again from their profiles",
        f"pages: {len(found.before)} before, {len(found.after)} with this file: {more}, {fewer}",
        *(f"  + {_span(window)}" for window in found.more),
        *(f"  - {_span(window)}" for window in found.fewer),
        *(f"  ? {_span(window)} not judged again: {why}" for window, why in found.skipped),
    ]
    return "\n".join(lines)


def _span(window: Window) -> str:
    is_day = window.end - window.start == timedelta(days=1)
    return f"{window.start:%Y-%m-%d}" if is_day else str(window)


def _say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
