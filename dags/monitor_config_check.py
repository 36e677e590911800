"""Shows every monitor file that has no Dag as an import error of this file.

It holds no Dag itself. `monitors.py` skips a file it cannot use, so that one typo stops one monitor and no other;
Airflow must still show the typo, and this is where. With every file valid it does nothing.
"""

from modelwatch.errors import ModelwatchError
from modelwatch.settings import Settings
from modelwatch_airflow.defaults import load_monitors

_, problems = load_monitors(Settings.from_env().monitors_dir)
if problems:
    raise ModelwatchError("\n".join(["these monitors have no Dag until their files are mended:", *problems]))
