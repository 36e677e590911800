"""PagerDuty, Opsgenie, a webhook and a mail server on local ports, as their documentation says they behave.

https://developer.pagerduty.com/docs/events-api-v2-overview, https://docs.opsgenie.com/docs/alert-api, RFC 5321.
"""

import email
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

ROUTING_KEY, GENIE_KEY = "r" * 32, "genie-key"
Body = dict[str, Any]


@dataclass
class Receiver:
    """What arrived, and what is answered first.

    Attributes:
        refuse: status codes that the next calls are answered with, in order.
    """

    refuse: list[int] = field(default_factory=list)

    def refusal(self) -> JSONResponse | None:
        """The refusal that is due."""
        if not self.refuse:
            return None
        return JSONResponse({"message": "refused"}, self.refuse.pop(0), {"Retry-After": "1"})


@dataclass
class PagerDuty(Receiver):
    """Incidents by their dedup key; a trigger after a resolve is a new incident, another one joins the open one."""

    incidents: list[Body] = field(default_factory=list)

    def app(self) -> FastAPI:
        """The Events API v2."""
        app = FastAPI()

        @app.post("/v2/enqueue")
        async def enqueue(request: Request) -> JSONResponse:
            event = await request.json()
            if refusal := self.refusal():
                return refusal
            problems = list(_event_problems(event))
            if problems:
                said = {"status": "invalid event", "message": "Event object is invalid", "errors": problems}
                return JSONResponse(said, 400)
            self._take(event)
            said = {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}
            return JSONResponse(said, 202)

        return app

    def _take(self, event: Body) -> None:
        key = event["dedup_key"]
        running = next((one for one in self.incidents if one["key"] == key and one["status"] == "triggered"), None)
        if event["event_action"] == "resolve":
            if running:
                running["status"] = "resolved"
        elif running:
            running["events"].append(event)
        else:
            self.incidents.append({"key": key, "status": "triggered", "events": [event]})


def _event_problems(event: Body) -> Iterator[str]:
    payload = event.get("payload") or {}
    if event.get("routing_key") != ROUTING_KEY:
        yield "'routing_key' is invalid"
    if event.get("event_action") not in ("trigger", "acknowledge", "resolve"):
        yield "'event_action' is invalid"
    if event.get("event_action") == "trigger":
        if not 0 < len(payload.get("summary") or "") <= 1024:
            yield "'payload.summary' is missing or too long"
        if payload.get("severity") not in ("critical", "error", "warning", "info") or not payload.get("source"):
            yield "'payload.severity' or 'payload.source' is invalid"
    elif not event.get("dedup_key"):
        yield "'dedup_key' is missing"


@dataclass
class Opsgenie(Receiver):
    """Alerts by their alias; creating an open one again counts it and changes nothing else."""

    alerts: list[Body] = field(default_factory=list)

    def app(self) -> FastAPI:
        """The Alert API."""
        app = FastAPI()

        @app.post("/v2/alerts")
        async def create(request: Request) -> JSONResponse:
            body = await request.json()
            if refusal := self._denied(request):
                return refusal
            if not 0 < len(body.get("message") or "") <= 130:
                return JSONResponse({"message": "Message can not be empty or longer than 130"}, 422)
            found = self._open(body["alias"])
            if found:
                found["count"] += 1
            else:
                self.alerts.append({**body, "status": "open", "count": 1})
            return _accepted()

        @app.post("/v2/alerts/{alias}/close")
        async def close(alias: str, request: Request) -> JSONResponse:
            return self._denied(request) or self._change(alias, request, {"status": "closed"})

        @app.put("/v2/alerts/{alias}/priority")
        async def prioritise(alias: str, request: Request) -> JSONResponse:
            body = await request.json()
            return self._denied(request) or self._change(alias, request, {"priority": body["priority"]})

        return app

    def _denied(self, request: Request) -> JSONResponse | None:
        if request.headers.get("authorization") != f"GenieKey {GENIE_KEY}":
            return JSONResponse({"message": "API Key is not valid"}, 401)
        return self.refusal()

    def _change(self, alias: str, request: Request, change: Body) -> JSONResponse:
        found = self._open(alias)
        if request.query_params.get("identifierType") == "alias" and found:
            found.update(change)
        return _accepted()  # also of an alert that is not there: it is looked for later

    def _open(self, alias: str) -> Body | None:
        return next((one for one in self.alerts if (one["alias"], one["status"]) == (alias, "open")), None)


def _accepted() -> JSONResponse:
    return JSONResponse({"result": "Request will be processed", "took": 0.1, "requestId": "r-1"}, 202)


@dataclass
class Webhook(Receiver):
    """Every message by its idempotency key, however often it came."""

    taken: dict[str, Body] = field(default_factory=dict)
    n_calls: int = 0

    def app(self) -> FastAPI:
        """One address below a path, as such hooks have."""
        app = FastAPI()

        @app.post("/hooks/oncall")
        async def take(request: Request) -> JSONResponse:
            self.n_calls += 1
            if refusal := self.refusal():
                return refusal
            self.taken.setdefault(request.headers["idempotency-key"], await request.json())
            return JSONResponse({})

        return app


@dataclass
class Mailbox(Receiver):
    """Mails as they arrived, repetitions and all."""

    mails: list[Message] = field(default_factory=list)

    @contextmanager
    def serving(self) -> Iterator[int]:
        """A mail server; yields its port."""
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            server.server_close()

    def _handler(mailbox: "Mailbox") -> type[socketserver.StreamRequestHandler]:  # noqa: N805  # the handler has a self
        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self._say("220 mail.example.com")
                for line in self.rfile:
                    word = line[:4].strip().upper()
                    if word == b"RCPT" and mailbox.refuse:
                        self._say(f"{mailbox.refuse.pop(0)} try again later")
                    elif word == b"DATA":
                        self._say("354 go on")
                        mailbox.mails.append(email.message_from_bytes(b"".join(iter(self.rfile.readline, b".\r\n"))))
                        self._say("250 taken")
                    else:
                        self._say("221 bye" if word == b"QUIT" else "250 mail.example.com")

            def _say(self, line: str) -> None:
                self.wfile.write(f"{line}\r\n".encode())

        return Handler
