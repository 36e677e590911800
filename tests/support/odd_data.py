"""Requests of which one thing is odd: what real files hold once in a while."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

N = 2000
START = datetime(2026, 3, 1, tzinfo=UTC)

MONITOR = """\
monitor: odd
source: {{type: files, uri: requests.parquet}}
columns: {{id: id, timestamp: at, score: score, decision: flagged}}
reference: {{uri: reference.parquet}}
sample: {{minimum: {minimum}}}
features: {{number: numeric, word: categorical}}
fairness: {{sensitive: [group]}}
"""

Columns = Mapping[str, Any]
Change = Callable[[Columns], Columns]


def columns(seed: int, n: int = N, days: int = 2) -> dict[str, Any]:
    """Ordinary requests."""
    random = np.random.default_rng(seed)
    seconds = np.sort(random.uniform(0, days * 86400, n))
    return {
        "id": [f"{seed}-{i}" for i in range(n)],
        "at": pa.array([START + timedelta(seconds=float(one)) for one in seconds], pa.timestamp("us", "UTC")),
        "number": random.normal(size=n),
        "word": random.choice(["red", "green", "blue"], n),
        "group": random.choice(["F", "M"], n),
        "score": random.uniform(size=n),
        "flagged": random.choice([True, False], n),
    }


def with_column(name: str, values: Callable[[int], Any]) -> Change:
    """All values of a column replaced; ``values`` is given their number."""
    return lambda before: {**before, name: values(len(before["id"]))}


def same(before: Columns) -> Columns:
    return before


def nulls(n: int) -> pa.Array:
    return pa.array([None] * n, pa.float64())


def constant(value: Any) -> Callable[[int], Any]:
    return lambda n: [value] * n


def with_infinities(n: int) -> Any:
    values = np.random.default_rng(1).normal(size=n)
    values[: n // 4], values[n // 4 : n // 3], values[n // 3 : n // 2] = np.inf, -np.inf, np.nan
    return values


def many_words(n: int) -> list[str]:
    return [f"word {i}" for i in range(n)]


def big_integers(n: int) -> Any:
    return 2**53 + np.random.default_rng(2).integers(0, 1000, n)


def dates(n: int) -> pa.Array:
    return pa.array([date(2026, 1, 1) + timedelta(days=i % 30) for i in range(n)])


def views(n: int) -> pa.Array:
    return pa.array(odd_words(n)).cast(pa.string_view())


def half_words(n: int) -> list[str]:
    return ["many" if i % 2 else str(i) for i in range(n)]


def odd_words(n: int) -> list[str]:
    return [("日本語", "🙂 é", "x" * 5000, "a,b\n'c'", "\u202eright to left")[i % 5] for i in range(n)]


def twice(table: pa.Table, name: str) -> pa.Table:
    """The table with one of its columns there a second time."""
    return table.append_column(name, table[name])


@dataclass(frozen=True)
class Place:
    """A monitor file, its reference and the file to judge."""

    monitor: Path
    current: Path


def place(folder: Path, reference: pa.Table | Columns, current: pa.Table | Columns, *, minimum: int = 100) -> Place:
    """Write a monitor and its two files."""
    for name, content in (("reference", reference), ("current", current)):
        table = content if isinstance(content, pa.Table) else pa.table(dict(content))
        pq.write_table(table, folder / f"{name}.parquet")
    monitor = folder / "odd.yaml"
    monitor.write_text(MONITOR.format(minimum=minimum), encoding="utf-8")
    return Place(monitor, folder / "current.parquet")
