"""Monitor files: strict models of what may stand in them, and errors that say what to write instead."""

from modelwatch.config.load import find_monitors, load_monitor, resolve_monitor, restored_monitor
from modelwatch.config.monitor import Monitor
from modelwatch.config.sources import FilesSource, HttpSource, SparkSource, SqlSource

__all__ = [
    "FilesSource",
    "HttpSource",
    "Monitor",
    "SparkSource",
    "SqlSource",
    "find_monitors",
    "load_monitor",
    "resolve_monitor",
    "restored_monitor",
]
