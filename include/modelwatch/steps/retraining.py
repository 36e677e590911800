"""request_retraining: asks for a new model when performance is confirmed to be worse, once, and with its evidence."""

from datetime import UTC
from typing import Any

from sqlalchemy.orm import Session

from modelwatch.config.labels import Retraining
from modelwatch.domain import Window, iso
from modelwatch.episodes import problem_key
from modelwatch.metrics.registry import METRICS
from modelwatch.report.document import result_document
from modelwatch.report.policy import may_notify
from modelwatch.steps.episodes import counts
from modelwatch.steps.run import Run
from modelwatch.store import engine, episodes, repository
from modelwatch.store import retraining as store
from modelwatch.store.episode_tables import EpisodeRow
from modelwatch.store.label_tables import RetrainingRow


def request_retraining(run: Run) -> dict[str, Any] | None:
    """The evidence for retraining when it is to be asked for now, else None.

    A run that has asked already, and is tried again, gets the same evidence again: what hears of it can tell by
    ``request`` that it is the same.
    """
    asking, name = run.monitor.retraining, run.monitor.monitor
    if asking is None or not counts(run) or not may_notify(run.run_type, notify=run.notify):
        return None
    with engine.session(run.settings.database_url) as session, session.begin():
        episodes.lock_monitor(session, name)
        store.end_requests(session, name, run.moment)
        made = store.request_of_run(session, name, run.run_id) or _make(session, run, asking)
        return None if made is None else {"request": made.id, **made.evidence}


def _make(session: Session, run: Run, asking: Retraining) -> RetrainingRow | None:
    last = store.last_request(session, run.monitor.monitor)
    if last is not None and (last.ended_at is None or run.moment < last.requested_at + asking.cooldown):
        return None
    for episode in store.open_performance_episodes(session, run.monitor.monitor):
        if any(_is_performance(key) for key in episode.members):
            made = RetrainingRow(
                monitor=run.monitor.monitor,
                episode_id=episode.id,
                run_id=run.run_id,
                requested_at=run.moment,
                evidence=_evidence(session, run, episode),
            )
            session.add(made)
            session.flush()
            return made
    return None


def _is_performance(key: str) -> bool:
    """Whether a problem is one of the model's performance; how it treats groups is not mended by training it again."""
    check, _, name = key.partition(":")
    return check == "performance" and name in METRICS


def _evidence(session: Session, run: Run, episode: EpisodeRow) -> dict[str, Any]:
    last = Window(episode.last_window_start.astimezone(UTC), episode.last_window_end.astimezone(UTC))
    stored = repository.evaluation_of(session, run.monitor.monitor, last)
    findings = stored.findings if stored else ()
    return {
        "monitor": run.monitor.monitor,
        "episode": episode.id,
        "severity": episode.severity,
        "since": iso(episode.first_window_start.astimezone(UTC)),
        "window": {"start": iso(last.start), "end": iso(last.end)},
        "problems": [key.partition(":")[2] for key in episode.members],
        "findings": [result_document(one) for one in findings if problem_key(one) in episode.members],
        "run": run.run_id,
    }
