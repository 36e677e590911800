"""Shows every monitor file that has no Dag as an import error of this file.

It holds no Dag itself. `monitors.py` skips a file it cannot use, so that one typo stops one monitor and no other;
Airflow must still show the typo, and this is where. It also shows a receiver whose provider is not installed; that
monitor runs all the same. With every file valid it does nothing.
"""

from modelwatch.errors import ModelwatchError
from modelwatch.settings import Settings
from modelwatch_airflow.defaults import load_monitors
from modelwatch_airflow.receivers import missing_providers

valid, problems = load_monitors(Settings.from_env().monitors_dir)
unreachable = missing_providers(valid)
lines = [
    *(["these monitors have no Dag until their files are mended:", *problems] if problems else []),
    *(["these monitors run, and their messages to a receiver wait:", *unreachable] if unreachable else []),
]
if lines:
    raise ModelwatchError("\n".join(lines))
