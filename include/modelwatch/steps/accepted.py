"""The reference after a new version was accepted: its requests, until the monitor file names another reference."""

import io
import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from modelwatch.config import Monitor
from modelwatch.domain import Schema
from modelwatch.settings import Settings
from modelwatch.store.samples import Artifacts

if TYPE_CHECKING:
    from modelwatch.steps.redeploy import Redeploy  # asking models and comparing answers costs a second to import


def accept(redeploy: "Redeploy", rows: pa.Table) -> str:
    """Make the rows the reference of later windows; returns where they lie. Done twice it is as if done once."""
    artifacts, buffer = Artifacts(redeploy.settings.samples_url), io.BytesIO()
    pq.write_table(as_logged(rows, redeploy.monitor.schema()), buffer, compression="zstd")
    # Kept apart from the samples, which expire.
    uri = artifacts.write_bytes(f"reference/accepted/{redeploy.folder}.parquet", buffer.getvalue())
    accepted = {"uri": uri, "replaces": redeploy.monitor.reference.uri}
    artifacts.write_bytes(_pointer(redeploy.monitor), json.dumps(accepted, sort_keys=True).encode())
    return uri


def with_accepted_reference(monitor: Monitor, settings: Settings) -> Monitor:
    """The monitor, with the requests of the version that was accepted last as its reference.

    A monitor file that names another reference since then has the last word.
    """
    data = Artifacts(settings.samples_url).read_if_there(_pointer(monitor))
    accepted = json.loads(data) if data is not None else {}
    if accepted.get("replaces") != monitor.reference.uri:
        return monitor
    return monitor.model_copy(update={"reference": monitor.reference.model_copy(update={"uri": accepted["uri"]})})


def as_logged(rows: pa.Table, schema: Schema) -> pa.Table:
    """Typed rows as a file that is read like any other: a decision that is logged as "declined" is that word again."""
    for column in schema.columns:
        if column.type == "flag" and column.equals is not None:
            true, false = (
                (column.equals, not column.equals) if isinstance(column.equals, bool) else _words(column.equals)
            )
            values = pc.if_else(rows[column.name], pa.scalar(true), pa.scalar(false))
            rows = rows.set_column(rows.column_names.index(column.name), column.name, values)
    return rows


def _words(equals: object) -> tuple[str, str]:
    text = f"{equals:.15g}" if isinstance(equals, float) else str(equals)
    return text, "0" if text == "1" else "1" if text == "0" else f"not {text}"


def _pointer(monitor: Monitor) -> str:
    return f"reference/accepted/{monitor.monitor}.json"
