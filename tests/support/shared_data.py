"""Real datasets that lie beside the project, never in it."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def shared_data(name: str) -> Path:
    """The folder of a dataset; the test is skipped, saying why, on a machine that does not have it."""
    base = Path(os.environ.get("MODELWATCH_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not (base / name).is_dir():
        pytest.skip(f"the dataset '{name}' is not on this machine (set MODELWATCH_SHARED_DATA)")
    return base / name
