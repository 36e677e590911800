"""How Slack answers who reads messages: newest first, in pages, with metadata only when it is asked for."""

from typing import Any

Message = dict[str, Any]
HIDDEN = frozenset({"channel", "reply_broadcast", "n_edits"})


def shown(message: Message, *, metadata: bool = False) -> Message:
    """A message as Slack's reading methods give it."""
    hidden = HIDDEN if metadata else HIDDEN | {"metadata"}
    return {"type": "message", **{key: value for key, value in message.items() if key not in hidden}}


def page(messages: list[Message], body: Message) -> dict[str, Any]:
    """The page of the messages that the arguments ask for."""
    limit, start = min(int(body.get("limit") or 100), 999), int(body.get("cursor") or 0)
    chosen = [one for one in messages if _within(one, body)]
    rest = len(chosen) > start + limit
    answer: dict[str, Any] = {
        "ok": True,
        "messages": [
            shown(one, metadata=is_set(body, "include_all_metadata")) for one in chosen[start : start + limit]
        ],
        "has_more": rest,
    }
    return {**answer, "response_metadata": {"next_cursor": str(start + limit)}} if rest else answer


def is_set(body: Message, name: str) -> bool:
    """A flag, as JSON or as a form has it."""
    return str(body.get(name, "")).lower() in ("1", "true")


def _within(message: Message, body: Message) -> bool:
    ts, inclusive = float(message["ts"]), is_set(body, "inclusive")
    oldest, latest = float(body.get("oldest") or 0), float(body.get("latest") or "inf")
    return oldest <= ts <= latest if inclusive else oldest < ts < latest
