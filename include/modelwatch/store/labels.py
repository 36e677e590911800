"""What became known of requests and when. Functions take a session and never commit."""

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from modelwatch.domain import Window
from modelwatch.labels import Labels, microseconds
from modelwatch.maturity import Estimate
from modelwatch.store.label_tables import EstimateRow, LabelBatchRow
from modelwatch.store.tables import Evaluation, MonitorConfig, ResultRow

BYTES = 17  # of one label: its request's hash, its value, and when it came


@dataclass(frozen=True)
class LabelCounts:
    """What one look at the label source found; the fields are columns of `label_batch`.

    Attributes:
        n_seen: distinct requests with a label; n_duplicate: labels beyond one of each; n_rejected: rows that did not
            parse.
        n_unmatched: of no kept request, though a sample would have kept it; n_unsampled: of none, as a sample may not.
        n_new: of requests that had none; n_corrected: that changed one.
    """

    n_seen: int = 0
    n_duplicate: int = 0
    n_rejected: int = 0
    n_unmatched: int = 0
    n_unsampled: int = 0
    n_new: int = 0
    n_corrected: int = 0

    def __str__(self) -> str:
        new = f"{self.n_seen} labelled requests: {self.n_new} new, {self.n_corrected} corrected"
        strangers = f"{self.n_unmatched} of no request that was seen, {self.n_unsampled} of none that was kept"
        return f"{new}, {strangers}; {self.n_duplicate} repeated, {self.n_rejected} unreadable"


@dataclass(frozen=True)
class Predicted:
    """A window whose scores and decisions are kept to be held against labels.

    Attributes:
        evaluation_id: the current evaluation; measured_id: the one that measured the requests.
        uri: where the predictions lie; is_bounded: the window had more requests than were kept.
        sample: where the evidence of the sample lies, whose rows are not kept as long.
        known_at: the day whose labels the current evaluation has; None: it has none.
    """

    evaluation_id: int
    measured_id: int
    window: Window
    uri: str
    sample: str
    is_bounded: bool
    known_at: datetime | None


@dataclass(frozen=True)
class Shown:
    """What was shown of a window on a day.

    Attributes:
        predicted: its predictions, and the evaluation that had measured its requests by then.
        page: whether it had paged; config: the monitor file it was judged by; reference_digest: of what it was compared
            with.
    """

    predicted: Predicted
    page: bool
    config: dict[str, Any]
    reference_digest: str | None


def save_batch(
    session: Session, labels: Labels, counts: LabelCounts, *, monitor: str, run_id: str, asked: Window
) -> None:
    """Add to what is known; a retry that found the same adds nothing."""
    content = zlib.compress(labels.hashes.tobytes() + labels.values.tobytes() + labels.came.tobytes(), 6)
    values = {
        "monitor": monitor,
        "run_id": run_id,
        "digest": hashlib.sha256(content).hexdigest(),
        "asked_from": asked.start,
        "known_at": asked.end,
        **vars(counts),
        "content": content,
    }
    session.execute(insert(LabelBatchRow).values(**values).on_conflict_do_nothing())


def known(session: Session, monitor: str, *, since: datetime, as_of: datetime) -> Labels:
    """What was known on a day of requests made since a moment: of each the newest label."""
    query = (
        sa.select(LabelBatchRow.known_at, LabelBatchRow.content)
        .where(LabelBatchRow.monitor == monitor)
        .where(LabelBatchRow.known_at > since, LabelBatchRow.known_at <= as_of)
        .order_by(LabelBatchRow.id)
    )
    return Labels.newest(_decoded(content, known_at) for known_at, content in session.execute(query))


def newest_knowledge(session: Session, monitor: str) -> datetime | None:
    """The last day on which anything became known; None when nobody has looked yet."""
    found = session.scalar(sa.select(sa.func.max(LabelBatchRow.known_at)).where(LabelBatchRow.monitor == monitor))
    return None if found is None else found.astimezone(UTC)


def last_look(session: Session, monitor: str, before: datetime) -> tuple[datetime, datetime] | None:
    """Up to which day labels were asked for before this one, and when that was; None when they never were."""
    query = (
        sa.select(LabelBatchRow.known_at, LabelBatchRow.recorded_at)
        .where(LabelBatchRow.monitor == monitor, LabelBatchRow.known_at < before)
        .order_by(LabelBatchRow.known_at.desc(), LabelBatchRow.id.desc())
    )
    row = session.execute(query.limit(1)).first()
    return None if row is None else (row[0].astimezone(UTC), row[1])


def first_predicted_since(session: Session, monitor: str, recorded: datetime) -> datetime | None:
    """The start of the earliest window whose requests were fetched after a moment: its labels may have come before."""
    query = sa.select(sa.func.min(Evaluation.window_start)).where(
        Evaluation.monitor == monitor,
        Evaluation.restates.is_(None),
        Evaluation.created_at > recorded,
        Evaluation.sample["predictions"].astext.is_not(None),
    )
    found = session.scalar(query)
    return None if found is None else found.astimezone(UTC)


def predicted(session: Session, monitor: str, *, since: datetime, until: datetime) -> list[Predicted]:
    """The windows that end after ``since`` and by ``until`` and whose predictions are kept, oldest first."""
    table = Evaluation
    newest = (
        sa.select(table)
        .ext(distinct_on(table.window_start, table.window_end))
        .where(table.monitor == monitor, table.model_version.is_(None))
        .where(table.window_end > since, table.window_end <= until)
        .order_by(table.window_start, table.window_end, table.number.desc())
        .subquery()
        .c
    )
    query = (
        sa.select(newest.id, newest.restates, newest.window_start, newest.window_end, newest.sample)
        .add_columns(newest.labels_known_at)
        .where(newest.verdict != "not_measured", newest.sample["predictions"].astext.is_not(None))
        .order_by(newest.window_end, newest.window_start)
    )
    return [
        Predicted(
            id_,
            restates or id_,
            Window(start.astimezone(UTC), end.astimezone(UTC)),
            sample["predictions"],
            sample["uri"],
            sample["n_seen"] > sample["n_kept"],
            at and at.astimezone(UTC),
        )
        for id_, restates, start, end, sample, at in session.execute(query)
    ]


def shown_on(session: Session, monitor: str, one: Predicted, day: datetime) -> Shown:
    """What was shown of a window on a day; of one that was judged later, by a backfill, what that showed first."""
    query = (
        sa.select(Evaluation, MonitorConfig.content)
        .join(MonitorConfig, MonitorConfig.sha256 == Evaluation.config_sha256)
        .where(Evaluation.monitor == monitor, Evaluation.model_version.is_(None))
        .where(Evaluation.window_start == one.window.start, Evaluation.window_end == one.window.end)
        .where(Evaluation.sample["predictions"].astext.is_not(None))
        .order_by(Evaluation.number)
    )
    rows = [(evaluation, content) for evaluation, content in session.execute(query)]
    measured = [row for row in rows if row[0].restates is None]
    by_then = [row for row in measured if row[0].created_at <= day] or measured[:1]
    chosen = by_then[-1][0]
    later = [row for row in rows if row[0].restates == chosen.id and row[0].labels_known_at <= day]
    shown, content = (later or by_then)[-1]
    kept = chosen.sample
    places, is_bounded = (kept["predictions"], kept["uri"]), kept["n_seen"] > kept["n_kept"]
    predicted = Predicted(shown.id, chosen.id, one.window, *places, is_bounded, shown.labels_known_at)
    return Shown(predicted, shown.page, content, shown.reference_digest)


def save_estimates(
    session: Session, monitor: str, window: Window, known_at: datetime, found: Mapping[str, Estimate]
) -> None:
    """Note what a window may come to, as it was estimated on a day; a retry on that day replaces it."""
    key = {"monitor": monitor, "window_start": window.start, "window_end": window.end, "known_at": known_at}
    for metric, one in found.items():
        values = {"value": one.value, "ci_low": one.low, "ci_high": one.high, "naive": one.naive, "reason": one.reason}
        row = insert(EstimateRow).values(**key, metric=metric, **values)
        session.execute(row.on_conflict_do_update(constraint="pk_performance_estimate", set_=values))


def newest_calibration(session: Session, monitor: str, before: Window) -> int | None:
    """The newest evaluation of an earlier window that tells, by labels, whether scores were calibrated."""
    query = (
        sa.select(Evaluation.id)
        .join(ResultRow, ResultRow.evaluation_id == Evaluation.id)
        .where(Evaluation.monitor == monitor, Evaluation.restates.is_not(None), Evaluation.window_end <= before.start)
        .where(ResultRow.metric == "expected_calibration_error", ResultRow.group.is_(None))
        .where(ResultRow.status.in_(("ok", "warning", "alert")))
        .order_by(Evaluation.window_end.desc(), Evaluation.number.desc())
    )
    return session.scalar(query.limit(1))


def forget(session: Session, monitor: str, before: datetime) -> None:
    """Delete what became known, and what was estimated, before a moment: nothing can ask about it any more."""
    for table in (LabelBatchRow, EstimateRow):
        session.execute(sa.delete(table).where(table.monitor == monitor, table.known_at < before))


def _decoded(content: bytes, known_at: datetime) -> Labels:
    data = zlib.decompress(content)
    n = len(data) // BYTES
    hashes = np.frombuffer(data, "<u8", n)
    values = np.frombuffer(data, np.int8, n, 8 * n)
    came = np.frombuffer(data, "<i8", n, 9 * n)
    return Labels(hashes, values, came, np.full(n, microseconds(known_at), dtype=np.int64))
