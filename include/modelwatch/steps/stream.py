"""A file of requests counted page by page: what it takes in memory does not grow with its rows.

Kept of every row are eight bytes of its id, so that a repeated request counts once; of the labels 25 bytes each; and
what a review queue is made of, where the monitor has one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.config import Monitor
from modelwatch.domain import Page, Schema, Window
from modelwatch.errors import DataError
from modelwatch.hashing import Distinct, hash_texts
from modelwatch.labels import Labels, labels_of, set_labels
from modelwatch.profile import CellSet, Profile, profile_rows
from modelwatch.sampling import Rejects, Smallest, row_hashes
from modelwatch.sources import files
from modelwatch.sources.rows import ARROW
from modelwatch.steps.rejects import with_rejects

SALT = "rows"
Role = Literal["label", "model_version"]


@dataclass
class Counted:
    """What a file held.

    Attributes:
        profile: of the rows in the window; its groups are those of the rows in the longer fairness window.
        rows: the bounded sample of the rows in the window.
        queued: of all of them the columns that a review queue is made of; empty when there is none.
        n_read: distinct rows of the whole file that parsed; rejects: those that did not.
        first, last: the earliest and the latest timestamp of the whole file.
    """

    profile: Profile
    rows: pa.Table
    queued: list[pa.Table] = field(default_factory=list)
    n_read: int = 0
    rejects: Rejects = field(default_factory=Rejects)
    first: datetime | None = None
    last: datetime | None = None

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """First timestamp and just after the last; None without any."""
        if self.first is None or self.last is None:
            return None
        return self.first, self.last + timedelta(microseconds=1)


def count_file(
    uri: str,
    monitor: Monitor,
    cells: CellSet,
    *,
    labels: str | None = None,
    window: Window | None = None,
    longer: Window | None = None,
    kept_rows: int = 0,
) -> Counted:
    """Count the file's rows in the reference's cells.

    Args:
        uri: the file.
        monitor: what its columns are.
        cells: the reference's.
        labels: a file of labels by request id.
        window: count only the rows of this span of time; None counts all.
        longer: the fairness window, when it is another.
        kept_rows: how many rows to keep, those with the smallest hashes.

    Raises:
        DataError: a file cannot be used, or labels cannot be joined.
    """
    schema = present_schema(uri, monitor)
    known = None if labels is None else read_labels(labels, monitor)
    counting = replace(schema, label=monitor.schema().label)
    empty = with_labels(_no_rows(schema), None, counting)
    total, sample = profile_rows(empty, cells, counting), Smallest(kept_rows)
    queued = queue_columns(monitor)
    groups = replace(total, columns={})
    found, seen, n_window = Counted(total, pa.table({})), Distinct(), 0
    for page in files.read_pages(uri, schema, timezone=monitor.tzinfo):
        rows = _fresh(page, schema, seen, found)
        rows = with_labels(rows, known, counting)
        inside = rows if window is None else within(rows, schema, window)
        total += profile_rows(inside, cells, counting)
        if longer is not None:
            groups += profile_rows(within(rows, schema, longer), {}, counting)
        if kept_rows:
            sample.add(inside, row_hashes(inside, schema.id, SALT, first=n_window))
        if queued:
            found.queued.append(inside.select(queued))
        n_window += inside.num_rows
    found.profile = total if longer is None else replace(total, groups=groups.groups)
    found.profile = with_rejects(found.profile, found.rejects.all())
    found.rows = sample.rows if n_window else empty
    return found


def queue_columns(monitor: Monitor) -> list[str]:
    """The columns that a review queue is made of; none without a queue."""
    spec, roles, traffic = monitor.performance.queue, monitor.columns, monitor.performance.traffic
    lane = traffic.column if traffic else None
    wanted = (roles.timestamp, roles.score, roles.label, spec.entity, lane) if spec else ()
    return [name for name in wanted if name is not None]


def present_schema(uri: str, monitor: Monitor, optional: Sequence[Role] = ("label", "model_version")) -> Schema:
    """The monitor's schema without the optional roles for which the file has no column."""
    schema, present = monitor.schema(), files.column_names(uri)
    absent = {c.name for c in schema.columns if c.path[0] not in present and c.name not in present}
    gone = {getattr(schema, role) for role in optional} & absent
    return replace(
        schema,
        columns=tuple(column for column in schema.columns if column.name not in gone),
        label=None if schema.label in gone else schema.label,
        model_version=None if schema.model_version in gone else schema.model_version,
    )


def with_labels(rows: pa.Table, known: Labels | None, schema: Schema) -> pa.Table:
    """The rows with a label column, where the model has labels: joined, their own, or null throughout."""
    if schema.label is None:
        return rows
    if known is not None:
        return set_labels(rows, schema.label, known.of(hash_texts(rows[schema.id], SALT)).values)
    if schema.label in rows.column_names:
        return rows
    return rows.append_column(schema.label, pa.nulls(rows.num_rows, pa.bool_()))


def within(rows: pa.Table, schema: Schema, window: Window) -> pa.Table:
    """The rows whose timestamp lies in the window."""
    stamps = rows[schema.timestamp]
    return rows.filter(pc.and_(pc.greater_equal(stamps, window.start), pc.less(stamps, window.end)))


def time_span(uri: str, monitor: Monitor) -> tuple[datetime, datetime] | None:
    """First timestamp of a file and just after its last, read without its other columns."""
    schema = monitor.schema()
    only = Schema(columns=tuple(c for c in schema.columns if c.name == schema.timestamp), features={})
    found = Counted(Profile(0, {}), pa.table({}))
    for page in files.read_pages(uri, only, timezone=monitor.tzinfo):
        _widen(found, page.rows[schema.timestamp])
    return found.span


def _fresh(page: Page, schema: Schema, seen: Distinct, found: Counted) -> pa.Table:
    """The page's rows that were not seen before, and what the page adds to the file's own counts."""
    rows = page.rows
    if schema.id is not None and rows.num_rows:
        is_new = seen.first_seen(hash_texts(rows[schema.id], SALT))
        rows = rows if is_new.all() else rows.filter(pa.array(is_new))
    found.rejects.add(page.rejects)
    found.n_read += rows.num_rows
    if schema.timestamp is not None:
        _widen(found, rows[schema.timestamp])
    return rows


def _widen(found: Counted, stamps: pa.ChunkedArray) -> None:
    limits = pc.min_max(stamps).as_py()
    if limits["min"] is not None:
        found.first = min(found.first or limits["min"], limits["min"])
        found.last = max(found.last or limits["max"], limits["max"])


def _no_rows(schema: Schema) -> pa.Table:
    return pa.table({c.name: pa.chunked_array([], ARROW[c.type]) for c in schema.columns})


def read_labels(uri: str, monitor: Monitor) -> Labels:
    """Read a file of labels; of a repeated id the newest counts, without a time of its own the last.

    Raises:
        DataError: it cannot be read, or the monitor names no id or no label.
    """
    if monitor.columns.id is None or monitor.columns.label is None:
        message = f"{uri}: labels are joined by request id: set columns.id and columns.label in the monitor file"
        raise DataError(message)
    schema = monitor.label_schema()
    pages = files.read_pages(uri, schema, timezone=monitor.tzinfo)
    return Labels.newest(labels_of(page.rows, schema, salt=SALT) for page in pages)
