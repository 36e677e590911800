"""Shows every monitor file that is not valid as an import error of this file.

It holds no Dag. `monitors.py` skips a file it cannot use, so that one typo stops one monitor and no other; Airflow
must still show the typo, and this is where. With every file valid it does nothing.
"""

from modelwatch.config import find_monitors, load_monitor
from modelwatch.settings import Settings

from modelwatch.errors import ModelwatchError, MonitorConfigError


def problems() -> list[str]:
    """What is wrong with the monitor files, one text per file, each with its file, its line and the fix."""
    found = []
    for path in find_monitors(Settings.from_env().monitors_dir).values():
        try:
            load_monitor(path)
        except MonitorConfigError as error:
            found.append(str(error))
    return found


if texts := problems():
    raise ModelwatchError("\n".join(["these monitors have no Dag until their files are mended:", *texts]))
