"""How time and memory grow: with rows (files and HTTP), features and monitors; and what a day costs in the store.

python benchmarks/growth.py [--rows 10000 100000 1000000 10000000] [--http-rows 10000 1000000] [--features 10 100 1000]
                            [--monitors 1 10 50 200]
"""

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
from speed_data import ROOT, Run, answer, measured, monitor_file, requests, write_large

NUMERIC, CATEGORICAL = 8, 2
PAGE = 10_000


def main() -> None:
    """Print every table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 100_000, 1_000_000, 10_000_000])
    parser.add_argument("--http-rows", type=int, nargs="*", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--features", type=int, nargs="*", default=[10, 50, 100, 1_000])
    parser.add_argument("--monitors", type=int, nargs="*", default=[1, 10, 50, 200])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for section in (
            rows_table(folder, options.rows),
            http_table(folder, options.http_rows),
            features_table(folder, options.features),
            monitors_table(folder, options.monitors),
        ):
            print(section, flush=True)


def rows_table(folder: Path, sizes: list[int]) -> str:
    """`modelwatch check` of files with ids: every row counted, every id once."""
    lines = ["| rows in the file | wall s | CPU s | µs CPU / row | peak MB |", "|---:|---:|---:|---:|---:|"]
    place = folder / "rows"
    place.mkdir()
    write_large(place / "reference.parquet", 100_000, numeric=NUMERIC, categorical=CATEGORICAL)
    monitor = monitor_file(place, numeric=NUMERIC, categorical=CATEGORICAL, has_ids=True)
    for size in sizes:
        write_large(place / "current.parquet", size, numeric=NUMERIC, categorical=CATEGORICAL)
        run = check(monitor, place)
        lines.append(_line(size, run))
    return (
        f"Rows, {NUMERIC + CATEGORICAL} features and an id, parquet, reference prepared:\n\n" + "\n".join(lines) + "\n"
    )


def http_table(folder: Path, sizes: list[int]) -> str:
    """fetch_sample and build_profile of a window that an API hands out in pages."""
    lines = ["| requests in the window | wall s | CPU s | µs CPU / row | peak MB |", "|---:|---:|---:|---:|---:|"]
    place = folder / "http"
    place.mkdir()
    write_large(place / "reference.parquet", 20_000, numeric=3, categorical=1)
    for size in sizes:
        with api(size) as port:
            run = measured([sys.executable, __file__.replace("growth.py", "fetch_window.py"), place, str(port)])
        lines.append(_line(size, run))
    return "Requests over HTTP, 4 features and an id, pages of 10,000 as JSON:\n\n" + "\n".join(lines) + "\n"


def features_table(folder: Path, sizes: list[int]) -> str:
    """`modelwatch check` of 20,000 rows, half of the features categorical from 100 on."""
    lines = [
        "| features | wall s | CPU s | ms CPU / feature | peak MB | profile KB |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for size in sizes:
        place = folder / f"features {size}"
        place.mkdir()
        shape = {"numeric": size - size // 5, "categorical": size // 5}
        for number, name in enumerate(("reference", "current")):
            pq.write_table(requests(20_000, number, **shape), place / f"{name}.parquet")
        monitor = monitor_file(place, **shape)
        run = check(monitor, place)
        stored = answer(measured([sys.executable, __file__.replace("growth.py", "stored_size.py"), place]))
        lines.append(
            f"| {size:,} | {run.wall:.2f} | {run.cpu:.2f} | {1000 * run.cpu / size:.1f} | {run.peak_mb:.0f} "
            f"| {stored['bytes'] / 1024:.0f} |"
        )
    return "Features, 20,000 rows, reference prepared:\n\n" + "\n".join(lines) + "\n"


def monitors_table(folder: Path, sizes: list[int]) -> str:
    """What parsing dags/monitors.py takes: all monitors for the Dag processor, one for a task."""
    lines = ["| monitors | parse s | ms / monitor | parse in a task s |", "|---:|---:|---:|---:|"]
    place = folder / "monitors"
    place.mkdir()
    pq.write_table(requests(100, 0), place / "reference.parquet")
    for size in sizes:
        for number in range(size):
            monitor_file(place, name=f"m{number}")
        environ = {"MODELWATCH_MONITORS_DIR": str(place), "AIRFLOW_HOME": str(folder / "airflow")}
        found = answer(measured([sys.executable, __file__.replace("growth.py", "parse_dags.py")], environ))
        lines.append(f"| {size} | {found['all']:.2f} | {1000 * found['all'] / size:.0f} | {found['one']:.2f} |")
    return "Monitors of 50 features in one Airflow, CPU of `dags/monitors.py` after its imports:\n\n" + "\n".join(lines)


def check(monitor: Path, place: Path) -> Run:
    """The second of two runs: the first prepares the reference."""
    command = [sys.executable, "-m", "modelwatch", "check", monitor, "--current", place / "current.parquet"]
    environ = {"MODELWATCH_HOME": str(place / "home")}
    if not (place / "home").exists():
        measured(command, environ)
    return measured(command, environ)


def _line(size: int, run: Run) -> str:
    sys.stderr.write(f"{size:,} rows: cpu {run.cpu:.2f} peak {run.peak_mb:.0f} MB\n")
    return f"| {size:,} | {run.wall:.2f} | {run.cpu:.2f} | {1e6 * run.cpu / size:.1f} | {run.peak_mb:.0f} |"


@contextmanager
def api(rows: int) -> Iterator[int]:
    """A model's REST API with so many requests, every page with ids of its own; yields its port."""
    table = requests(PAGE, 5, numeric=3, categorical=1, first_id=0)
    records = table.drop_columns("request_id").to_pylist()
    texts = [json.dumps(record)[1:] for record in records]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            start = int(parse_qs(urlsplit(self.path).query).get("cursor", ["0"])[0])
            stop = min(start + PAGE, rows)
            items = ", ".join(f'{{"request_id": "request-{i:010d}", {texts[i % PAGE]}' for i in range(start, stop))
            following = f'"{stop}"' if stop < rows else "null"
            body = f'{{"items": [{items}], "next_cursor": {following}}}'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    os.chdir(ROOT)
    started = time.monotonic()
    main()
    sys.stderr.write(f"growth took {time.monotonic() - started:.0f} s\n")
