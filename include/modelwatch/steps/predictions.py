"""What is kept of a window's requests to be held against labels that come later: score, decision and group of a sample.

Of the request itself there is only the hash of its id, and no feature.
"""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from modelwatch.config import Monitor
from modelwatch.domain import Sample
from modelwatch.hashing import Hashes, hash_texts
from modelwatch.labels import NEGATIVE, UNKNOWN, Labels, set_labels
from modelwatch.steps.episodes import counts
from modelwatch.steps.run import Run
from modelwatch.store.samples import Artifacts, read_rows

REQUEST = "(request)"  # no column of a file is called so


def kept_columns(monitor: Monitor) -> list[str]:
    """The columns of a request that performance needs: all but its id and the features that it needs for nothing."""
    schema, spec = monitor.request_schema(), monitor.performance
    needed = {
        *(one.name for one in schema.sensitive),
        spec.queue.entity if spec.queue else None,
        spec.traffic.column if spec.traffic else None,
        spec.propensity,
    }
    left_out = {schema.id, schema.model_version, *(name for name in schema.features if name not in needed)}
    return [column.name for column in schema.columns if column.name not in left_out]


def waits_for_labels(run: Run) -> bool:
    """Whether the run's window will be judged again when its labels have come."""
    return run.monitor.labels is not None and counts(run)


def write_predictions(run: Run, sample: Sample | None) -> str | None:
    """Keep the sample's predictions beside it; returns their URI. The same sample gives the same bytes.

    Only windows of the monitor's own calendar are judged again when labels come.
    """
    schema = run.monitor.request_schema()
    if not waits_for_labels(run) or sample is None or not sample.rows.num_rows or schema.id is None:
        return None
    hashes = hash_texts(sample.rows[schema.id], run.monitor.monitor)
    rows = sample.rows.select(kept_columns(run.monitor)).append_column(REQUEST, pa.chunked_array([hashes]))
    buffer = io.BytesIO()
    pq.write_table(rows, buffer, compression="zstd")
    return Artifacts(run.settings.samples_url).write_bytes(f"{run.folder}/predictions.parquet", buffer.getvalue())


def read_predictions(artifacts: Artifacts, uri: str) -> pa.Table | None:
    """The predictions that `write_predictions` wrote; None when they are no longer kept."""
    data = artifacts.read_if_kept(uri)
    return None if data is None else read_rows(data)


def requests_of(predictions: pa.Table) -> Hashes:
    """The hash of each request's id."""
    return np.asarray(predictions[REQUEST].to_numpy(), dtype=np.uint64)


def labelled(rows: pa.Table, labels: Labels, monitor: Monitor) -> pa.Table:
    """A mature window's predictions, or its sample, with their labels; one without is what the monitor says."""
    is_hashed = REQUEST in rows.column_names
    hashes = requests_of(rows) if is_hashed else hash_texts(rows[monitor.columns.id], monitor.monitor)
    values = labels.of(hashes).values
    if monitor.labels is not None and monitor.labels.unlabelled == "negative":
        values = np.where(values == UNKNOWN, np.int8(NEGATIVE), values)
    return set_labels(rows, monitor.columns.label or "", values)
