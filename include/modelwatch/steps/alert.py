"""should_alert and send_slack_alert: who hears of a stored evaluation, and telling them once."""

from modelwatch.report.links import window_page
from modelwatch.report.policy import may_notify
from modelwatch.report.slack import Alert, alert_blocks, alert_text
from modelwatch.steps.run import Connect, Run
from modelwatch.store import engine, repository
from modelwatch.store.repository import LoadedEvaluation


def should_alert(run: Run, evaluation_id: int) -> bool:
    """Whether this run's evaluation goes to Slack: it pages, the run may speak, and there is a channel."""
    if run.monitor.alerts.slack is None or not may_notify(run.run_type, notify=run.notify):
        return False
    with engine.session(run.settings.database_url) as session:
        return repository.load_evaluation(session, evaluation_id).page


def send_slack_alert(run: Run, evaluation_id: int, connect: Connect) -> None:
    """Post the evaluation to the monitor's channel, once per evaluation however often the task is retried.

    Raises:
        AlertError: Slack refused or could not be reached; nothing is recorded and a retry sends it.
    """
    from modelwatch.report.delivery import post  # imported here: only this task talks to Slack

    slack = run.monitor.alerts.slack
    if slack is None:
        return
    with engine.session(run.settings.database_url) as session, session.begin():
        if repository.lock_alert(session, evaluation_id) is not None:
            return
        alert = _alert(run, repository.load_evaluation(session, evaluation_id))
        ts = post(connect(slack.connection), slack.channel, text=alert_text(alert), blocks=alert_blocks(alert))
        repository.record_alert(session, evaluation_id, slack.channel, ts)


def _alert(run: Run, stored: LoadedEvaluation) -> Alert:
    slack = run.monitor.alerts.slack
    page = window_page(run.settings.base_url, stored.monitor, stored.window, stored.number)
    links = [("Open the window", page), ("Open the run", run.run_url), ("Runbook", run.monitor.alerts.runbook)]
    return Alert(
        monitor=stored.monitor,
        window=stored.window,
        judgement=stored.judgement,
        n_reference=stored.n_reference,
        n_current=stored.n_current,
        coverage=stored.coverage,
        owner=run.monitor.owner or "",
        mention=slack.mention if slack else None,
        model_version=stored.model_version,
        number=stored.number,
        links=tuple((text, url) for text, url in links if url),
    )
