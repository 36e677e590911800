"""A folder in which the commands find nothing but what the test puts there."""

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, with nothing of modelwatch in the environment."""
    for name in ("MONITORS_DIR", "SAMPLES_URL", "DATABASE_URL", "STORE_CONN_ID", "SAMPLE_RETENTION_DAYS", "HOME"):
        monkeypatch.delenv(f"MODELWATCH_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path
