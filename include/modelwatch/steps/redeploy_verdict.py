"""What a comparison of two versions came to: judged, stored, told, and decided upon by a person."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from modelwatch.domain import Judgement
from modelwatch.redeploy.behaviour import measure_behaviour
from modelwatch.redeploy.replay import answered_by_both, measure_replay
from modelwatch.redeploy.scores import ScoreBin, score_bins
from modelwatch.redeploy.sensitivity import measure_sensitivity
from modelwatch.redeploy.verdict import compare, judge_probes
from modelwatch.report.redeploy import redeploy_document, redeploy_message, redeploy_summary
from modelwatch.steps.accepted import accept
from modelwatch.steps.alert import send_due
from modelwatch.steps.probing import prepare
from modelwatch.steps.redeploy import Redeploy, judged_traffic, stored_sample
from modelwatch.steps.run import Connect, Run
from modelwatch.store import engine, outbox, redeploys
from modelwatch.store.outbox import Due
from modelwatch.store.redeploys import Decision


def judge_redeploy(redeploy: Redeploy, *, notify: bool) -> dict[str, Any]:
    """Judge traffic and answers, store the verdict, make its message due; returns the document."""
    redeploy_id = redeploy.open()
    with engine.session(redeploy.settings.database_url) as session, session.begin():
        asked = _asked(redeploy, session, redeploy_id)
        comparison = compare(judged_traffic(redeploy), asked.judgement, groups=asked.groups)
        comparison = replace(comparison, reference=judged_traffic(redeploy, "reference"), scores=asked.scores)
        document = redeploy_document(
            redeploy.monitor.monitor,
            redeploy.old,
            redeploy.new,
            redeploy.window,
            comparison,
            budget=redeploy.budget,
            sent=asked.sent,
            lost=asked.lost,
        )
        row = redeploys.by_run(session, redeploy.monitor.monitor, redeploy.run_id)
        redeploys.store_verdict(row, comparison.verdict, document)
        if notify:
            _make_due(redeploy, session, redeploy_id, document)
    return document


def judge_versions(redeploy: Redeploy) -> str:
    """Judge, make the message due, and return the evidence for who decides, as Markdown."""
    return redeploy_summary(judge_redeploy(redeploy, notify=True))


def send_verdict(redeploy: Redeploy, connect: Connect) -> None:
    """Send the message that is due, once however often this is tried.

    Raises:
        AlertError: it could not be sent; it stays due, and the message says what to mend.
    """
    run = Run(redeploy.monitor, redeploy.window, redeploy.run_id, "manual", redeploy.settings)
    send_due(run, connect, {}, only="redeploy")


def decide(redeploy: Redeploy, *, decision: Decision, by: str, reason: str | None = None) -> str:
    """Record who decided what, and say it. An accepted version's requests become the reference, if they suffice.

    The first decision stands: a task that is tried again, or an answer that comes twice, changes nothing.
    """
    least = redeploy.monitor.sample.minimum
    rows = stored_sample(redeploy, "new").rows if decision == "accepted" else None
    with engine.session(redeploy.settings.database_url) as session, session.begin():
        row = redeploys.by_run(session, redeploy.monitor.monitor, redeploy.run_id)
        redeploys.decide(row, decision, by=by, reason=reason)
        told = f"{row.new_version} was {row.decision} by {row.decided_by}"
        if row.decision != "accepted" or rows is None:
            return told
        if rows.num_rows < least:
            return f"{told}; the reference stays: {rows.num_rows} requests of it are known, {least} are needed"
        row.reference_uri = accept(redeploy, rows)
        return told


@dataclass(frozen=True)
class _Asked:
    """What came of asking the model.

    Attributes:
        groups: that were compared; sent, lost: requests that were sent, and those of them without an answer.
    """

    judgement: Judgement | None = None
    groups: frozenset[str] = frozenset()
    scores: tuple[ScoreBin, ...] = ()
    sent: int = 0
    lost: int = 0


def _asked(redeploy: Redeploy, session: Session, redeploy_id: int) -> _Asked:
    probe = redeploy.probe
    if probe is None:
        return _Asked()
    prepared, asked = prepare(redeploy, probe), redeploys.asked(session, redeploy_id)
    story = prepared.story(redeploy, {key: answer for key, answer in asked.items() if answer is not None})
    measured = [
        *measure_replay(story, prepared.segments, prepared.groups),
        *measure_sensitivity(story, prepared.segments),
        *measure_behaviour(story, probe.monotonic),
    ]
    judgement = judge_probes(measured, redeploy.monitor.rules(), n_answered=answered_by_both(story))
    lost = sum(answer is None for answer in asked.values())
    sent = redeploys.n_sent(session, redeploy_id)
    return _Asked(judgement, frozenset(prepared.groups), score_bins(story), sent, lost)


def _make_due(redeploy: Redeploy, session: Session, redeploy_id: int, document: dict[str, Any]) -> None:
    slack = redeploy.monitor.alerts.slack
    if slack is None:
        return
    payload = redeploy_message(document, owner=redeploy.monitor.owner, url=redeploy.run_url)
    due = Due(f"redeploy:{redeploy_id}", redeploy.monitor.monitor, "redeploy", slack.connection, slack.channel, payload)
    outbox.add_due(session, due)
