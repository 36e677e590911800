"""A file counted page by page gives what counting its rows at once gives: every row, each request once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from modelwatch.config import Monitor, load_monitor
from modelwatch.domain import Window
from modelwatch.profile import encode_profile, fit_cells, profile_rows
from modelwatch.sources import files, formats
from modelwatch.steps.stream import count_file, time_span

START = datetime(2026, 3, 1, tzinfo=UTC)
MONITOR = """monitor: small
source: {type: files, uri: current.parquet}
columns: {id: id, timestamp: at, decision: flagged, label: fraud}
reference: {uri: reference.parquet}
features: {amount: numeric, channel: categorical}
fairness: {sensitive: [gender], window: P2D}
"""


def rows(n: int, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "id": [f"r{i}" for i in range(n)],
            "at": pa.array([START + timedelta(minutes=10 * i) for i in range(n)], pa.timestamp("us", "UTC")),
            "amount": pa.array(rng.normal(size=n), mask=rng.random(n) < 0.05),
            "channel": rng.choice(["web", "app", "phone"], n),
            "gender": rng.choice(["F", "M"], n),
            "flagged": rng.random(n) < 0.3,
            "fraud": rng.random(n) < 0.2,
        }
    )


@pytest.fixture
def monitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Monitor:
    monkeypatch.setattr(formats, "ROWS_PER_PAGE", 37)
    pq.write_table(rows(500, 1), tmp_path / "reference.parquet")
    (tmp_path / "small.yaml").write_text(MONITOR)
    return load_monitor(tmp_path / "small.yaml")


def typed(monitor: Monitor, table: pa.Table, path: Path) -> pa.Table:
    pq.write_table(table, path)
    return files.read_table(str(path), monitor.schema(), timezone=UTC).rows


def test_repeats_across_pages_count_once_and_the_sum_is_the_whole(monitor: Monitor, tmp_path: Path) -> None:
    once = rows(400, 2)
    whole = typed(monitor, once, tmp_path / "once.parquet")
    cells = fit_cells(whole, monitor.schema())
    repeated = pa.concat_tables([once, once.slice(100, 150), once.slice(0, 3)])
    pq.write_table(repeated, tmp_path / "current.parquet", row_group_size=90)
    counted = count_file(str(tmp_path / "current.parquet"), monitor, cells, kept_rows=50)
    assert encode_profile(counted.profile) == encode_profile(profile_rows(whole, cells, monitor.schema()))
    assert (counted.n_read, counted.profile.n_rows) == (400, 400)
    again = count_file(str(tmp_path / "once.parquet"), monitor, cells, kept_rows=50)
    assert counted.rows.equals(again.rows)
    assert counted.rows.num_rows == 50


def test_a_window_counts_its_rows_and_the_groups_of_the_longer_one(monitor: Monitor, tmp_path: Path) -> None:
    whole = typed(monitor, rows(600, 3), tmp_path / "current.parquet")
    cells = fit_cells(whole, monitor.schema())
    window = Window(START + timedelta(days=2), START + timedelta(days=3))
    longer = window.back(timedelta(days=2))
    counted = count_file(str(tmp_path / "current.parquet"), monitor, cells, window=window, longer=longer)
    assert counted.profile.n_rows == 144
    table = counted.profile.groups["gender"]
    assert sum(int(cube.sum()) for cube in table.counts.values()) == 288
    assert counted.span == (START, START + timedelta(minutes=5990, microseconds=1))
    assert time_span(str(tmp_path / "current.parquet"), monitor) == counted.span


def test_labels_are_joined_by_id_whatever_their_order(monitor: Monitor, tmp_path: Path) -> None:
    table = rows(300, 4)
    whole = typed(monitor, table, tmp_path / "whole.parquet")
    cells = fit_cells(whole, monitor.schema())
    pq.write_table(table.drop_columns("fraud"), tmp_path / "current.parquet")
    shuffled = np.random.default_rng(5).permutation(300)
    pq.write_table(table.select(["id", "fraud"]).take(shuffled), tmp_path / "labels.parquet")
    counted = count_file(str(tmp_path / "current.parquet"), monitor, cells, labels=str(tmp_path / "labels.parquet"))
    assert encode_profile(counted.profile) == encode_profile(profile_rows(whole, cells, monitor.schema()))
