"""Reading monitor files: every mistake at once, each with its line."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from modelwatch.config.base import Place
from modelwatch.config.monitor import Monitor
from modelwatch.config.problems import describe
from modelwatch.config.yaml_lines import YamlMistakes, read_yaml
from modelwatch.errors import MonitorConfigError, did_you_mean

SUFFIXES = (".yaml", ".yml")


def load_monitor(path: Path) -> Monitor:
    """Read and check one monitor file.

    Raises:
        MonitorConfigError: the file is missing or holds mistakes; its message lists all of them.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise MonitorConfigError(str(path), [f"cannot be read: {error.strerror or error}"]) from None
    except UnicodeDecodeError:
        raise MonitorConfigError(str(path), ["is not UTF-8 text; save it as UTF-8"]) from None
    try:
        content, lines = read_yaml(text)
    except YamlMistakes as error:
        raise MonitorConfigError(str(path), error.problems) from None
    try:
        monitor = Monitor.model_validate(content)
        problems = _name_problems(path, content, lines)
    except ValidationError as error:
        problems = describe(error, content, lines)
        if not any(": monitor: " in problem for problem in problems):
            problems += _name_problems(path, content, lines)
    if problems:
        raise MonitorConfigError(str(path), problems)
    monitor._path = path.resolve()  # noqa: SLF001  # set once, here, where the path is known
    return monitor


def restored_monitor(content: dict[str, Any], path: Path) -> Monitor:
    """A monitor from what the store kept of its file, at the path where that file is now."""
    monitor = Monitor.model_validate(content)
    monitor._path = path  # noqa: SLF001  # as above
    return monitor


def _name_problems(path: Path, content: dict[str, Any], lines: dict[Place, int]) -> list[str]:
    name = content.get("monitor")
    if not isinstance(name, str) or name == path.stem:
        return []
    return [f"line {lines['monitor',]}: monitor: '{name}' is not the file's name '{path.stem}': make them the same"]


def find_monitors(folder: Path) -> dict[str, Path]:
    """The monitor files of a folder by name, sorted; files that start with a dot or underscore are left out."""
    if not folder.is_dir():
        return {}
    found = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and path.name[0] not in "._")
    return {path.stem: path for path in found}


def resolve_monitor(name_or_path: str, folder: Path) -> Path:
    """The file a command means: a path as it is, else a name in the folder of monitors.

    Raises:
        MonitorConfigError: there is no such file; the message names those there are.
    """
    path = Path(name_or_path)
    if path.suffix in SUFFIXES or path.is_file():
        if not path.is_file():
            raise MonitorConfigError(name_or_path, ["there is no such file"])
        return path
    found = find_monitors(folder)
    if name_or_path not in found:
        names = ", ".join(found) or "none"
        hint = did_you_mean(name_or_path, list(found))
        problem = f"there is no such monitor in {folder}; found: {names}{hint}"
        raise MonitorConfigError(name_or_path, [problem])
    return found[name_or_path]
