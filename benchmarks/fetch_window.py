"""fetch_sample and build_profile of one window over HTTP: ``fetch_window.py FOLDER PORT``, for growth.py to measure."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from modelwatch.config import load_monitor
from modelwatch.domain import Connection, Window
from modelwatch.settings import Settings
from modelwatch.steps import Run, build_profile, fetch_sample

MONITOR = """monitor: served
source:
  {type: http, connection: api, path: /v1/requests, records: items, query: {since: "{window_start}"}, max_pages: 100000,
   pagination: {type: cursor, response: next_cursor, query: cursor}}
columns: {id: request_id}
reference: {uri: reference.parquet}
multivariate: {detector: none}
features: {n0: numeric, n1: numeric, n2: numeric, c0: categorical}
"""


def main() -> None:
    """Print how many requests were seen."""
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    path = folder / "served.yaml"
    path.write_text(MONITOR)
    settings = Settings.from_env({"MODELWATCH_HOME": str(folder / "home")})
    window = Window(datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 6, tzinfo=UTC))
    run = Run(load_monitor(path), window, "bench", "cli", settings)
    sample = fetch_sample(run, lambda _: Connection("api", "http", "127.0.0.1", "http", port=port))
    build_profile(run, sample)
    evidence = json.loads((folder / "home" / "samples" / run.folder / "sample.json").read_text())
    print(json.dumps({"seen": evidence["n_seen"]}))


if __name__ == "__main__":
    main()
