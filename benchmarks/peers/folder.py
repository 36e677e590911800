"""What every peer's script shares: a folder of windows in, one JSON line per window out."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pandas as pd

Alarm = tuple[str, bool, list[str]]


def reference(folder: Path) -> pd.DataFrame:
    """The folder's reference; every column but timestamps is a feature, text and booleans are categories."""
    return _as_features(pd.read_parquet(folder / "reference.parquet"))


def windows(folder: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    """Name and rows of each window, in the order of their names; one at a time, so that memory holds one."""
    for path in sorted((folder / "windows").glob("*.parquet")):
        yield path.stem, _as_features(pd.read_parquet(path))


def numeric(frame: pd.DataFrame) -> list[str]:
    """The columns that are numbers; the others are categories."""
    return [name for name in frame if pd.api.types.is_numeric_dtype(frame[name])]


def main(alarms_of: Callable[[Path], Iterable[Alarm]]) -> None:
    """Write ``{"window": name, "alarm": bool, "features": [...]}`` per window of the folder named on the command line.

    ``alarm`` is the tool's own word for the window; ``features`` are the columns it calls drifted.
    """
    if len(sys.argv) != 2:
        sys.exit(f"usage: python {sys.argv[0]} FOLDER, with reference.parquet and windows/*.parquet in it")
    for window, alarm, features in alarms_of(Path(sys.argv[1])):
        sys.stdout.write(json.dumps({"window": window, "alarm": bool(alarm), "features": features}) + "\n")
        sys.stdout.flush()


def _as_features(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.select_dtypes(exclude=["datetime", "datetimetz"])
    for name in frame:
        if pd.api.types.is_bool_dtype(frame[name]):
            frame[name] = frame[name].map({True: "true", False: "false"})
        elif not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = frame[name].astype(object)
    return frame
