"""How many bytes a stored day takes: the encoded profile of ``FOLDER/current.parquet`` for ``FOLDER/speed.yaml``."""

import json
import os
import sys
import tempfile
from pathlib import Path

from modelwatch.config import load_monitor
from modelwatch.profile import encode_profile
from modelwatch.settings import Settings
from modelwatch.steps.reference import load_reference
from modelwatch.steps.stream import count_file


def main() -> None:
    """Print one JSON line."""
    folder = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as home:
        monitor, settings = (
            load_monitor(folder / "speed.yaml"),
            Settings.from_env({**os.environ, "MODELWATCH_HOME": home}),
        )
        reference = load_reference(monitor, settings)
        counted = count_file(str(folder / "current.parquet"), monitor, reference.cells)
    print(json.dumps({"bytes": len(encode_profile(counted.profile))}))


if __name__ == "__main__":
    main()
