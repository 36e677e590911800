"""A Block Kit message as text for a terminal."""

from html import unescape
from typing import Any

WIDTH = 100


def render(message: dict[str, Any]) -> str:
    """The message as a person in the channel reads it, without its formatting marks."""
    lines = [f"┌─ {message.get('channel', '')} "]
    for block in message.get("blocks") or []:
        lines += [f"│ {line}".rstrip() for line in _block(block)]
    if not message.get("blocks"):
        lines.append(f"│ {message.get('text', '')}")
    return "\n".join([*lines, "└─"])


def _block(block: dict[str, Any]) -> list[str]:
    kind = block.get("type")
    if kind == "header":
        return [block["text"]["text"].upper(), ""]
    if kind == "section":
        parts = [block["text"]["text"]] if block.get("text") else []
        parts += [field["text"] for field in block.get("fields") or []]
        return [*_plain("\n".join(parts)).splitlines(), ""]
    if kind == "actions":
        return ["  ".join(f"[{one['text']['text']}] {one.get('url', '')}".rstrip() for one in block["elements"])]
    if kind == "context":
        return [_plain(" ".join(one.get("text", "") for one in block["elements"]))]
    return ["─" * 60] if kind == "divider" else []


def _plain(text: str) -> str:
    for icon, shown in ((":red_circle:", "●"), (":large_yellow_circle:", "○")):
        text = text.replace(icon, shown)
    return unescape(text.replace("*", "").replace("_", " ") if "://" not in text else text)
