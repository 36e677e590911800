"""Whole stored windows, with what is needed to judge them again."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from modelwatch.domain import Measurement, VerdictName, Window
from modelwatch.store.rows import result_of
from modelwatch.store.tables import MEASURED_ID, Evaluation, ProfileRow, ResultRow


@dataclass(frozen=True)
class Judged:
    """A window's newest evaluation over all versions, with its counts.

    Attributes:
        measured_on_rows: the measurements that the counts do not give again.
        sample: the evidence of how complete the window's sample was.
        profile, cells_digest: as `profile.encode_profile` wrote it, and its cells; None when nothing was counted.
    """

    window: Window
    verdict: VerdictName
    reason: str | None
    n_current: int
    measured_on_rows: tuple[Measurement, ...]
    sample: dict[str, Any] | None
    profile: bytes | None
    cells_digest: str | None


def newest_window(session: Session, monitor: str) -> Window | None:
    """The newest stored window; None when there is none."""
    query = sa.select(Evaluation.window_start, Evaluation.window_end).where(Evaluation.monitor == monitor)
    row = session.execute(query.order_by(Evaluation.window_end.desc()).limit(1)).first()
    return None if row is None else Window(row[0].astimezone(UTC), row[1].astimezone(UTC))


def newest_sample(session: Session, monitor: str) -> tuple[Window, str] | None:
    """The newest window that has a sample of more than no rows, and the sample's URI."""
    uri = Evaluation.sample["uri"].astext
    query = (
        sa.select(Evaluation.window_start, Evaluation.window_end, uri)
        .where(Evaluation.monitor == monitor, uri.is_not(None), Evaluation.n_current > 0)
        .order_by(Evaluation.window_end.desc(), Evaluation.number.desc())
    )
    row = session.execute(query.limit(1)).first()
    return None if row is None else (Window(row[0].astimezone(UTC), row[1].astimezone(UTC)), str(row[2]))


def judged(session: Session, monitor: str, since: datetime) -> list[Judged]:
    """The windows that end after ``since``, read in two queries however many they are."""
    table = Evaluation
    newest = (  # a window's numbers are given in the order of ids
        sa.select(sa.func.max(table.id))
        .where(table.monitor == monitor, table.model_version.is_(None), table.window_end > since)
        .group_by(table.window_start, table.window_end)
    )
    on_rows: dict[int, list[Measurement]] = {}
    of_rows = sa.select(ResultRow).where(ResultRow.evaluation_id.in_(newest), ResultRow.check == "multivariate_drift")
    for row in session.scalars(of_rows.order_by(ResultRow.evaluation_id, ResultRow.position)):
        on_rows.setdefault(row.evaluation_id, []).append(result_of(row).measurement)
    query = (
        sa.select(table, ProfileRow.content, ProfileRow.cells_digest)
        .outerjoin(ProfileRow, ProfileRow.evaluation_id == MEASURED_ID)
        .where(table.id.in_(newest))
    )
    return [
        Judged(
            Window(row.window_start.astimezone(UTC), row.window_end.astimezone(UTC)),
            cast("VerdictName", row.verdict),
            row.reason,
            row.n_current,
            tuple(on_rows.get(row.id, ())),
            row.sample,
            content,
            cells_digest,
        )
        for row, content, cells_digest in session.execute(query)
    ]
