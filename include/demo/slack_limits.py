"""Slack's documented limits on a message: https://docs.slack.dev/reference/block-kit/blocks."""

from collections.abc import Callable
from typing import Any

MAX_TEXT, MAX_BLOCKS, MAX_SECTION, MAX_HEADER = 40_000, 50, 3_000, 150
MAX_FIELDS, MAX_FIELD, MAX_ACTIONS, MAX_CONTEXT, MAX_BUTTON, MAX_URL = 10, 2_000, 25, 10, 75, 3_000


def refused(message: dict[str, Any]) -> str | None:
    """Slack's error for a message that is beyond its limits, None for one that it takes."""
    text, blocks = str(message.get("text") or ""), message.get("blocks") or []
    if not text and not blocks:
        return "no_text"
    if len(text) > MAX_TEXT:
        return "msg_too_long"
    if len(blocks) > MAX_BLOCKS or not all(_fits(block) for block in blocks):
        return "invalid_blocks"
    return None


def _fits(block: dict[str, Any]) -> bool:
    kind = block.get("type", "")
    return kind == "divider" or (kind in CHECKS and CHECKS[kind](block))


def _header(block: dict[str, Any]) -> bool:
    text = block.get("text", {})
    return text.get("type") == "plain_text" and 0 < len(text.get("text", "")) <= MAX_HEADER


def _section(block: dict[str, Any]) -> bool:
    fields = block.get("fields") or []
    has_text = 0 < len(block.get("text", {}).get("text", "")) <= MAX_SECTION
    fields_fit = len(fields) <= MAX_FIELDS and all(0 < len(one["text"]) <= MAX_FIELD for one in fields)
    return fields_fit and (has_text or bool(fields))


def _context(block: dict[str, Any]) -> bool:
    elements = block.get("elements") or []
    return 0 < len(elements) <= MAX_CONTEXT and all(0 < len(one.get("text", "x")) <= MAX_SECTION for one in elements)


def _actions(block: dict[str, Any]) -> bool:
    elements = block.get("elements") or []
    return 0 < len(elements) <= MAX_ACTIONS and all(
        0 < len(one["text"]["text"]) <= MAX_BUTTON and len(one.get("url") or "") <= MAX_URL for one in elements
    )


CHECKS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
}
