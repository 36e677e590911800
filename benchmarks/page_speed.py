"""The pages' server time with two years of fifty features and two hundred monitors stored, and its queries' plans.

    PYTHONPATH=include:tests:plugins python benchmarks/page_speed.py [--runs 9] [--explain]

An embedded Postgres of its own is filled first (half a minute). Wall is the whole request over HTTP on this machine,
process the part of it that Python computes; the difference is Postgres and waiting for a processor.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from modelwatch.pages import Pages
from modelwatch.settings import Settings
from modelwatch.store import engine
from support.many_windows import write_monitors, write_years
from support.page_client import NOW, page_client
from support.postgres import migrated_database, running_postgres
from support.stored_story import settings_of

PAGES = {
    "all models (201)": "/",
    "one model, 60 days": "/monitors/big",
    "one model, 2 years": "/monitors/big?days=730",
    "one window": "/monitors/big/windows/2026-11-20",
    "metrics": "/metrics",
}


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--explain", action="store_true", help="print the plan of every query of the model's page")
    options = parser.parse_args()
    with filled_store() as settings:
        with page_client(settings) as client:
            print(f"{'page':<22} {'median wall':>12} {'best wall':>10} {'process':>8} {'kB':>6}")
            for name, path in PAGES.items():
                walls, used, size = [], [], 0
                for _ in range(options.runs):
                    wall, process = time.perf_counter(), time.process_time()
                    size = len(client.get(path).content)
                    walls.append(1000 * (time.perf_counter() - wall))
                    used.append(1000 * (time.process_time() - process))
                median = statistics.median(walls)
                print(f"{name:<22} {median:>9.0f} ms {min(walls):>7.0f} ms {min(used):>5.0f} ms {size // 1024:>6}")
        if options.explain:
            explain(settings)


@contextmanager
def filled_store() -> Iterator[Settings]:
    """Two years of a model with fifty features, and sixty days of two hundred others."""
    with running_postgres() as server, migrated_database(server) as url, tempfile.TemporaryDirectory() as folder:
        write_years(url, "big", until=NOW, days=730, features=50)
        write_monitors(url, 200, until=NOW)
        yield settings_of(url, Path(folder), monitors=Path(folder))


def explain(settings: Settings) -> None:
    """The plans of the model's page, as Postgres ran them."""
    statements: list[tuple[str, object]] = []
    bind = engine.make_engine(settings.database_url or "")
    sa.event.listen(bind, "before_cursor_execute", lambda *given: statements.append((given[2], given[3])))
    Pages(settings).model("big", days=60, now=NOW)
    with bind.connect() as connection:
        for text, parameters in [*statements]:
            plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, COSTS OFF) {text}", parameters).scalars()
            print("\n".join(["", *plan]))


if __name__ == "__main__":
    main()
