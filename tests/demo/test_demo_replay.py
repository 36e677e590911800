"""Any parquet file of real requests, served like the simulated ones."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from demo.log import LogError, ReplayedLog

FIRST = datetime(2005, 4, 1, tzinfo=UTC)
WHOLE = {"since": "2005-04-01T00:00:00Z", "until": "2005-05-01T00:00:00Z"}
INCLUDE = Path(__file__).resolve().parents[2] / "include"


def real_requests(n: int = 2_345) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "client": [f"c{number}" for number in rng.permutation(n)],
            "asked": [FIRST + timedelta(minutes=int(minute)) for minute in rng.integers(0, 30 * 1440, n)],
            "balance": np.where(rng.random(n) < 0.1, np.nan, rng.normal(0, 1e6, n)),
            "tiny": rng.random(n) / 1e12,
            "status": rng.integers(-2, 9, n),
            "opened": pd.Timestamp("2001-02-03"),
            "declined": rng.random(n) < 0.3,
        }
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "requests.parquet"
    real_requests().to_parquet(path)
    return path


def test_every_row_is_served_once_in_the_order_of_time_as_it_is(file: Path, start: Callable[..., Any]) -> None:
    api = start(ReplayedLog(file, timestamp="asked", id_column="client"))
    items = api.items(**WHOLE, limit=500)
    rows = real_requests().sort_values("asked", kind="stable").reset_index(drop=True)
    assert [item["client"] for item in items] == list(rows["client"])
    assert [datetime.fromisoformat(item["asked"]) for item in items] == list(rows["asked"])
    assert [item["balance"] for item in items] == [None if np.isnan(b) else b for b in rows["balance"]]
    assert [item["tiny"] for item in items] == list(rows["tiny"])
    assert [item["status"] for item in items] == list(rows["status"])
    assert items[0]["declined"] in (True, False)
    assert items[0]["opened"].startswith("2001-02-03T00:00:00")
    assert "request_id" not in items[0]


def test_a_span_holds_its_start_and_not_its_end(file: Path) -> None:
    log = ReplayedLog(file, timestamp="asked", id_column="client")
    edges = [FIRST + timedelta(days=day) for day in (0, 7, 8, 20, 30)]
    parts = [len(log.between(*span)) for span in pairwise(edges)]
    stamps = real_requests()["asked"]
    assert parts == [int(((stamps >= a) & (stamps < b)).sum()) for a, b in pairwise(edges)]
    assert sum(parts) == len(stamps)
    assert log.between(FIRST - timedelta(days=9), FIRST) == []


def test_rows_without_an_id_are_numbered(file: Path, start: Callable[..., Any]) -> None:
    api = start(ReplayedLog(file, timestamp="asked"))
    assert [item["request_id"] for item in api.items(**WHOLE)] == [str(number) for number in range(2_345)]


def test_an_id_column_of_that_name_is_kept(tmp_path: Path) -> None:
    real_requests(50).rename(columns={"client": "request_id"}).to_parquet(tmp_path / "r.parquet")
    items = ReplayedLog(tmp_path / "r.parquet", timestamp="asked").between(FIRST, FIRST + timedelta(days=30))
    assert {item["request_id"] for item in items} == {f"c{number}" for number in range(50)}


@pytest.mark.parametrize("as_text", [True, False])
def test_times_without_a_zone_or_as_text_are_utc(tmp_path: Path, as_text: bool) -> None:
    rows = real_requests(20)
    naive = rows["asked"].dt.tz_localize(None)
    rows.assign(asked=naive.astype(str) if as_text else naive).to_parquet(tmp_path / "r.parquet")
    items = ReplayedLog(tmp_path / "r.parquet", timestamp="asked").between(FIRST, FIRST + timedelta(days=30))
    assert sorted(item["_at"] for item in items) == sorted(rows["asked"])


def test_what_cannot_be_replayed_is_said(tmp_path: Path, file: Path) -> None:
    with pytest.raises(LogError, match=r"has no column 'time'; set --timestamp to one of client, asked"):
        ReplayedLog(file, timestamp="time")
    with pytest.raises(LogError, match=r"has no column 'uuid'; set --id to one of client, asked"):
        ReplayedLog(file, timestamp="asked", id_column="uuid")
    with pytest.raises(LogError, match=r"FileNotFoundError.*name a parquet file"):
        ReplayedLog(tmp_path / "none.parquet", timestamp="asked")
    rows = real_requests(20).astype({"asked": str})
    rows.loc[3, "asked"] = "soon"
    rows.to_parquet(tmp_path / "bad.parquet")
    with pytest.raises(LogError, match="'asked' has 1 rows without a readable time"):
        ReplayedLog(tmp_path / "bad.parquet", timestamp="asked")


@pytest.mark.parametrize(
    ("environ", "arguments", "said"),
    [
        ({}, (), "set DEMO_API_KEY"),
        ({"DEMO_API_KEY": "k", "DEMO_STORY_END": "soon"}, (), "DEMO_STORY_END is 'soon'"),
        ({"DEMO_API_KEY": "k"}, ("--replay", "nowhere.parquet"), "nowhere.parquet cannot be read"),
    ],
)
def test_a_server_that_cannot_start_says_why_in_one_line(
    environ: dict[str, str], arguments: tuple[str, ...], said: str
) -> None:
    names = ("PATH", "HOME", "LANG")
    base = {name: os.environ[name] for name in names if name in os.environ} | {"PYTHONPATH": str(INCLUDE)}
    command = [sys.executable, "-m", "demo.api", "--port", "0", *arguments]
    done = subprocess.run(command, env=base | environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
