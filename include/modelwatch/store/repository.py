"""Reading and writing evaluations. Functions take a session and never commit: the caller owns the transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from modelwatch.domain import Judgement, Result, VerdictName, Window
from modelwatch.errors import StoreError
from modelwatch.store.cover import widest_cover
from modelwatch.store.rows import result_of, row_of, storable
from modelwatch.store.tables import MEASURED_ID, Evaluation, MonitorConfig, ProfileRow, ResultRow

CURRENT = sa.table("current_evaluation", *(sa.column(c.name, c.type) for c in Evaluation.__table__.columns))


@dataclass(frozen=True)
class NewEvaluation:
    """A judged window before it has an id and a number; the fields are the columns of `evaluation`."""

    monitor: str
    window: Window
    run_id: str
    run_type: str
    config_sha256: str
    config: dict[str, Any]
    content_digest: str
    verdict: VerdictName
    reason: str | None
    page: bool
    n_reference: int
    n_current: int
    coverage: float | None
    sample: dict[str, Any] | None = None
    reference_digest: str | None = None
    model_version: str | None = None
    run_url: str | None = None
    restates: int | None = None
    awaits_labels: bool = False
    labels_known_at: datetime | None = None


@dataclass(frozen=True)
class StoredProfile:
    """A window's counts as `profile.encode_profile` wrote them; once stored, with verdict and sample."""

    window: Window
    cells_digest: str
    n_rows: int
    content: bytes
    verdict: VerdictName | None = None
    sample_uri: str | None = None


@dataclass(frozen=True)
class LoadedEvaluation:
    """A stored evaluation with its results in the order they were measured."""

    id: int
    number: int
    monitor: str
    window: Window
    run_id: str
    run_type: str
    verdict: VerdictName
    reason: str | None
    page: bool
    n_reference: int
    n_current: int
    coverage: float | None
    model_version: str | None
    results: tuple[Result, ...] = ()
    findings: tuple[Result, ...] = ()

    @property
    def judgement(self) -> Judgement:
        """The verdict with its results, as it was judged."""
        return Judgement(self.verdict, self.reason, self.results, self.findings)


def save_evaluation(
    session: Session,
    new: NewEvaluation,
    results: Sequence[Result],
    findings: Sequence[Result],
    profile: StoredProfile | None,
) -> int:
    """Store an evaluation as the window's next number; returns its id.

    A retry of the same run with the same outcome finds what it wrote before and writes nothing.
    """
    key = f"{new.monitor} {new.window}"
    session.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})
    found = session.scalar(
        sa.select(Evaluation.id).where(
            *_of_window(new.monitor, new.window),
            Evaluation.run_id == new.run_id,
            Evaluation.content_digest == new.content_digest,
        )
    )
    if found is not None:
        return found
    _save_config(session, new)
    last = session.scalar(sa.select(sa.func.max(Evaluation.number)).where(*_of_window(new.monitor, new.window)))
    evaluation = _evaluation_row(new, number=(last or 0) + 1)
    session.add(evaluation)
    session.flush()
    ranks = {id(result): rank for rank, result in enumerate(findings)}
    rows = [row_of(result, evaluation.id, position, ranks.get(id(result))) for position, result in enumerate(results)]
    if rows:
        session.execute(sa.insert(ResultRow), rows)
    if profile is not None:
        content = {"cells_digest": profile.cells_digest, "n_rows": profile.n_rows, "content": profile.content}
        session.add(ProfileRow(evaluation_id=evaluation.id, **content))
        session.flush()
    return evaluation.id


def load_evaluation(session: Session, evaluation_id: int) -> LoadedEvaluation:
    """One evaluation with its results.

    Raises:
        StoreError: there is none with this id.
    """
    row = session.get(Evaluation, evaluation_id)
    if row is None:
        message = f"the store has no evaluation {evaluation_id}; run judge_and_store again"
        raise StoreError(message)
    return _loaded(row, _results(session, [evaluation_id]).get(evaluation_id, []))


def current_evaluations(
    session: Session, monitor: str, *, since: datetime | None = None, until: datetime | None = None
) -> list[LoadedEvaluation]:
    """The newest evaluation of each window in ``[since, until)``, oldest window first, without their results."""
    query = sa.select(CURRENT).where(CURRENT.c.monitor == monitor).order_by(CURRENT.c.window_start)
    if since is not None:
        query = query.where(CURRENT.c.window_start >= since)
    if until is not None:
        query = query.where(CURRENT.c.window_end <= until)
    return [_loaded(row, []) for row in session.execute(query)]


def evaluation_of(session: Session, monitor: str, window: Window) -> LoadedEvaluation | None:
    """The newest evaluation of a window over all versions of the model, with its results."""
    query = sa.select(Evaluation).where(*_of_window(monitor, window), Evaluation.model_version.is_(None))
    row = session.scalar(query.order_by(Evaluation.number.desc()).limit(1))
    return None if row is None else _loaded(row, _results(session, [row.id]).get(row.id, []))


def restated(session: Session, monitor: str) -> list[tuple[Window, str, Result | None]]:
    """The windows that backfills judged in the last twelve hours, oldest first: verdict and worst finding of each."""
    recent = sa.func.now() - sa.text("interval '12 hours'")
    query = (
        sa.select(Evaluation, ResultRow)
        .join(ResultRow, sa.and_(ResultRow.evaluation_id == Evaluation.id, ResultRow.rank == 0), isouter=True)
        .where(Evaluation.monitor == monitor, Evaluation.run_type == "backfill", Evaluation.created_at > recent)
        .order_by(Evaluation.window_end, Evaluation.window_start, Evaluation.number)
    )
    found: dict[Window, tuple[Window, str, Result | None]] = {}
    for row in session.execute(query):
        evaluation: Evaluation = row[0]
        worst: ResultRow | None = row[1]
        window = Window(*_utc(evaluation.window_start, evaluation.window_end))
        found[window] = (window, evaluation.verdict, None if worst is None else result_of(worst))
    return list(found.values())


def profiles_in(session: Session, monitor: str, start: datetime, end: datetime) -> list[StoredProfile]:
    """The measured profiles of the current evaluations whose windows lie in ``[start, end)``: `fair_part` of them."""
    return fair_part(profiles_between(session, monitor, start, end), start, end)


def profiles_between(session: Session, monitor: str, start: datetime, end: datetime) -> list[StoredProfile]:
    """Every profile of the current evaluations whose windows lie in ``[start, end)``, oldest first."""
    query = (
        sa.select(CURRENT.c.window_start, CURRENT.c.window_end, CURRENT.c.verdict, CURRENT.c.sample, ProfileRow)
        .join(ProfileRow, ProfileRow.evaluation_id == sa.func.coalesce(CURRENT.c.restates, CURRENT.c.id))
        .where(CURRENT.c.monitor == monitor, CURRENT.c.window_start >= start, CURRENT.c.window_end <= end)
        .order_by(CURRENT.c.window_end, CURRENT.c.window_start)
    )
    return [
        StoredProfile(
            Window(*_utc(start, end)), row.cells_digest, row.n_rows, row.content, verdict, (sample or {}).get("uri")
        )
        for start, end, verdict, sample, row in session.execute(query)
    ]


def fair_part(profiles: Iterable[StoredProfile], start: datetime, end: datetime) -> list[StoredProfile]:
    """Those whose windows lie in ``[start, end)`` and were measured, none overlapping.

    Of overlapping windows those are taken that together cover most of the span, and of equals the finer: a day judged
    both alone and as part of a week counts once, and a look at one afternoon does not displace its day. Windows that
    were not measured are left out, for what was seen of them is not a fair part.

    Args:
        profiles: ordered by the ends of their windows.
        start, end: the span.
    """
    found = [
        one for one in profiles if start <= one.window.start and one.window.end <= end and one.verdict != "not_measured"
    ]
    return [found[i] for i in widest_cover([one.window for one in found])]


def profile_of(session: Session, evaluation_id: int) -> bytes | None:
    """The counts an evaluation rests on, as `profile.encode_profile` wrote them; None when nothing was counted."""
    query = sa.select(ProfileRow.content).join(Evaluation, ProfileRow.evaluation_id == MEASURED_ID)
    return session.scalar(query.where(Evaluation.id == evaluation_id))


def _of_window(monitor: str, window: Window) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Evaluation.monitor == monitor,
        Evaluation.window_start == window.start,
        Evaluation.window_end == window.end,
    )


def _save_config(session: Session, new: NewEvaluation) -> None:
    values = {"sha256": new.config_sha256, "monitor": new.monitor, "content": storable(new.config)}
    session.execute(insert(MonitorConfig).values(**values).on_conflict_do_nothing())


def _evaluation_row(new: NewEvaluation, *, number: int) -> Evaluation:
    same = {
        name: getattr(new, name)
        for name in Evaluation.__table__.columns.keys()  # noqa: SIM118  # a column collection, not a dict
        if hasattr(new, name)
    }
    clean = storable(same)
    return Evaluation(number=number, window_start=new.window.start, window_end=new.window.end, **clean)


def _results(session: Session, ids: list[int]) -> dict[int, list[ResultRow]]:
    query = sa.select(ResultRow).where(ResultRow.evaluation_id.in_(ids)).order_by(ResultRow.position)
    found: dict[int, list[ResultRow]] = {}
    for row in session.scalars(query):
        found.setdefault(row.evaluation_id, []).append(row)
    return found


def _loaded(row: Any, rows: list[ResultRow]) -> LoadedEvaluation:  # noqa: ANN401  # a row of the table or of the view
    ranked = sorted((one for one in rows if one.rank is not None), key=lambda one: cast("int", one.rank))
    by_position = {one.position: result_of(one) for one in rows}
    return LoadedEvaluation(
        id=row.id,
        number=row.number,
        monitor=row.monitor,
        window=Window(*_utc(row.window_start, row.window_end)),
        run_id=row.run_id,
        run_type=row.run_type,
        verdict=row.verdict,
        reason=row.reason,
        page=row.page,
        n_reference=row.n_reference,
        n_current=row.n_current,
        coverage=row.coverage,
        model_version=row.model_version,
        results=tuple(by_position.values()),
        findings=tuple(by_position[one.position] for one in ranked),
    )


def _utc(*moments: datetime) -> list[datetime]:
    return [moment.astimezone(UTC) for moment in moments]
