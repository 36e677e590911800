"""The review queue of a monitor, day by day: what its people find, in the window and in the reference."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.config import Monitor
from modelwatch.domain import Measurement
from modelwatch.metrics.queue import NOTHING, Reviewed, entity_precision_at, precision_at
from modelwatch.profile.cells import to_numpy
from modelwatch.profile.outcomes import UNKNOWN, label_codes
from modelwatch.settings import Settings
from modelwatch.steps.measure import performance_alpha
from modelwatch.steps.rows import read_reference
from modelwatch.store.samples import Artifacts, reference_path

METRICS = ("precision_at_k", "entity_precision_at_k")


@dataclass
class Queue:
    """What has been looked at so far.

    Attributes:
        known: entities that were found compromised, whom nobody looks at again.
    """

    monitor: Monitor
    known: set[str] = field(default_factory=set)

    @property
    def looks_at_entities(self) -> bool:
        """Whether entities are looked at, of which one that was found is known from then on."""
        spec = self.monitor.performance.queue
        return spec is not None and spec.entity is not None

    def review(self, rows: pa.Table) -> dict[str, Reviewed]:
        """Every day of the rows in order; requests without a known outcome or a score are in nobody's queue."""
        spec, columns = self.monitor.performance.queue, self.monitor.columns
        if spec is None:
            return {}
        looked = dict.fromkeys(METRICS if spec.entity else METRICS[:1], NOTHING)
        for day in _days(rows, self.monitor):
            scores = to_numpy(day[columns.score])
            positives = np.asarray(pc.cast(day[columns.label], pa.int8()).to_numpy(), dtype=bool)
            looked["precision_at_k"] += precision_at(scores, positives, spec.size)
            if spec.entity is not None:
                entities = pc.fill_null(day[spec.entity], "").to_numpy()
                found, names = entity_precision_at(scores, positives, entities, spec.size, self.known)
                looked["entity_precision_at_k"] += found
                self.known |= names
        return looked


def measure_queue(queue: Queue, rows: pa.Table, settings: Settings, digest: str) -> list[Measurement]:
    """What the queue finds in the window's rows, which must be all of them, against the reference's days.

    Args:
        queue: with the entities that are known from before.
        rows: every row of the window.
        settings: where artifacts are.
        digest: of the reference.
    """
    if queue.monitor.performance.queue is None:
        return []
    from modelwatch.checks.performance import queue_measurement  # statsmodels, only where there is a queue

    before, now = _of_reference(queue.monitor, settings, digest), queue.review(rows)
    confidence, alpha = 1 - queue.monitor.false_discovery_rate, performance_alpha(queue.monitor)
    return [
        queue_measurement(metric, before[metric], seen, alpha=alpha, confidence=confidence)
        for metric, seen in now.items()
    ]


def _of_reference(monitor: Monitor, settings: Settings, digest: str) -> dict[str, Reviewed]:
    """The same of the reference's own days, from the cache when it is there."""
    size = monitor.performance.queue.size if monitor.performance.queue else 0
    artifacts, path = Artifacts(settings.samples_url), reference_path(digest, f"queue-{size}.json")
    cached = artifacts.read_if_there(path)
    if cached is None:
        found = {name: [one.found, one.n] for name, one in Queue(monitor).review(read_reference(monitor).rows).items()}
        cached = json.dumps(found, sort_keys=True).encode()
        artifacts.write_bytes(path, cached)
    return {name: Reviewed(found, n) for name, (found, n) in json.loads(cached).items()}


def _days(rows: pa.Table, monitor: Monitor) -> Iterator[pa.Table]:
    """The scored rows whose outcome is known, by calendar day."""
    schema = monitor.schema()
    is_known = pa.array(label_codes(rows, schema) != UNKNOWN)
    rows = rows.filter(pc.and_(is_known, pc.is_finite(pc.fill_null(rows[schema.score], np.nan))))
    local = rows[schema.timestamp].cast(pa.timestamp("us", str(monitor.tzinfo)))
    days = np.asarray(pc.floor_temporal(local, unit="day").cast(pa.int64()).to_numpy())
    for day in np.unique(days):
        yield rows.filter(pa.array(days == day))
