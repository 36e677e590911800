"""What judging costs when nothing is fetched: fairness of a million requests, and a year judged again.

python benchmarks/judging.py [--rows 1000000] [--windows 365]
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from speed_data import monitor_file, requests

from modelwatch.config import Monitor, load_monitor
from modelwatch.domain import Schema, Sensitive
from modelwatch.profile import Profile, decode_profile, encode_profile, profile_rows
from modelwatch.profile.groups import count_groups
from modelwatch.settings import Settings
from modelwatch.steps.measure import MEASURES
from modelwatch.steps.reference import Reference, load_reference
from modelwatch.verdict import judge

REPEATS = 5
GROUPS = {"gender": 2, "age_band": 6, "region": 12}


def main() -> None:
    """Print both figures as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--windows", type=int, default=365)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(fairness(folder, options.rows))
        print(year(folder, options.windows))


def fairness(folder: Path, rows: int) -> str:
    """CPU of counting the groups, and of every rate, difference, ratio and interval after it."""
    rng = np.random.default_rng(1)
    columns = {
        name: pa.array(np.array([f"{name} {i}" for i in range(n)])[rng.integers(0, n, rows)])
        for name, n in GROUPS.items()
    }
    table = pa.table({**columns, "flagged": rng.random(rows) < 0.05, "fraud": rng.random(rows) < 0.03})
    names = list(GROUPS)
    schema = Schema(
        columns=(),
        features={},
        decision="flagged",
        label="fraud",
        sensitive=tuple(Sensitive(name) for name in names),
        intersections=((names[0], names[1]), (names[1], names[2]), tuple(names)),
    )
    counting, tables = timed(lambda: count_groups(table, schema))
    pq.write_table(requests(100, 0), folder / "reference.parquet")
    monitor = load_monitor(monitor_file(folder))
    profile = Profile(rows, {}, tables)
    measuring, found = timed(lambda: MEASURES["fairness"](profile, profile, monitor, {}))
    groups = sum(len(one.counts) for one in tables.values())
    return (
        f"Fairness of {rows:,} requests, 3 sensitive features and 3 intersections ({groups} groups), with labels: "
        f"counting {counting:.2f} s of CPU, then {len(found)} results with intervals {measuring:.2f} s (aim 0.5).\n"
    )


def year(folder: Path, windows: int) -> str:
    """CPU of decoding, measuring and judging stored days of fifty features after a change of thresholds."""
    pq.write_table(requests(50_000, 0), folder / "reference.parquet")
    monitor = load_monitor(monitor_file(folder))
    reference = load_reference(monitor, Settings.from_env({"MODELWATCH_HOME": str(folder / "home")}))
    stored = [
        encode_profile(profile_rows(requests(5_000, day + 2), reference.cells, monitor.schema())) for day in range(9)
    ]
    started = time.process_time()
    for day in range(windows):
        judged_again(monitor, reference, stored[day % len(stored)])
    seconds = time.process_time() - started
    return f"{windows} stored windows of 50 features judged again: {seconds:.1f} s of CPU (aim 10).\n"


def judged_again(monitor: Monitor, reference: Reference, content: bytes) -> str:
    """The verdict of a stored window under other thresholds."""
    profile = decode_profile(content, reference.cells)
    measured = [m for measure in MEASURES.values() for m in measure(reference.profile, profile, monitor, {})]
    rules = replace(monitor.rules(), false_discovery_rate=0.005)
    return judge(measured, rules, n_current=profile.n_rows, unmeasured=None).verdict


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Median CPU seconds and the last result; the first call, which imports, is not counted."""
    result, taken = work(), []
    for _ in range(REPEATS):
        started = time.process_time()
        result = work()
        taken.append(time.process_time() - started)
    return statistics.median(taken), result


if __name__ == "__main__":
    main()
