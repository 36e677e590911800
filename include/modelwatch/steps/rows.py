"""Rows that are looked at as such: bounded, chosen by hash, the reference's kept beside its profile."""

import io
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq

from modelwatch.config import Monitor
from modelwatch.domain import Page
from modelwatch.sampling import Sampler
from modelwatch.settings import Settings
from modelwatch.sources import files
from modelwatch.steps.stream import present_schema, with_labels
from modelwatch.store.samples import Artifacts, read_rows, reference_path

SALT = "rows"


def read_reference(monitor: Monitor) -> Page:
    """The reference file, typed; where it has no column of labels they are unknown.

    Raises:
        DataError: it cannot be read, or lacks another column.
    """
    uri = monitor.reference_uri
    page = files.read_table(uri, present_schema(uri, monitor, ("label",)), timezone=monitor.tzinfo)
    return replace(page, rows=with_labels(page.rows, None, monitor.schema()))


def reference_rows(monitor: Monitor, settings: Settings, digest: str) -> pa.Table:
    """At most `multivariate.rows` rows of the reference, features alone, from the cache when they are there."""
    cached = Artifacts(settings.samples_url).read_if_there(_path(monitor, digest))
    if cached is None:
        return keep_rows(monitor, settings, digest, read_reference(monitor).rows)
    return read_rows(cached)


def keep_rows(monitor: Monitor, settings: Settings, digest: str, rows: pa.Table) -> pa.Table:
    """Choose the reference's rows and write them where `reference_rows` looks."""
    chosen = comparable(monitor, rows).select(list(monitor.schema().features))
    buffer = io.BytesIO()
    pq.write_table(chosen, buffer, compression="zstd")
    Artifacts(settings.samples_url).write_bytes(_path(monitor, digest), buffer.getvalue())
    return chosen


def comparable(monitor: Monitor, rows: pa.Table) -> pa.Table:
    """At most `multivariate.rows` of the rows, with the id and the features.

    Of rows that were cut so the same are chosen as of all of them, so that windows can be put together.
    """
    schema = monitor.schema()
    names = dict.fromkeys([*([schema.id] if schema.id else []), *schema.features])
    return bounded(rows, monitor.multivariate.rows, schema.id).select(list(names))


def bounded(rows: pa.Table, limit: int, id_column: str | None) -> pa.Table:
    """The rows with the smallest hash of their id (of their position without one), in the order of the hashes."""
    sampler = Sampler(rows=limit, salt=SALT, id_column=id_column)
    sampler.add(Page(rows))
    return sampler.sample().rows


def _path(monitor: Monitor, digest: str) -> str:
    return reference_path(digest, f"rows-{monitor.multivariate.rows}.parquet")
