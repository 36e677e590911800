"""What judging costs when nothing is fetched: fairness of a million requests, and a year judged again.

python benchmarks/judging.py [--rows 1000000] [--windows 365]
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from speed_data import measured, monitor_file, requests
from sqlalchemy.orm import Session

from modelwatch.config import Monitor, load_monitor
from modelwatch.domain import Schema, Sensitive, Window
from modelwatch.profile import Profile, encode_profile, profile_rows
from modelwatch.profile.groups import count_groups
from modelwatch.settings import Settings
from modelwatch.steps.measure import MEASURES
from modelwatch.steps.reference import Reference, load_reference
from modelwatch.store.engine import EmbeddedPostgres, embedded_postgres, migrate, session
from modelwatch.store.repository import NewEvaluation, StoredProfile, save_evaluation
from modelwatch.verdict import judge

REPEATS = 5
FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)
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
    """`modelwatch noise` after a change of thresholds: stored days of fifty features judged again, as a process."""
    lines = ["| reference | wall s | CPU s | ms CPU / window | peak MB |", "|---|---:|---:|---:|---:|"]
    with embedded_postgres(folder) as server:
        for name, columns in (("of ten days", "{id: null, timestamp: at}"), ("without timestamps", "{id: null}")):
            place = folder / name
            place.mkdir()
            url = store_year(server, place, columns, windows)
            command = [sys.executable, "-m", "modelwatch", "noise", place / "speed.yaml", "--days", str(windows)]
            environ = {"MODELWATCH_HOME": str(place), "MODELWATCH_DATABASE_URL": url}
            run = measured(command, environ)
            lines.append(
                f"| {name} | {run.wall:.1f} | {run.cpu:.1f} | {1000 * run.cpu / windows:.0f} | {run.peak_mb:.0f} |"
            )
    return (
        f"{windows} stored windows of 50 features judged again by other thresholds, `modelwatch noise` as a process "
        "(aim: 10 s; without timestamps each window also looks back at 28 before it):\n\n" + "\n".join(lines) + "\n"
    )


def store_year(server: EmbeddedPostgres, folder: Path, columns: str, windows: int) -> str:
    """A store with so many judged windows, and a monitor file with other thresholds; returns the store's URL."""
    reference_rows = requests(50_000, 0)
    moments = np.datetime64(FIRST_DAY.replace(tzinfo=None), "us") + np.arange(50_000) * np.timedelta64(864, "s") // 50
    reference_rows = reference_rows.append_column("at", pa.array(moments, pa.timestamp("us", "UTC")))
    pq.write_table(reference_rows, folder / "reference.parquet")
    path = monitor_file(folder)
    path.write_text(path.read_text().replace("{id: null}", columns))
    monitor = load_monitor(path)
    reference = load_reference(monitor, Settings.from_env({"MODELWATCH_HOME": str(folder)}))
    profiles = [profile_rows(requests(5_000, day + 2), reference.cells, monitor.schema()) for day in range(9)]
    server.create_database(folder.name)
    url = server.url(folder.name)
    migrate(url)
    with session(url) as store, store.begin():
        for day in range(windows):
            save(store, monitor, reference, profiles[day % len(profiles)], FIRST_DAY + timedelta(days=30 + day))
    path.write_text(path.read_text() + "thresholds: {psi: {warning: 0.05, alert: 0.2}}\n")
    return url


def save(store: Session, monitor: Monitor, reference: Reference, profile: Profile, start: datetime) -> None:
    """Judge a window and store it as `judge_and_store` does."""
    found = [
        m for measure in MEASURES.values() for m in measure(reference.profile, profile, monitor, reference.variation)
    ]
    judgement = judge(found, monitor.rules(), n_current=profile.n_rows, unmeasured=None)
    window = Window(start, start + timedelta(days=1))
    new = NewEvaluation(
        monitor=monitor.monitor,
        window=window,
        run_id=f"scheduled__{start}",
        run_type="scheduled",
        config_sha256=monitor.sha256,
        config=monitor.model_dump(mode="json"),
        content_digest=str(start),
        verdict=judgement.verdict,
        reason=judgement.reason,
        page=False,
        n_reference=reference.profile.n_rows,
        n_current=profile.n_rows,
        coverage=1.0,
        sample={"n_seen": profile.n_rows},
    )
    stored = StoredProfile(window, reference.cells_digest, profile.n_rows, encode_profile(profile))
    save_evaluation(store, new, judgement.results, judgement.findings, stored)


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
