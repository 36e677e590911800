"""Reading the judged windows that episodes are made of, and keeping the tables of episodes equal to the replay.

Functions take a session and never commit: the verdict and what follows from it are one transaction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from modelwatch.domain import Judgement, Measurement, Result, Window
from modelwatch.episodes import Episode, JudgedWindow, Known, judged_window
from modelwatch.store.episode_tables import EpisodeEventRow, EpisodeRow, EpisodeWindowRow
from modelwatch.store.tables import Evaluation, ResultRow

# The watchdog opens and closes these; no window's verdict says anything of them.
OF_WATCHDOG = ("health:missed", "health:config")
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
HISTORY = ("backfill", "cli")  # such runs look back; they make no news
MARGIN = 2  # a window of another length may lie among those that count


@dataclass(frozen=True)
class Change:
    """What the replay made of one stored episode; ``episode`` is None when it took it back.

    Attributes:
        before: its status until now, None when it is new.
    """

    row: EpisodeRow
    episode: Episode | None
    before: str | None


def lock_monitor(session: Session, monitor: str) -> None:
    """Make this transaction the only one that changes the monitor's episodes."""
    key = {"key": f"episodes {monitor}"}
    session.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), key)


def replay_from(session: Session, monitor: str, window: Window, *, of: int) -> datetime:
    """A moment from which replaying the windows that end after it gives what replaying all of them would.

    No episode is running at that moment, and there are enough windows between it and the next one for ``of``.
    """
    moment = window.start
    while True:
        moment = _earlier(session, monitor, moment, of - 1 + (MARGIN if of > 1 else 0))
        first = session.scalar(
            sa.select(sa.func.min(EpisodeRow.first_window_end)).where(
                *_replayed(monitor),
                EpisodeRow.status != "withdrawn",
                EpisodeRow.first_window_end <= moment,
                sa.or_(EpisodeRow.closed_window_end.is_(None), EpisodeRow.closed_window_end > moment),
            )
        )
        if first is None or moment == BEGINNING:
            return moment
        moment = first - timedelta(microseconds=1)  # before the window that began it


def history(session: Session, monitor: str, since: datetime, until: datetime | None = None) -> list[JudgedWindow]:
    """The windows that end after ``since``, each by its newest evaluation over all versions of the model."""
    table = Evaluation
    query = (
        sa.select(table.id, table.window_start, table.window_end, table.verdict, table.n_current, table.run_type)
        .add_columns(table.awaits_labels)
        .where(table.monitor == monitor, table.model_version.is_(None), table.window_end > since)
        .order_by(table.window_start, table.window_end, table.number)
    )
    if until is not None:
        query = query.where(table.window_end <= until)
    newest: dict[tuple[datetime, datetime], Any] = {}
    for row in session.execute(query):
        newest[row.window_start, row.window_end] = row
    rows = list(newest.values())
    results = _results(session, [row.id for row in rows])
    return [_judged(row, results.get(row.id, ())) for row in rows]


def known_episodes(session: Session, monitor: str, since: datetime) -> list[tuple[EpisodeRow, Known]]:
    """The stored episodes that a replay of the windows that end after ``since`` decides on, withdrawn ones included."""
    end_of = sa.select(sa.func.max(EpisodeWindowRow.window_end)).where(EpisodeWindowRow.episode_id == EpisodeRow.id)
    query = (
        sa.select(EpisodeRow, end_of.scalar_subquery())
        .where(*_replayed(monitor), EpisodeRow.first_window_end > since)
        .order_by(EpisodeRow.id)
    )
    return [(row, _known(row, last)) for row, last in session.execute(query)]


def write_episodes(session: Session, monitor: str, replayed: Sequence[Episode], since: datetime) -> list[Change]:
    """Make the tables say what the replay of the windows after ``since`` says; returns what changed or may have."""
    from modelwatch.episodes import match

    known = known_episodes(session, monitor, since)
    rows = {row.id: row for row, _ in known}
    changes: list[Change] = []
    for episode, found in zip(replayed, match([one for _, one in known], replayed), strict=True):
        row = rows.pop(found) if found is not None else EpisodeRow(monitor=monitor)
        changes.append(_write(session, row, episode))
    for row in rows.values():
        if row.status != "withdrawn":
            changes.append(Change(row, None, row.status))
            row.status, row.updated_at = "withdrawn", datetime.now(UTC)
    session.flush()
    return changes


def add_event(session: Session, row: EpisodeRow, kind: str, key: str, **more: Any) -> bool:  # noqa: ANN401  # columns
    """Add to the episode's trail, once per key; True when it was new."""
    values = {"key": f"episode:{row.id}:{key}", "monitor": row.monitor, "episode_id": row.id, "kind": kind, **more}
    return add_monitor_event(session, **values)


def add_monitor_event(session: Session, **values: Any) -> bool:  # noqa: ANN401  # columns
    """Add to the trail, once per key; True when it was new."""
    values.setdefault("at", datetime.now(UTC))
    added = insert(EpisodeEventRow).values(**values).on_conflict_do_nothing().returning(EpisodeEventRow.id)
    return session.scalar(added) is not None


def _write(session: Session, row: EpisodeRow, episode: Episode) -> Change:
    before = row.status
    columns = {**_columns(episode), "model_version": _version(session, row.monitor, episode.opened)}
    changed = {name: value for name, value in columns.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    if changed:
        row.updated_at = datetime.now(UTC)
    session.add(row)
    session.flush()
    _write_windows(session, row.id, episode)
    return Change(row, episode, before)


def _version(session: Session, monitor: str, window: Window) -> str | None:
    """The version that answered most of a window's requests, as far as they name one."""
    where = Evaluation.monitor == monitor, Evaluation.model_version.is_(None)
    query = sa.select(Evaluation.sample["versions"]).where(
        *where, Evaluation.window_start == window.start, Evaluation.window_end == window.end
    )
    counts = session.scalar(query.order_by(Evaluation.number.desc()).limit(1)) or {}
    return max(counts, key=lambda version: (counts[version], version), default=None)


def _columns(episode: Episode) -> dict[str, Any]:
    windows = {"first": episode.first, "opened": episode.opened, "last": episode.last, "closed": episode.closed}
    edges = {
        f"{name}_window_{edge}": None if window is None else getattr(window, edge)
        for name, window in windows.items()
        for edge in ("start", "end")
    }
    return {
        "kind": "health" if episode.check == "health" else "model",
        "fingerprint": episode.fingerprint,
        "check": episode.check,
        "members": list(episode.members),
        "cause": episode.cause,
        "severity": episode.severity,
        "peak": episode.peak,
        "status": "open" if episode.closed is None else "closed",
        **edges,
    }


def _write_windows(session: Session, episode_id: int, episode: Episode) -> None:
    table = EpisodeWindowRow
    wanted = {(one.window.start, one.window.end): (str(one.state), one.excess) for one in episode.traces}
    query = sa.select(table).where(table.episode_id == episode_id)
    there = {(row.window_start, row.window_end): row for row in session.scalars(query)}
    for key in there.keys() - wanted.keys():
        session.delete(there[key])
    for key, (state, excess) in wanted.items():
        row = there.get(key)
        if row is None:
            start, end = key
            session.add(table(episode_id=episode_id, window_start=start, window_end=end, state=state, excess=excess))
        elif (row.state, row.excess) != (state, excess):
            row.state, row.excess = state, excess
    session.flush()


def _earlier(session: Session, monitor: str, moment: datetime, windows: int) -> datetime:
    """Just before the ``windows``-th measured window that ends by the moment; the beginning when there are fewer."""
    ends = (
        sa.select(Evaluation.window_end)
        .where(Evaluation.monitor == monitor, Evaluation.window_end <= moment)
        .where(Evaluation.verdict.in_(("ok", "warning", "alert")), Evaluation.model_version.is_(None))
        .group_by(Evaluation.window_end)
        .order_by(Evaluation.window_end.desc())
        .offset(windows)
        .limit(1)
    )
    return session.scalar(ends) or BEGINNING


def _replayed(monitor: str) -> tuple[sa.ColumnElement[bool], ...]:
    return EpisodeRow.monitor == monitor, EpisodeRow.fingerprint.not_in(OF_WATCHDOG)


def _results(session: Session, ids: Sequence[int]) -> dict[int, tuple[Result, ...]]:
    """The judged results of the evaluations that are not ok, and the ok ones beside a result that has no value.

    The rest says only that a problem is quiet, as their absence does; there are hundreds of them per window.
    """
    table = ResultRow
    columns = (table.check, table.metric, table.feature, table.group, table.n_current, table.effect, table.cause)
    query = (
        sa.select(table.evaluation_id, table.status, table.threshold, table.measured_reason, *columns)
        .where(table.threshold.is_not(None))
        .order_by(table.evaluation_id, table.position)
    )
    rows = list(session.execute(query.where(table.evaluation_id.in_(ids), table.status != "ok")))
    without_value = {row.evaluation_id for row in rows if row.status == "not_computable"}
    if without_value:
        rows += session.execute(query.where(table.evaluation_id.in_(without_value), table.status == "ok"))
    found: dict[int, list[Result]] = {}
    for row in rows:
        found.setdefault(row.evaluation_id, []).append(_result(row))
    return {number: tuple(results) for number, results in found.items()}


def _result(row: Any) -> Result:  # noqa: ANN401  # the columns above
    measured = Measurement(
        row.check,
        row.metric,
        row.effect,
        None,
        row.n_current,
        feature=row.feature,
        group=row.group,
        effect=row.effect,
        reason=row.measured_reason,
        cause=row.cause,
    )
    return Result(measured, row.status, row.threshold)


def _judged(row: Any, results: tuple[Result, ...]) -> JudgedWindow:  # noqa: ANN401  # the columns above
    (window,) = _windows([(row.window_start, row.window_end)])
    judgement = Judgement(row.verdict, None, results, ())
    more = {"is_live": row.run_type not in HISTORY, "awaits_labels": row.awaits_labels}
    return judged_window(window, judgement, n_current=row.n_current, **more)


def _known(row: EpisodeRow, last: datetime | None) -> Known:
    (first,) = _windows([(row.first_window_start, row.first_window_end)])
    until = (row.closed_window_end or last or row.last_window_end).astimezone(UTC)
    return Known(
        row.id, row.fingerprint, tuple(row.members), first, Window(first.start, until), row.status == "withdrawn"
    )


def _windows(edges: Iterable[tuple[datetime, datetime]]) -> list[Window]:
    return [Window(start.astimezone(UTC), end.astimezone(UTC)) for start, end in edges]


def windows_of(session: Session, row: EpisodeRow) -> list[tuple[Window, str]]:
    """Every window of an episode with what it said, oldest first."""
    query = sa.select(EpisodeWindowRow).where(EpisodeWindowRow.episode_id == row.id)
    rows = session.scalars(query.order_by(EpisodeWindowRow.window_end, EpisodeWindowRow.window_start))
    return [(Window(one.window_start.astimezone(UTC), one.window_end.astimezone(UTC)), one.state) for one in rows]


def announced_open(session: Session, monitor: str) -> Sequence[EpisodeRow]:
    """The open episodes that have a root message people may answer."""
    query = sa.select(EpisodeRow).where(
        EpisodeRow.monitor == monitor, EpisodeRow.status == "open", EpisodeRow.slack_ts.is_not(None)
    )
    return session.scalars(query.order_by(EpisodeRow.id)).all()
