"""Made-up requests for timing, the monitor that compares them, and how a process is measured."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[1]


def requests(
    rows: int, seed: int, *, numeric: int = 40, categorical: int = 10, first_id: int | None = None
) -> pa.Table:
    """Numeric columns of various shapes and categorical ones with 5 to 50 levels; ids only when asked for."""
    rng = np.random.default_rng(seed)
    columns: dict[str, pa.Array] = {}
    if first_id is not None:
        columns["request_id"] = pa.array([f"request-{i:010d}" for i in range(first_id, first_id + rows)])
    for i in range(numeric):
        draw = (rng.normal, rng.exponential, rng.uniform)[i % 3]
        columns[f"n{i}"] = pa.array(draw(size=rows))
    for i in range(categorical):
        levels = np.array([f"level {k}" for k in range(5 + 5 * (i % 10))])
        columns[f"c{i}"] = pa.array(levels[rng.integers(0, len(levels), rows)])
    return pa.table(columns)


def monitor_file(
    folder: Path, *, numeric: int = 40, categorical: int = 10, has_ids: bool = False, name: str = "speed"
) -> Path:
    """A monitor of these features and nothing else: no multivariate drift, which no peer is asked for here."""
    features = [f"  n{i}: numeric" for i in range(numeric)] + [f"  c{i}: categorical" for i in range(categorical)]
    path = folder / f"{name}.yaml"
    path.write_text(
        f"monitor: {name}\nschedule: '0 3 * * *'\n"
        "source: {type: files, uri: current.parquet}\nreference: {uri: reference.parquet}\n"
        f"columns: {{id: {'request_id' if has_ids else 'null'}}}\n"
        "multivariate: {detector: none}\n"
        "features:\n" + "\n".join(features) + "\n"
    )
    return path


def write_large(path: Path, rows: int, *, numeric: int, categorical: int, part: int = 500_000) -> None:
    """A parquet file of any number of rows, written part by part."""
    writer = None
    for start in range(0, rows, part):
        table = requests(min(part, rows - start), start + 3, numeric=numeric, categorical=categorical, first_id=start)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table, row_group_size=100_000)
    if writer is not None:
        writer.close()


@dataclass(frozen=True)
class Run:
    """What one process took; ``printed`` is its standard output."""

    wall: float
    cpu: float
    peak_mb: float
    printed: str


def measured(command: Sequence[str | Path], environ: dict[str, str] | None = None) -> Run:
    """Run a command to its end; exits when it fails. Exit statuses 1 and 3 are verdicts of `modelwatch`."""
    with tempfile.TemporaryDirectory() as folder:
        taken = Path(folder) / "taken.json"
        done = subprocess.run(
            [sys.executable, ROOT / "benchmarks" / "measure.py", taken, *command],
            env={**os.environ, "PYTHONPATH": str(ROOT / "include"), **(environ or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in (0, 1, 3) or (done.returncode and "Traceback" in done.stderr):
            sys.exit(f"{' '.join(map(str, command))} failed ({done.returncode}):\n{done.stderr[-2000:]}")
        return Run(**json.loads(taken.read_text()), printed=done.stdout)


def median_of(runs: Sequence[Run]) -> Run:
    """The median of each measure; the last output."""
    wall, cpu, peak = (statistics.median(getattr(run, name) for run in runs) for name in ("wall", "cpu", "peak_mb"))
    return Run(wall, cpu, peak, runs[-1].printed)


def answer(run: Run) -> dict:
    """The last line of a script's output, as JSON."""
    return json.loads(run.printed.strip().splitlines()[-1])
