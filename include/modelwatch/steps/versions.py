"""Which versions of the model answered a window's requests, and whether one of them is new."""

from datetime import UTC
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.domain import iso
from modelwatch.steps.run import Run
from modelwatch.store import engine, redeploys
from modelwatch.store.samples import Artifacts

FEWEST = 20  # requests of a version: fewer are a test of the deployment, not the deployment


def version_counts(rows: pa.Table, column: str | None) -> dict[str, int]:
    """How many of a sample's requests each version answered."""
    if column is None or column not in rows.column_names:
        return {}
    counted = pc.value_counts(rows[column].drop_null()).to_pylist()
    return {one["values"]: one["counts"] for one in sorted(counted, key=lambda one: str(one["values"]))}


def notice_version(run: Run, sample_ref: str) -> dict[str, Any] | None:
    """The version that answers now and that no earlier window has seen; None when there is none.

    Returns:
        ``new_version``, ``old_version`` and ``since``, as the Dag that compares them takes them.
    """
    column, timestamp = run.monitor.schema().model_version, run.monitor.schema().timestamp
    if column is None or timestamp is None:
        return None
    rows = Artifacts(run.settings.samples_url).read_sample(sample_ref).rows
    counts = {version: n for version, n in version_counts(rows, column).items() if n >= FEWEST}
    with engine.session(run.settings.database_url) as session:
        known, old = redeploys.versions_before(session, run.monitor.monitor, run.window.start)
    fresh = [version for version in counts if version not in known]
    if old is None or not fresh:
        return None
    new = max(fresh, key=lambda version: (counts[version], version))
    since = pc.min(rows.filter(pc.equal(rows[column], new))[timestamp]).as_py()
    return {"new_version": new, "old_version": old, "since": iso(since.astimezone(UTC))}
