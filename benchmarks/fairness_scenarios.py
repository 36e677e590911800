"""Decisions about groups of known rates, judged through `check` with the monitor file that `init` writes."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from alarm_tools import modelwatch

EQUAL = {"equal rates of 2 %, groups of 100 to 5,000": {"a": 100, "b": 500, "c": 2000, "d": 5000}}
UNEQUAL_SIZE = 5000


def decisions(rng: np.random.Generator, sizes: Mapping[str, int], rates: Mapping[str, float]) -> pa.Table:
    """One row per request: its group, whether it was flagged, and one feature that tells nothing."""
    group = np.repeat(list(sizes), list(sizes.values()))
    flagged = rng.random(len(group)) < np.array([rates[name] for name in group])
    return pa.table({"group": group, "flagged": flagged, "amount": rng.normal(size=len(group))})


def fairness_rows(row: Callable[..., Any], n_windows: int) -> Iterator[Any]:
    """Equal rates, which should page nobody, and a true ratio of 0.6, which should."""
    for what, sizes in EQUAL.items():
        hits = _paged(sizes, dict.fromkeys(sizes, 0.02), n_windows)
        yield row(f"fairness: {what}", sum(sizes.values()), hits, n_windows, "at most 1 %")
    sizes = {"a": UNEQUAL_SIZE, "b": UNEQUAL_SIZE}
    hits = _paged(sizes, {"a": 0.2, "b": 0.12}, n_windows)
    yield row("fairness: 12 % against 20 %, groups of 5,000", 2 * UNEQUAL_SIZE, hits, n_windows, "at least 99 %")


def _paged(sizes: Mapping[str, int], rates: Mapping[str, float], n_windows: int) -> int:
    """Windows with a fairness alarm; the reference has the same rates, so that nothing drifts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "windows").mkdir()
        many = {group: 10 * size for group, size in sizes.items()}
        pq.write_table(decisions(np.random.default_rng(2), many, rates), folder / "reference.parquet")
        for i in range(n_windows):
            pq.write_table(
                decisions(np.random.default_rng((3, i)), sizes, rates), folder / "windows" / f"{i:05d}.parquet"
            )
        said = modelwatch(folder, {"decision": "flagged"})
        return sum(one.alarm for one in said.values())
