"""The rows that multivariate drift looks at: bounded, chosen by hash, the reference's kept beside its profile."""

import io
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq

from modelwatch.checks.multivariate import Options, measure_multivariate
from modelwatch.config import Monitor
from modelwatch.domain import Measurement, Page
from modelwatch.sampling import Sampler
from modelwatch.settings import Settings
from modelwatch.sources import files
from modelwatch.store.samples import Artifacts, read_rows, reference_path

SALT = "rows"


def multivariate_drift(
    monitor: Monitor, settings: Settings, digest: str, rows: pa.Table, unsteady: frozenset[str] = frozenset()
) -> list[Measurement]:
    """What the monitor's detector says of the window's rows.

    Nothing when the monitor switched it off. Nothing either where it compares with earlier windows, or looks back at
    them for want of requests: their counts are kept, not their rows.

    Args:
        monitor, settings: the monitor and where its artifacts are.
        digest: of the reference.
        rows: the window's.
        unsteady: features to leave out, for they tell one quiet window from another.

    Raises:
        SettingsError: the detector needs a package that is not installed.
    """
    wanted = monitor.multivariate
    is_sum = monitor.lookback is not None and rows.num_rows < monitor.sample.minimum
    if wanted.detector == "none" or monitor.reference.type != "file" or is_sum:
        return []
    schema, false_discovery_rate = monitor.schema(), monitor.false_discovery_rate
    options = Options(
        detector=wanted.detector,
        alpha=false_discovery_rate / len(schema.features),
        confidence=1 - false_discovery_rate,
        permutations=wanted.permutations,
    )
    reference = reference_rows(monitor, settings, digest)
    current = bounded(rows, wanted.rows, schema.id).select(list(schema.features))
    steady = {name: kind for name, kind in schema.features.items() if name not in unsteady}
    if not steady:
        reason = "every feature varies from window to window as much as this would have to show"
        return [_left_out("auc_domain" if wanted.detector != "mmd_drift" else "mmd", reference, current, reason)]
    measured = measure_multivariate(reference, current, steady, options)
    return [_without(m, unsteady & schema.features.keys()) for m in measured]


def _left_out(metric: str, reference: pa.Table, current: pa.Table, reason: str) -> Measurement:
    sizes = reference.num_rows, current.num_rows
    return Measurement("multivariate_drift", metric, None, *sizes, sufficient=False, reason=reason)


def _without(m: Measurement, unsteady: frozenset[str]) -> Measurement:
    """The measurement, saying which features it is not of."""
    if not unsteady:
        return m
    note = f"without {', '.join(sorted(unsteady))}, different from window to window"
    return replace(m, evidence=f"{m.evidence}; {note}" if m.evidence else note)


def reference_rows(monitor: Monitor, settings: Settings, digest: str) -> pa.Table:
    """At most `multivariate.rows` rows of the reference, features alone, from the cache when they are there."""
    cached = Artifacts(settings.samples_url).read_if_there(_path(monitor, digest))
    if cached is None:
        page = files.read_table(monitor.reference_uri, monitor.schema(), timezone=monitor.tzinfo)
        return keep_rows(monitor, settings, digest, page.rows)
    return read_rows(cached)


def keep_rows(monitor: Monitor, settings: Settings, digest: str, rows: pa.Table) -> pa.Table:
    """Choose the reference's rows and write them where `reference_rows` looks."""
    schema = monitor.schema()
    chosen = bounded(rows, monitor.multivariate.rows, schema.id).select(list(schema.features))
    buffer = io.BytesIO()
    pq.write_table(chosen, buffer, compression="zstd")
    Artifacts(settings.samples_url).write_bytes(_path(monitor, digest), buffer.getvalue())
    return chosen


def bounded(rows: pa.Table, limit: int, id_column: str | None) -> pa.Table:
    """The rows with the smallest hash of their id (of their position without one), in the order of the hashes."""
    sampler = Sampler(rows=limit, salt=SALT, id_column=id_column)
    sampler.add(Page(rows))
    return sampler.sample().rows


def _path(monitor: Monitor, digest: str) -> str:
    return reference_path(digest, f"rows-{monitor.multivariate.rows}.parquet")
