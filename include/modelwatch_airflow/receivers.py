"""Receivers besides Slack, through Airflow's own providers; each is imported only when a monitor file asks for it.

A message has ``event`` (open, escalate or close), ``title``, ``monitor``, ``episode``, ``severity``, ``since``,
``url``, ``to`` and ``key``, which a receiver that knows such a thing uses to take a message only once.
"""

from collections.abc import Callable, Mapping
from typing import Any

from modelwatch.errors import AlertError

Message = Mapping[str, Any]
MISSING = (
    "alerts.receivers names {name}, but apache-airflow-providers-{name} is not installed: add it to requirements.txt"
)


def pagerduty(conn_id: str, message: Message) -> None:
    """An event of PagerDuty's Events API v2; the episode's number makes open and close one incident."""
    try:
        from airflow.providers.pagerduty.hooks.pagerduty_events import PagerdutyEventsHook
    except ImportError:
        raise AlertError(MISSING.format(name="pagerduty")) from None
    hook = PagerdutyEventsHook(pagerduty_events_conn_id=conn_id)
    action = "resolve" if message["event"] == "close" else "trigger"
    severity = "critical" if message["severity"] == "critical" else "error"
    hook.send_event(
        summary=message["title"],
        severity=severity,
        source=message["monitor"],
        action=action,
        dedup_key=_incident(message),
        links=[{"href": message["url"], "text": "Open the run"}] if message["url"] else None,
    )


def opsgenie(conn_id: str, message: Message) -> None:
    """An alert of Opsgenie; the episode's number is its alias."""
    try:
        from airflow.providers.opsgenie.hooks.opsgenie import OpsgenieAlertHook
    except ImportError:
        raise AlertError(MISSING.format(name="opsgenie")) from None
    hook = OpsgenieAlertHook(opsgenie_conn_id=conn_id)
    if message["event"] == "close":
        hook.close_alert(identifier=_incident(message), identifier_type="alias", payload={"source": "modelwatch"})
        return
    priority = "P1" if message["severity"] == "critical" else "P2"
    alert = {
        "message": message["title"][:130],
        "alias": _incident(message),
        "priority": priority,
        "source": "modelwatch",
    }
    hook.create_alert(alert)


def email(conn_id: str, message: Message) -> None:
    """An e-mail, through an SMTP Connection."""
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    with SmtpHook(smtp_conn_id=conn_id) as hook:
        hook.send_email_smtp(
            to=message["to"], subject=f"[{message['event']}] {message['title']}", html_content=_html(message)
        )


def webhook(conn_id: str, message: Message) -> None:
    """A POST of the message as JSON to an HTTP Connection; its header Idempotency-Key is the message's key."""
    from airflow.providers.http.hooks.http import HttpHook

    HttpHook(method="POST", http_conn_id=conn_id).run(json=dict(message), headers={"Idempotency-Key": message["key"]})


def _guarded(tell: Callable[[str, Message], None]) -> Callable[[str, Message], None]:
    def act(conn_id: str, message: Message) -> None:
        try:
            tell(conn_id, message)
        except AlertError:
            raise
        except Exception as error:
            text = (
                f"the receiver behind connection '{conn_id}' did not take the message ({type(error).__name__}: {error})"
            )
            raise AlertError(text) from error

    return act


def _incident(message: Message) -> str:
    return f"modelwatch-{message['monitor']}-{message['episode']}"


def _html(message: Message) -> str:
    from html import escape

    link = f'<p><a href="{escape(message["url"])}">Open the run</a></p>' if message["url"] else ""
    return f"<p>{escape(message['title'])}: {message['severity']}, since {message['since']}</p>{link}"


RECEIVERS = {
    "pagerduty": _guarded(pagerduty),
    "opsgenie": _guarded(opsgenie),
    "email": _guarded(email),
    "webhook": _guarded(webhook),
}
