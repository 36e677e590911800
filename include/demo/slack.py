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
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from demo import slack_people as people
from demo.slack_files import Files
from demo.slack_limits import error, refused
from demo.slack_rates import RateLimited, Tiers
from demo.slack_reading import page, shown
from demo.slack_scopes import SCOPES, missing_scope
from demo.slack_text import plain, render

__all__ = ["FakeSlack", "create_app", "plain", "render"]

CHANNELS = ("#fraud-oncall", "#oncall", "#modelwatch-test", "#modelwatch-health")
BOT = "B0000000001"
Message = dict[str, Any]
Answer = dict[str, Any]


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
        trouble: called with the method before each call; a text it returns is answered as Slack's error, "http_500" as
            a failure of Slack's servers, and "lost" does what was asked and then answers as such a failure.
        files: what was uploaded. tiers: how often methods were called within the last minute.
        methods: Slack's methods that can be called. scopes: what the app may do, by default all that the methods need.
        calls: how often each method was called.
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
        self.trouble: Callable[[str], str | None] = lambda _: None
        self.files, self.tiers = Files(), Tiers()
        self._log, self._lock, self._sent = log, threading.RLock(), dict.fromkeys(channels, (-math.inf,) * burst)
        self.scopes, self.calls = set(SCOPES.values()), Counter[str]()
        self.methods: dict[str, Callable[[Message], Answer]] = {
            "auth.test": lambda _: {"ok": True, "user": "modelwatch", "team": "demo"},
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.list": self._list,
            "conversations.replies": self._replies,
            "files.completeUploadExternal": self._share,
            "files.getUploadURLExternal": self.files.ask,
            "reactions.get": self._reactions,
            "usergroups.list": people.groups,
            "users.lookupByEmail": people.person,
        }

    def call(self, method: str, body: Message) -> Answer:
        """Slack's answer to a method.

        Raises:
            RateLimited: the message came too soon after others.
        """
        try:
            with self._lock:
                self.calls[method] += 1
                if self.interval:
                    self.tiers.count(method)
                if refusal := missing_scope(method, self.scopes):
                    return refusal
                return self.methods[method](body) if method in self.methods else error("unknown_method")
        except Refused as refusal:
            return refusal.answer

    def react(self, ts: str, emoji: str, user: str) -> None:
        """A person's reaction to a message."""
        with self._lock:
            message = next(one for one in self.messages if one["ts"] == ts)
            message.setdefault("reactions", []).append({"name": emoji, "users": [user], "count": 1})

    def reply(self, ts: str, text: str, user: str) -> None:
        """A person's reply in a message's thread."""
        with self._lock:
            root = next(one for one in self.messages if one["ts"] == ts)
            self._keep({"text": text, "user": user, "thread_ts": ts}, root["channel"])

    def _post(self, body: Message) -> Answer:
        # Only here does Slack take a channel's name, with or without its #; elsewhere it wants the id of the answer.
        given = str(body.get("channel"))
        name = self._names.get(given, f"#{given.removeprefix('#')}")
        if name not in self._ids:
            raise Refused(error("channel_not_found"))
        if failure := self.fail():
            raise Refused(error(failure))
        _check(body)
        if body.get("thread_ts"):
            self._root(name, body["thread_ts"])
        self._count(name)
        kept = self._keep({**body, "bot_id": BOT}, name)
        return {"ok": True, "channel": self._ids[name], "ts": kept["ts"], "message": shown(kept)}

    def _keep(self, message: Message, channel: str) -> Message:
        latest = float(self.messages[-1]["ts"]) if self.messages else 0.0
        # Microseconds apart, since a thread is found by it.
        kept = {**message, "channel": channel, "ts": f"{max(time.time(), latest + 2e-6):.6f}"}
        self.messages.append(kept)
        self._write(kept)
        return kept

    def _update(self, body: Message) -> Answer:
        message = self._one(body, body.get("ts"))
        if message.get("bot_id") != BOT:
            raise Refused(error("cant_update_message"))
        _check(body)
        new: Message = {key: body[key] for key in ("text", "blocks", "metadata") if key in body}
        message.update(new, n_edits=message.get("n_edits", 0) + 1)
        return {"ok": True, "channel": body["channel"], "ts": body["ts"], "text": body.get("text", "")}

    def _history(self, body: Message) -> Answer:
        newest = reversed(self._all(body))
        own = [one for one in newest if one.get("thread_ts") in (None, one["ts"]) or one.get("reply_broadcast")]
        return page(own, body)

    def _list(self, body: Message) -> Answer:
        start, limit = int(body.get("cursor") or 0), min(int(body.get("limit") or 100), 1000)
        found = [{"id": number, "name": name.removeprefix("#")} for name, number in self._ids.items()]
        cursor = str(start + limit) if len(found) > start + limit else ""
        return {"ok": True, "channels": found[start : start + limit], "response_metadata": {"next_cursor": cursor}}

    def _replies(self, body: Message) -> Answer:
        thread = [one for one in self._all(body) if body.get("ts") in (one["ts"], one.get("thread_ts"))]
        return page(thread, body) if thread else error("thread_not_found")

    def _share(self, body: Message) -> Answer:
        channel, thread = self._names.get(str(body.get("channel_id"))), body.get("thread_ts")
        if channel is None:
            raise Refused(error("channel_not_found"))
        if thread:
            self._root(channel, thread)
        files = self.files.complete(list(body.get("files") or []))
        if isinstance(files, str):
            raise Refused(error(files))
        more = {"thread_ts": thread} if thread else {}
        self._keep({"text": body.get("initial_comment") or "", "files": files, "bot_id": BOT, **more}, channel)
        return {"ok": True, "files": files}

    def _reactions(self, body: Message) -> Answer:
        message = self._one(body, body.get("timestamp"))
        return {"ok": True, "type": "message", "channel": body["channel"], "message": shown(message)}

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

    def _root(self, channel: str, ts: object) -> None:
        if not any(one["channel"] == channel and one["ts"] == ts for one in self.messages):
            raise Refused(error("thread_not_found"))

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


def create_app(slack: FakeSlack) -> FastAPI:
    """Slack's methods over HTTP; arguments in the query, a form or JSON."""
    app = FastAPI(title="stand-in for Slack")

    @app.api_route("/api/{method}", methods=["GET", "POST"])
    async def call(method: str, request: Request) -> JSONResponse:
        sent = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not secrets.compare_digest(sent.encode(), slack.token.encode()):
            return JSONResponse(error("invalid_auth" if sent else "not_authed"))
        trouble = slack.trouble(method)
        if trouble == "ratelimited":
            return JSONResponse(error("ratelimited"), 429, {"Retry-After": "1"})
        if trouble not in (None, "lost"):
            return JSONResponse(error(trouble), 500 if trouble == "http_500" else 200)
        slack.files.address = str(request.base_url)
        try:
            answer = slack.call(method, await _arguments(request))
            return JSONResponse(error("internal_error"), 500) if trouble else JSONResponse(answer)
        except RateLimited as limit:
            return JSONResponse(error("ratelimited"), 429, {"Retry-After": limit.retry_after})
        except json.JSONDecodeError:
            return JSONResponse(error("invalid_json"))

    @app.post("/upload/{number}")
    async def upload(number: str, request: Request) -> Response:
        return Response(status_code=200 if slack.files.take(number, await request.body()) else 400)

    return app


async def _arguments(request: Request) -> Message:
    if "json" in request.headers.get("content-type", ""):
        return dict(await request.json())
    given = {**request.query_params, **await request.form()}
    fields: Message = {key: str(value) for key, value in given.items()}
    return {k: json.loads(v) if k in ("blocks", "metadata", "attachments", "files") else v for k, v in fields.items()}


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
