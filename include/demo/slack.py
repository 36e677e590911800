"""A local stand-in for Slack's Web API that is as strict as Slack: limits, tokens, channels and rate limits.

python -m demo.slack --port 8082 --log build/slack.jsonl
"""

import argparse
import json
import math
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

from demo.slack_limits import error, refused
from demo.slack_text import plain, render

__all__ = ["FakeSlack", "create_app", "plain", "render"]

CHANNELS = ("#fraud-oncall", "#oncall", "#modelwatch-test")
Message = dict[str, Any]
Answer = dict[str, Any]


class RateLimited(Exception):
    """A channel gets more messages than Slack takes."""

    def __init__(self, wait: float) -> None:
        self.retry_after = str(max(1, math.ceil(wait)))
        super().__init__(self.retry_after)


class Refused(Exception):
    """Slack does not do what was asked; with its answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(answer["error"])


class FakeSlack:
    """What was posted, and what is refused.

    Attributes:
        messages: every accepted message, in order, as it now is; ``channel`` is the name.
        interval, burst: at most one message per ``interval`` seconds and channel after ``burst`` at once.
        fail: called before each message; a text it returns is answered as Slack's error.
        methods: Slack's methods that can be called.
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
        self.token, self.interval, self.burst, self.fail = token, interval, burst, fail
        self._ids = {name: f"C{number:010d}" for number, name in enumerate(channels, start=1)}
        self._names = {one: name for name, one in self._ids.items()}
        self._log, self._lock, self._sent = log, threading.RLock(), dict.fromkeys(channels, (-math.inf,) * burst)
        self.methods: dict[str, Callable[[Message], Answer]] = {
            "auth.test": lambda _: {"ok": True, "user": "modelwatch", "team": "demo"},
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "reactions.get": self._reactions,
        }

    def call(self, method: str, body: Message) -> Answer:
        """Slack's answer to a method.

        Raises:
            RateLimited: the message came too soon after others.
        """
        try:
            with self._lock:
                return self.methods[method](body) if method in self.methods else error("unknown_method")
        except Refused as refusal:
            return refusal.answer

    def react(self, ts: str, emoji: str, user: str) -> None:
        """A person's reaction to a message."""
        with self._lock:
            message = next(one for one in self.messages if one["ts"] == ts)
            message.setdefault("reactions", []).append({"name": emoji, "users": [user], "count": 1})

    def _post(self, body: Message) -> Answer:
        # Only here does Slack take a channel's name, with or without its #; elsewhere it wants the id of the answer.
        given = str(body.get("channel"))
        name = self._names.get(given, f"#{given.removeprefix('#')}")
        if name not in self._ids:
            raise Refused(error("channel_not_found"))
        if failure := self.fail():
            raise Refused(error(failure))
        _check(body)
        self._count(name)
        latest = float(self.messages[-1]["ts"]) if self.messages else 0.0
        # Microseconds apart, since a thread is found by it.
        kept = {**body, "channel": name, "ts": f"{max(time.time(), latest + 2e-6):.6f}"}
        self.messages.append(kept)
        self._write(kept)
        return {"ok": True, "channel": self._ids[name], "ts": kept["ts"], "message": _shown(kept)}

    def _update(self, body: Message) -> Answer:
        message = self._one(body, body.get("ts"))
        _check(body)
        message.update({key: body[key] for key in ("text", "blocks", "metadata") if key in body}, edited=True)
        return {"ok": True, "channel": body["channel"], "ts": body["ts"], "text": body.get("text", "")}

    def _history(self, body: Message) -> Answer:
        newest = [one for one in reversed(self._all(body)) if one.get("thread_ts") in (None, one["ts"])]
        shown = newest[: int(body.get("limit") or 100)]
        return {"ok": True, "messages": [_shown(one) for one in shown], "has_more": len(shown) < len(newest)}

    def _replies(self, body: Message) -> Answer:
        thread = [one for one in self._all(body) if body.get("ts") in (one["ts"], one.get("thread_ts"))]
        return {"ok": True, "messages": [_shown(one) for one in thread]} if thread else error("thread_not_found")

    def _reactions(self, body: Message) -> Answer:
        message = self._one(body, body.get("timestamp"))
        return {"ok": True, "type": "message", "channel": body["channel"], "message": _shown(message)}

    def _all(self, body: Message) -> list[Message]:
        name = self._names.get(str(body.get("channel")))
        if name is None:
            raise Refused(error("channel_not_found"))
        return [one for one in self.messages if one["channel"] == name]

    def _one(self, body: Message, ts: object) -> Message:
        for message in self._all(body):
            if message["ts"] == ts:
                return message
        raise Refused(error("message_not_found"))

    def _count(self, channel: str) -> None:
        wait = self._sent[channel][0] + self.interval * self.burst - time.monotonic()
        if self.interval and wait > 0:
            raise RateLimited(wait)
        self._sent[channel] = (*self._sent[channel][1:], time.monotonic())

    def _write(self, message: Message) -> None:
        if self._log is not None:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            with self._log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(message) + "\n")


def _check(body: Message) -> None:
    if refusal := refused(body):
        raise Refused(refusal)


def _shown(message: Message) -> Message:
    return {"type": "message", **{key: value for key, value in message.items() if key != "channel"}}


def create_app(slack: FakeSlack) -> FastAPI:
    """Slack's methods over HTTP; arguments in the query, a form or JSON."""
    app = FastAPI(title="stand-in for Slack")

    @app.api_route("/api/{method}", methods=["GET", "POST"])
    async def call(method: str, request: Request) -> JSONResponse:
        sent = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not secrets.compare_digest(sent.encode(), slack.token.encode()):
            return JSONResponse(error("invalid_auth" if sent else "not_authed"))
        try:
            return JSONResponse(slack.call(method, await _arguments(request)))
        except RateLimited as limit:
            return JSONResponse(error("ratelimited"), 429, {"Retry-After": limit.retry_after})
        except json.JSONDecodeError:
            return JSONResponse(error("invalid_json"))

    return app


async def _arguments(request: Request) -> Message:
    if "json" in request.headers.get("content-type", ""):
        return dict(await request.json())
    given = {**request.query_params, **await request.form()}
    fields: Message = {key: str(value) for key, value in given.items()}
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
