"""A table as it is shown, and as it is exported: CSV for a spreadsheet, JSON for a program."""

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from modelwatch.domain import iso
from modelwatch.report.charts.lines import TimeChart

FORMULA = ("=", "+", "-", "@", "\t", "\r")
Value = str | int | float | bool | None


@dataclass(frozen=True)
class Table:
    """Named columns of plain values.

    Attributes:
        name: in addresses and file names.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


def as_csv(table: Table) -> str:
    """RFC 4180 with a header; a text that a spreadsheet would run as a formula is quoted with an apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(table.columns)
    writer.writerows([_csv_value(value) for value in row] for row in table.rows)
    return buffer.getvalue()


def as_json(table: Table, **about: Any) -> str:  # noqa: ANN401  # plain JSON values
    """``{"schema_version": "1", "table": name, ..., "rows": [{column: value}]}``."""
    rows = [dict(zip(table.columns, (_finite(value) for value in row), strict=True)) for row in table.rows]
    return json.dumps({"schema_version": "1", "table": table.name, **about, "rows": rows}, indent=1, allow_nan=False)


def of_chart(chart: TimeChart) -> Table:
    """The numbers behind a chart: one row per window and line, the thresholds beside them."""
    rows = tuple(
        (
            iso(window.start),
            iso(window.end),
            line.name,
            line.values[i],
            line.lows[i] if line.lows else None,
            line.highs[i] if line.highs else None,
            line.statuses[i] if line.statuses else None,
            *(limit.at(i) for limit in chart.limits),
        )
        for line in chart.lines
        for i, window in enumerate(chart.windows)
    )
    columns = ("window_start", "window_end", "series", "value", "low", "high", "status")
    return Table(chart.name, (*columns, *(f"{limit.level}_at" for limit in chart.limits)), rows)


def columns_of(rows: Sequence[dict[str, Any]], name: str) -> Table:
    """A table of the JSON document's entries, all with the same keys."""
    columns = tuple(rows[0]) if rows else ()
    return Table(name, columns, tuple(tuple(row[column] for column in columns) for row in rows))


def _csv_value(value: Value) -> Value:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else _finite(value)


def _finite(value: Value) -> Value:
    return None if isinstance(value, float) and not math.isfinite(value) else value
