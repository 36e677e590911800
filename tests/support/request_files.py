"""A day's requests as a file of every format, and reading them as a source does."""

import json
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from modelwatch.config import FilesSource
from modelwatch.domain import Column, Connection, Page, Schema
from modelwatch.sources import open_source
from support.model_requests import WINDOW

SCHEMA = Schema(
    columns=(
        Column("id", ("id",), "text", required=True),
        Column("at", ("at",), "timestamp", required=True),
        Column("amount", ("payload", "amount"), "number"),
        Column("code", ("code",), "text"),
    ),
    features={"amount": "numeric", "code": "categorical"},
    id="id",
    timestamp="at",
)
ROWS = [("r0", 0.0, "0"), ("r1", None, "1"), ("r2", 3.0, None), ("r3", 4.5, "3")]


def table() -> pa.Table:
    """Five requests, six hours apart; the last one is of the next day."""
    return pa.table(
        {
            "code": pa.array([None if i == 2 else float(i) for i in range(5)]),
            "id": [f"r{i}" for i in range(5)],
            "at": pa.array([WINDOW.start + timedelta(hours=6 * i) for i in range(5)], pa.timestamp("us", "UTC")),
            "payload": [{"amount": None if i == 1 else i * 1.5, "note": "x"} for i in range(5)],
        }
    )


def write(path: Path, content: pa.Table) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(content, path)
    elif path.suffix == ".csv":
        flat = content.flatten()
        pa.csv.write_csv(flat, path)
        # pandas writes whole floats so, where pyarrow leaves the point out
        lines = [line.replace(",", ".0,", 1) if line[0].isdigit() else line for line in path.read_text().splitlines()]
        path.write_text("\n".join(lines))
    else:
        rows = [{**row, "at": row["at"].isoformat()} for row in content.to_pylist()]
        path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def pages(uri: str, connection: Connection | None = None, **changes: Any) -> list[Page]:
    config = FilesSource.model_validate({"type": "files", "uri": uri, **changes})
    return list(open_source(config, SCHEMA, connection, timezone=UTC).pages(WINDOW))


def values(found: list[Page]) -> list[tuple[Any, ...]]:
    return [(row["id"], row["amount"], row["code"]) for page in found for row in page.rows.to_pylist()]
