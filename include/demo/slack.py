"""A local stand-in for Slack's Web API that is as strict as Slack: limits, tokens, channels and rate limits.

python -m demo.slack --port 8082 --log build/slack.jsonl
"""

import argparse
import json
import os
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from demo.slack_limits import refused
from demo.slack_text import render

__all__ = ["FakeSlack", "create_app", "render"]

CHANNELS = ("#fraud-oncall", "#oncall", "#modelwatch-test")
Message = dict[str, Any]


class FakeSlack:
    """What was posted, and what is refused.

    Attributes:
        messages: every accepted message, in order.
        interval, burst: at most one message per ``interval`` seconds and channel after ``burst`` at once.
        fail: called before each message; a text it returns is answered as Slack's error.
    """

    def __init__(
        self,
        *,
        token: str,
        log: Path | None = None,
        channels: tuple[str, ...] = CHANNELS,
        interval: float = 1.0,
        burst: int = 3,
        fail: Callable[[], str | None] = lambda: None,
    ) -> None:
        self.messages: list[Message] = []
        self.token, self.channels, self.interval, self.burst, self.fail = token, channels, interval, burst, fail
        self._log, self._lock, self._sent = log, threading.Lock(), {name: [0.0] * burst for name in channels}

    def post(self, message: Message) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Status, body and headers of an answer to chat.postMessage."""
        channel = str(message.get("channel"))
        if channel not in self.channels:
            return 200, {"ok": False, "error": "channel_not_found"}, {}
        error = self.fail() or refused(message)
        if error:
            return 200, {"ok": False, "error": error}, {}
        with self._lock:
            wait = self._sent[channel][0] + self.interval * self.burst - time.monotonic()
            if self.interval and wait > 0:
                return 429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(max(1, round(wait)))}
            self._sent[channel] = [*self._sent[channel][1:], time.monotonic()]
            kept = {**message, "ts": f"{time.time():.6f}"}
            self.messages.append(kept)
            self._write(kept)
        return 200, {"ok": True, "channel": channel, "ts": kept["ts"], "message": kept}, {}

    def update(self, change: Message) -> dict[str, Any]:
        """Answer to chat.update."""
        for position, message in enumerate(self.messages):
            if message["ts"] == change.get("ts") and message["channel"] == change.get("channel"):
                error = refused(change)
                if error:
                    return {"ok": False, "error": error}
                self.messages[position] = {**message, **change}
                return {"ok": True, "channel": message["channel"], "ts": message["ts"]}
        return {"ok": False, "error": "message_not_found"}

    def _write(self, message: Message) -> None:
        if self._log is not None:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            with self._log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(message) + "\n")


def create_app(slack: FakeSlack) -> FastAPI:
    """Slack's methods over HTTP, form or JSON."""
    app = FastAPI(title="stand-in for Slack")

    @app.post("/api/{method}")
    async def call(method: str, request: Request) -> JSONResponse:
        sent = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not sent:
            return JSONResponse({"ok": False, "error": "not_authed"})
        if not secrets.compare_digest(sent, slack.token):
            return JSONResponse({"ok": False, "error": "invalid_auth"})
        body = await _body(request)
        if method == "chat.postMessage":
            status, answer, headers = slack.post(body)
            return JSONResponse(answer, status, headers)
        answers: dict[str, Callable[[], dict[str, Any]]] = {
            "chat.update": lambda: slack.update(body),
            "auth.test": lambda: {"ok": True, "user": "modelwatch"},
            "conversations.history": lambda: {
                "ok": True,
                "messages": [m for m in reversed(slack.messages) if m["channel"] == body.get("channel")],
            },
        }
        return JSONResponse(answers.get(method, lambda: {"ok": False, "error": "unknown_method"})())

    return app


async def _body(request: Request) -> Message:
    if "json" in request.headers.get("content-type", ""):
        return dict(await request.json())
    form = await request.form()
    fields: Message = {key: str(value) for key, value in form.items()}
    return {k: json.loads(v) if k in ("blocks", "metadata", "attachments") else v for k, v in fields.items()}


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8082)
    parser.add_argument("--log", type=Path, required=True, help="every accepted message is added here, one JSON a line")
    options = parser.parse_args()
    token = os.environ.get("DEMO_SLACK_TOKEN")
    if not token:
        parser.error("set DEMO_SLACK_TOKEN, the token that callers must send")
    slack = FakeSlack(token=token, log=options.log)
    uvicorn.run(create_app(slack), host="127.0.0.1", port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
