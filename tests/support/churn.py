"""Requests of a small model that tells who will leave, as the README's own example has them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def requests(n: int, *, start: datetime, days: int = 1, seed: int = 0, scale: float = 1.0) -> pa.Table:
    """``n`` requests spread over the days; ``scale`` multiplies one feature, as a unit change would."""
    random = np.random.default_rng([seed, start.toordinal(), n])
    tenure = random.gamma(2.0, 12.0, n).round(1)
    score = 1 / (1 + np.exp(0.08 * tenure - 1.2 + random.normal(0, 0.5, n)))
    seconds = np.sort(random.uniform(0, days * 86400, n))
    return pa.table(
        {
            "request_id": [f"{start:%Y%m%d}-{seed}-{i}" for i in range(n)],
            "requested_at": pa.array([start + timedelta(seconds=float(s)) for s in seconds], pa.timestamp("us", "UTC")),
            "tenure_months": tenure * scale,
            "monthly_charge": random.normal(40, 8, n).round(2),
            "plan": random.choice(["basic", "plus", "family"], n, p=[0.5, 0.3, 0.2]),
            "gender": random.choice(["F", "M"], n),
            "score": score,
            "flagged": score > 0.6,
            "left": (random.uniform(size=n) < score).astype(np.int64),
        }
    )


def write(path: Path, table: pa.Table) -> Path:
    """The table as a parquet file."""
    pq.write_table(table, path)
    return path


def records(table: pa.Table) -> list[dict[str, Any]]:
    """The rows as a REST API sends them."""
    return [{**row, "requested_at": row["requested_at"].isoformat()} for row in table.to_pylist()]
