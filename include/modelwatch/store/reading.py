"""What the pages ask the store. Every query is bound to named monitors and a span of time, and loads no profile that is
not shown. Functions take a session and never commit.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.orm import Session, aliased

from modelwatch.domain import Window
from modelwatch.history import ESTIMATED, About, Finding, Mark, Point, Strongest
from modelwatch.store.label_tables import EstimateRow
from modelwatch.store.repository import CURRENT
from modelwatch.store.tables import Evaluation, MonitorConfig, ResultRow

MARK = ("id", "window_start", "window_end", "number", "verdict", "page", "n_current", "coverage")
POINT = (
    "check", "metric", "feature", "group", "value", "effect", "ci_low", "ci_high", "threshold", "status", "n_current",
)  # fmt: skip
MAPPED = ("feature_drift", "multivariate_drift", "quality")
RESULT = ResultRow.__table__.c  # columns of the table, not of the class: rows come back without the ORM's work


def abouts(session: Session) -> list[About]:
    """Every monitor that was ever judged, by name, with its file as of its newest window."""
    names = sa.select(MonitorConfig.monitor).distinct().subquery()
    newest = (
        sa.select(Evaluation.config_sha256)
        .where(Evaluation.monitor == names.c.monitor)
        .order_by(Evaluation.window_start.desc(), Evaluation.window_end.desc(), Evaluation.number.desc())
        .limit(1)
        .lateral()
    )
    query = (
        sa.select(names.c.monitor, MonitorConfig.content)
        .select_from(names)
        .join(newest, sa.true())
        .join(MonitorConfig, MonitorConfig.sha256 == newest.c.config_sha256)
        .order_by(names.c.monitor)
    )
    return [_about(name, content) for name, content in session.execute(query)]


def about(session: Session, monitor: str) -> About | None:
    """One monitor as of its newest window, or None when no window of it was ever judged."""
    query = (
        sa.select(MonitorConfig.content)
        .join(Evaluation, Evaluation.config_sha256 == MonitorConfig.sha256)
        .where(Evaluation.monitor == monitor)
        .order_by(Evaluation.window_start.desc(), Evaluation.window_end.desc(), Evaluation.number.desc())
        .limit(1)
    )
    content = session.scalar(query)
    return None if content is None else _about(monitor, content)


def marks(session: Session, monitors: Sequence[str], *, since: datetime, until: datetime) -> dict[str, list[Mark]]:
    """The current verdict of every window that starts in ``[since, until)``, by monitor, oldest first."""
    query = (
        sa.select(CURRENT.c.monitor, *(CURRENT.c[name] for name in MARK))
        .where(CURRENT.c.monitor.in_(monitors), CURRENT.c.window_start >= since, CURRENT.c.window_start < until)
        .order_by(CURRENT.c.monitor, CURRENT.c.window_start, CURRENT.c.window_end)
    )
    found: dict[str, list[Mark]] = {name: [] for name in monitors}
    for monitor, *row in session.connection().execute(query).all():
        found[monitor].append(_mark(row))
    return found


def last_mark(session: Session, monitor: str) -> Mark | None:
    """The current verdict of the newest window, however long ago it was."""
    query = (
        sa.select(*(CURRENT.c[name] for name in MARK))
        .where(CURRENT.c.monitor == monitor)
        .order_by(CURRENT.c.window_start.desc(), CURRENT.c.window_end.desc())
        .limit(1)
    )
    row = session.execute(query).first()
    return None if row is None else _mark(row)


def crossed(session: Session, marks: Iterable[Mark]) -> list[Point]:
    """Every result of these evaluations that crossed a threshold, oldest window first, in each the worst first."""
    return _points(session, marks, RESULT.rank.is_not(None), RESULT.rank)


def series(session: Session, marks: Iterable[Mark]) -> list[Point]:
    """What is drawn over time: the drift of the prediction, and fairness and performance, judged or not."""
    known = list(marks)
    judged = sa.and_(RESULT.check == "prediction_drift", RESULT.threshold.is_not(None))
    wanted = sa.or_(judged, RESULT.check.in_(("fairness", "performance")))
    return [*_points(session, known, wanted, RESULT.position), *_estimates(session, known)]


def _estimates(session: Session, marks: Sequence[Mark]) -> list[Point]:
    """What the windows that wait for labels may come to, as it was estimated last."""
    table = EstimateRow
    waiting = sa.select(Evaluation.monitor, Evaluation.window_start, Evaluation.window_end).where(
        Evaluation.id.in_([mark.id for mark in marks]), Evaluation.awaits_labels
    )
    other = aliased(table)
    newest = sa.select(sa.func.max(other.known_at)).where(other.monitor == table.monitor)
    query = (
        sa.select(table)
        .where(sa.tuple_(table.monitor, table.window_start, table.window_end).in_(waiting))
        .where(table.known_at == newest.scalar_subquery())
        .order_by(table.window_start, table.window_end, table.metric)
    )
    n_current = {mark.window: mark.n_current for mark in marks}
    found = ((row, _window(row.window_start, row.window_end)) for row in session.scalars(query))
    return [
        Point(
            window,
            check="performance",
            metric=row.metric,
            feature=None,
            group=ESTIMATED,
            value=row.value,
            effect=None,
            ci_low=row.ci_low,
            ci_high=row.ci_high,
            threshold=None,
            status="insufficient_data",
            n_current=n_current[window],
            evidence=row.reason,
            cause=None,
            shared_reason=None,
        )
        for row, window in found
    ]


def strongest(session: Session, buckets: Mapping[int, int], windows: Mapping[int, Window]) -> list[Strongest]:
    """Of every feature and bucket the result that says most: the worst status, then the largest effect in thresholds.

    Args:
        buckets: evaluation id -> the column it belongs to.
        windows: evaluation id -> its window.
    """
    places = sa.func.unnest(
        sa.literal(list(buckets), ARRAY(sa.BigInteger)), sa.literal(list(buckets.values()), ARRAY(sa.Integer))
    ).table_valued("evaluation_id", "bucket")
    places = places.render_derived(name="place")
    severity = sa.case({"alert": 4, "warning": 3, "ok": 2, "insufficient_data": 1}, value=RESULT.status, else_=0)
    ratio = RESULT.effect / sa.func.nullif(RESULT.threshold, 0, type_=sa.Double)  # untyped, it would be NUMERIC: slow
    # As the verdict ranks findings: the thresholds of shares are so close to 0 that multiples of them dwarf the rest.
    beyond = sa.case((RESULT.metric.endswith("_share"), sa.func.sqrt(sa.func.greatest(ratio, 0.0))), else_=ratio)
    columns = (RESULT.metric, RESULT.effect, RESULT.q_value, RESULT.threshold, RESULT.status)
    # The ids stand in the query, so that Postgres sees how few rows it is about and reads them as they lie on disk;
    # names are sorted byte by byte, for only equal ones have to meet.
    check, name = RESULT.check.collate("C"), sa.func.coalesce(RESULT.feature, RESULT.metric).collate("C")
    query = (
        sa.select(places.c.bucket, RESULT.evaluation_id, RESULT.check, name, *columns)
        .ext(distinct_on(places.c.bucket, check, name))
        .join(places, places.c.evaluation_id == RESULT.evaluation_id)
        .where(RESULT.evaluation_id.in_(list(buckets)), RESULT.check.in_(MAPPED))
        .where(RESULT.threshold.is_not(None), RESULT.metric != "row_count")
        .order_by(places.c.bucket, check, name, severity.desc(), beyond.desc().nulls_last())
    )
    rows = session.connection().execute(query).all()
    return [Strongest(bucket, windows[id_], *rest) for bucket, id_, *rest in rows]


def findings(session: Session, evaluation_ids: Sequence[int]) -> dict[int, list[Finding]]:
    """What crossed a threshold in each of these evaluations, worst first."""
    columns = (ResultRow.check, ResultRow.metric, ResultRow.feature, ResultRow.group, ResultRow.status)
    query = (
        sa.select(ResultRow.evaluation_id, *columns)
        .where(ResultRow.evaluation_id.in_(evaluation_ids), ResultRow.rank.is_not(None))
        .order_by(ResultRow.evaluation_id, ResultRow.rank)
    )
    found: dict[int, list[Finding]] = {}
    for row in session.connection().execute(query).all():
        found.setdefault(row[0], []).append(Finding._make(row[1:]))
    return found


def _points(
    session: Session,
    marks: Iterable[Mark],
    wanted: sa.ColumnElement[bool],
    order: sa.ColumnElement[int] | sa.ColumnElement[int | None],
) -> list[Point]:
    windows = {mark.id: mark.window for mark in marks}
    evidence = sa.case((RESULT.rank.is_not(None), RESULT.evidence))
    words = (evidence, RESULT.cause, RESULT.shared_reason)
    query = sa.select(RESULT.evaluation_id, order, *(getattr(RESULT, name) for name in POINT), *words).where(
        RESULT.evaluation_id.in_(list(windows)), wanted
    )
    # Sorted here: told to sort, Postgres would read every result of these windows in the order of an index.
    rows = sorted(session.connection().execute(query).all(), key=lambda row: (windows[row[0]], row[0], row[1]))
    return [Point._make((windows[row[0]], *row[2:])) for row in rows]


def _about(monitor: str, content: dict[str, Any]) -> About:
    """Of a stored monitor file what a page shows; one of an older version may lack keys."""
    columns = content.get("columns") or {}
    return About(
        monitor=monitor,
        owner=content.get("owner") or "",
        description=content.get("description") or "",
        tags=tuple(content.get("tags") or ()),
        minimum=(content.get("sample") or {}).get("minimum") or 0,
        window=content.get("window") or "P1D",
        schedule=content.get("schedule") or "",
        timezone=content.get("timezone") or "UTC",
        runbook=(content.get("alerts") or {}).get("runbook"),
        false_discovery_rate=content.get("false_discovery_rate") or 0.01,
        score=columns.get("score"),
        decision=columns.get("decision"),
    )


def _mark(row: Sequence[Any]) -> Mark:
    id_, start, end, *rest = row
    return Mark(id_, _window(start, end), *rest)


def _window(start: datetime, end: datetime) -> Window:
    return Window(start.astimezone(UTC), end.astimezone(UTC))
