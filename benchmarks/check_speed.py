"""`modelwatch check` as a whole process: 500k x 50 reference, 100k x 50 current, parquet; wall, CPU and peak memory.

    python benchmarks/check_speed.py [--reference-rows 500000] [--current-rows 100000] [--runs 3]

Cold: the reference is read and fitted. Prepared: its fitted cells come from the cache. Both include the interpreter's
start and all imports.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

NUMERIC, CATEGORICAL = 40, 10


def requests(rows: int, seed: int) -> pa.Table:
    """40 numeric columns of various shapes and 10 categorical ones with 5 to 50 levels."""
    rng = np.random.default_rng(seed)
    columns: dict[str, pa.Array] = {}
    for i in range(NUMERIC):
        draw = (rng.normal, rng.exponential, rng.uniform)[i % 3]
        columns[f"n{i}"] = pa.array(draw(size=rows))
    for i in range(CATEGORICAL):
        levels = np.array([f"level {k}" for k in range(5 + 5 * i)])
        columns[f"c{i}"] = pa.array(levels[rng.integers(0, len(levels), rows)])
    return pa.table(columns)


def monitor_file(folder: Path) -> Path:
    """A monitor of these fifty features and nothing else."""
    features = [f"  n{i}: numeric" for i in range(NUMERIC)] + [f"  c{i}: categorical" for i in range(CATEGORICAL)]
    path = folder / "speed.yaml"
    path.write_text(
        "monitor: speed\nschedule: '0 3 * * *'\n"
        "source: {type: files, uri: current.parquet}\nreference: {uri: reference.parquet}\n"
        "features:\n" + "\n".join(features) + "\n"
    )
    return path


def measure(command: list[str], home: Path) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak megabytes of one run."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen(
        command, env={**os.environ, "MODELWATCH_HOME": str(home)}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, error = process.communicate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode not in (0, 1, 3):
        sys.exit(error.decode())
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - started, cpu, after.ru_maxrss / 1024


def main() -> None:
    """Print one line per run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference-rows", type=int, default=500_000)
    parser.add_argument("--current-rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pq.write_table(requests(options.reference_rows, 1), folder / "reference.parquet")
        pq.write_table(requests(options.current_rows, 2), folder / "current.parquet")
        check = [sys.executable, "-m", "modelwatch", "check", str(monitor_file(folder))]
        check += ["--current", str(folder / "current.parquet"), "--output", "json"]
        for run in range(options.runs):
            home = folder / f"home{run}"
            for kind in ("cold", "prepared"):
                wall, cpu, peak = measure(check, home)
                print(f"{kind:<9} wall {wall:5.2f} s   cpu {cpu:5.2f} s   peak so far {peak:6.0f} MB")


if __name__ == "__main__":
    main()
