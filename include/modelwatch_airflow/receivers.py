"""Receivers besides Slack, through Airflow's own providers; each is imported only when a monitor file asks for it.

A message has ``event`` (open, escalate or close), ``title``, ``monitor``, ``episode``, ``severity``, ``since``,
``url``, ``runbook``, ``to`` and ``key``, which a receiver that knows such a thing uses to take a message only once.
"""

from collections.abc import Callable, Iterable, Mapping
from html import escape
from importlib.util import find_spec
from typing import Any

from modelwatch.config import Monitor
from modelwatch.errors import AlertError

Message = Mapping[str, Any]
PROVIDERS = {"pagerduty": "pagerduty", "opsgenie": "opsgenie", "email": "smtp", "webhook": "http"}
"""The provider that each type of receiver needs."""
PAGERDUTY_SUMMARY, OPSGENIE_MESSAGE = 1024, 130  # what their APIs take, in characters


def missing_providers(monitors: Iterable[Monitor]) -> list[str]:
    """A line for each receiver of a monitor file that cannot be reached as Airflow is installed."""
    return [
        f"{monitor.path}: alerts.receivers[{position}]: {_install(receiver.type)}"
        for monitor in monitors
        for position, receiver in enumerate(monitor.alerts.receivers)
        if find_spec(f"airflow.providers.{PROVIDERS[receiver.type]}") is None
    ]


def pagerduty(conn_id: str, message: Message) -> None:
    """An event of PagerDuty's Events API v2; its dedup key makes an episode one incident."""
    from airflow.providers.pagerduty.hooks.pagerduty_events import PagerdutyEventsHook

    PagerdutyEventsHook(pagerduty_events_conn_id=conn_id).send_event(
        summary=message["title"][:PAGERDUTY_SUMMARY],
        severity="critical" if message["severity"] == "critical" else "error",
        source=message["monitor"],
        action="resolve" if message["event"] == "close" else "trigger",
        dedup_key=_incident(message),
        links=[{"href": address, "text": text} for text, address in _links(message)],
    )


def opsgenie(conn_id: str, message: Message) -> None:
    """An alert of Opsgenie, which knows the episode by its alias."""
    from airflow.providers.opsgenie.hooks.opsgenie import OpsgenieAlertHook
    from opsgenie_sdk import UpdateAlertPriorityPayload

    hook, alias = OpsgenieAlertHook(opsgenie_conn_id=conn_id), _incident(message)
    if message["event"] == "close":
        hook.close_alert(identifier=alias, identifier_type="alias", payload={"source": "modelwatch"})
        return
    priority = "P1" if message["severity"] == "critical" else "P2"
    if message["event"] == "escalate":  # creating an open alert again counts it, and changes nothing else of it
        worse = UpdateAlertPriorityPayload(priority=priority)
        hook.get_conn().update_alert_priority(alias, worse, identifier_type="alias")
        return
    alert = {"message": message["title"][:OPSGENIE_MESSAGE], "alias": alias, "priority": priority}
    hook.create_alert({**alert, "description": _text(message), "entity": message["monitor"], "source": "modelwatch"})


def email(conn_id: str, message: Message) -> None:
    """An e-mail through an SMTP Connection; an episode is one conversation, and a message sent twice has one id."""
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    began = f"<{_incident(message)}@modelwatch>"
    own = began if message["event"] == "open" else f"<{message['key'].replace(':', '-')}@modelwatch>"
    with SmtpHook(smtp_conn_id=conn_id) as hook:
        hook.send_email_smtp(
            to=message["to"],
            subject=f"[{message['event']}] {message['title']}",
            html_content=_html(message),
            custom_headers={"Message-ID": own, **({} if own == began else {"References": began})},
        )


def webhook(conn_id: str, message: Message) -> None:
    """A POST of the message as JSON to an HTTP Connection; its header Idempotency-Key is the message's key."""
    from airflow.providers.http.hooks.http import HttpHook

    HttpHook(method="POST", http_conn_id=conn_id).run(json=dict(message), headers={"Idempotency-Key": message["key"]})


def _guarded(kind: str, tell: Callable[[str, Message], None]) -> Callable[[str, Message], None]:
    def act(conn_id: str, message: Message) -> None:
        try:
            tell(conn_id, message)
        except ModuleNotFoundError as error:
            text = f"{_install(kind)} ({error})"
            raise AlertError(text) from None
        except Exception as error:
            text = (
                f"the receiver behind connection '{conn_id}' did not take the message ({type(error).__name__}: {error})"
            )
            raise AlertError(text) from error

    return act


def _install(kind: str) -> str:
    return (
        f"a receiver of type {kind} needs the package apache-airflow-providers-{PROVIDERS[kind]}, which is not "
        "installed: add it to requirements.txt"
    )


def _incident(message: Message) -> str:
    return f"modelwatch-{message['monitor']}-{message['episode']}"


def _links(message: Message) -> list[tuple[str, str]]:
    links = [("Open the run", message.get("url")), ("Runbook", message.get("runbook"))]
    return [(text, address) for text, address in links if address]


def _text(message: Message) -> str:
    links = [f"{text}: {address}" for text, address in _links(message)]
    return "\n".join([f"{message['title']}: {message['severity']}, since {message['since']}", *links])


def _html(message: Message) -> str:
    links = [f'<p><a href="{escape(address)}">{text}</a></p>' for text, address in _links(message)]
    about = f"{message['title']}: {message['severity']}, since {message['since']}"
    return "".join([f"<p>{escape(about)}</p>", *links])


RECEIVERS = {
    kind: _guarded(kind, tell)
    for kind, tell in (("pagerduty", pagerduty), ("opsgenie", opsgenie), ("email", email), ("webhook", webhook))
}
