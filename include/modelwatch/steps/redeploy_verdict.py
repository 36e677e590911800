"""What a comparison of two versions came to: judged, stored, told, and decided upon by a person."""

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from modelwatch.domain import Judgement
from modelwatch.redeploy.behaviour import measure_behaviour
from modelwatch.redeploy.replay import answered_by_both, measure_replay
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
        probes, groups, sent, lost = _judged_probes(redeploy, session, redeploy_id)
        comparison = compare(judged_traffic(redeploy), probes, groups=groups)
        comparison = replace(comparison, reference=judged_traffic(redeploy, "reference"))
        document = redeploy_document(
            redeploy.monitor.monitor,
            redeploy.old,
            redeploy.new,
            redeploy.window,
            comparison,
            budget=redeploy.budget,
            sent=sent,
            lost=lost,
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
    """Record who decided what, and say it. An accepted version's requests become the reference.

    The first decision stands: a task that is tried again, or an answer that comes twice, changes nothing.
    """
    rows = stored_sample(redeploy, "new").rows if decision == "accepted" else None
    with engine.session(redeploy.settings.database_url) as session, session.begin():
        row = redeploys.by_run(session, redeploy.monitor.monitor, redeploy.run_id)
        redeploys.decide(row, decision, by=by, reason=reason)
        if row.decision == "accepted" and rows is not None:
            row.reference_uri = accept(redeploy, rows)
        return f"{row.new_version} was {row.decision} by {row.decided_by}"


def _judged_probes(
    redeploy: Redeploy, session: Session, redeploy_id: int
) -> tuple[Judgement | None, frozenset[str], int, int]:
    """The judgement of the answers, the groups that were compared, and how many requests were sent and lost."""
    probe = redeploy.probe
    if probe is None:
        return None, frozenset(), 0, 0
    prepared, asked = prepare(redeploy, probe), redeploys.asked(session, redeploy_id)
    story = prepared.story(redeploy, {key: answer for key, answer in asked.items() if answer is not None})
    measured = [
        *measure_replay(story, prepared.segments, prepared.groups),
        *measure_sensitivity(story, prepared.segments),
        *measure_behaviour(story, probe.monotonic),
    ]
    judgement = judge_probes(measured, redeploy.monitor.rules(), n_answered=answered_by_both(story))
    lost = sum(answer is None for answer in asked.values())
    return judgement, frozenset(prepared.groups), redeploys.n_sent(session, redeploy_id), lost


def _make_due(redeploy: Redeploy, session: Session, redeploy_id: int, document: dict[str, Any]) -> None:
    slack = redeploy.monitor.alerts.slack
    if slack is None:
        return
    payload = redeploy_message(document, owner=redeploy.monitor.owner, url=redeploy.run_url)
    due = Due(f"redeploy:{redeploy_id}", redeploy.monitor.monitor, "redeploy", slack.connection, slack.channel, payload)
    outbox.add_due(session, due)
