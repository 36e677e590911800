"""A Block Kit message as text for a terminal."""

import re
from html import unescape
from typing import Any

from demo.slack_people import GROUPS

HANDLES = {number: handle for handle, number in GROUPS.items()}
# Slack's marks stand at the edge of a word; the underscores within one are the word's own.
_GROUP = re.compile(r"<!(?:subteam\^)?(\w+)>")
_MARKS = re.compile(r"(?<![^\W_])[*_](?=\S)|(?<=\S)[*_](?![^\W_])")


def render(message: dict[str, Any]) -> str:
    """The message as a person in the channel reads it, without its formatting marks."""
    reply = "(reply in the thread) " if message.get("thread_ts") else ""
    lines = [f"┌─ {message.get('channel', '')} {reply}"]
    for block in message.get("blocks") or []:
        lines += [f"│ {line}".rstrip() for line in _block(block)]
    if not message.get("blocks"):
        lines.append(f"│ {message.get('text', '')}".rstrip())
    lines += [f"│ [image] {one.get('title') or one.get('name')}" for one in message.get("files") or []]
    return "\n".join([*lines, "└─"])


def _block(block: dict[str, Any]) -> list[str]:
    kind = block.get("type")
    if kind == "header":
        return [block["text"]["text"].upper(), ""]
    if kind == "section":
        parts = [block["text"]["text"]] if block.get("text") else []
        parts += [field["text"] for field in block.get("fields") or []]
        return [*plain("\n".join(parts)).splitlines(), ""]
    if kind == "actions":
        return ["  ".join(f"[{one['text']['text']}] {one.get('url', '')}".rstrip() for one in block["elements"])]
    if kind == "context":
        return [plain(" ".join(one.get("text", "") for one in block["elements"]))]
    return ["─" * 60] if kind == "divider" else []


def plain(text: str) -> str:
    """Slack's mrkdwn without its marks."""
    for icon, shown in ((":red_circle:", "●"), (":large_yellow_circle:", "○")):
        text = text.replace(icon, shown)
    text = _GROUP.sub(lambda mention: f"@{HANDLES.get(mention[1], mention[1])}", text)
    return unescape(_MARKS.sub("", text) if "://" not in text else text)
