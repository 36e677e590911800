"""Slack's limits on a message, and the shape in which it refuses one that is beyond them.

Blocks: https://docs.slack.dev/reference/block-kit/blocks. The limit on all blocks together is not documented; Slack's
maintainers name 12,000 characters of text (https://github.com/slackapi/bolt-js/issues/2509). Block types that the
project does not send are refused here although Slack knows them.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

MAX_TEXT, MAX_BLOCKS, MAX_BLOCKS_TEXT, MAX_SECTION, MAX_HEADER = 40_000, 50, 12_000, 3_000, 150
MAX_METADATA = 8_192
MAX_FIELDS, MAX_FIELD, MAX_ACTIONS, MAX_CONTEXT, MAX_BUTTON, MAX_URL = 10, 2_000, 25, 10, 75, 3_000

Block = dict[str, Any]
Problems = Iterator[tuple[str, str]]


def refused(message: dict[str, Any]) -> dict[str, Any] | None:
    """Slack's answer to a message that is beyond its limits, None for one that it takes."""
    text, blocks = str(message.get("text") or ""), message.get("blocks") or []
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        return error("invalid_blocks_format")
    if not text and not blocks:
        return error("no_text")
    if len(text) > MAX_TEXT:
        return error("msg_too_long")
    if (refusal := _metadata(message.get("metadata"))) is not None:
        return refusal
    problems = [f"{problem} [json-pointer:{place}]" for place, problem in _problems(blocks)]
    if problems:
        messages = [f"[ERROR] {problem}" for problem in problems]
        return error("invalid_blocks", errors=problems, response_metadata={"messages": messages})
    return error("msg_blocks_too_long") if text_length(blocks) > MAX_BLOCKS_TEXT else None


def _metadata(metadata: object) -> dict[str, Any] | None:
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        return error("invalid_metadata_format")
    if not metadata.get("event_type"):
        return error("invalid_metadata_schema")
    return error("metadata_too_large") if len(json.dumps(metadata)) > MAX_METADATA else None


def error(code: str, **more: object) -> dict[str, Any]:
    """The body of a refusal."""
    return {"ok": False, "error": code, **more}


def text_length(value: object) -> int:
    """Characters in all texts of the blocks together."""
    if isinstance(value, str):
        return 0
    if isinstance(value, dict):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(text_length(one) for one in value.values())
    return sum(text_length(one) for one in value) if isinstance(value, list) else 0


def _problems(blocks: list[Block]) -> Problems:
    if len(blocks) > MAX_BLOCKS:
        yield "/blocks", f"no more than {MAX_BLOCKS} items allowed"
    for position, block in enumerate(blocks):
        check = CHECKS.get(str(block.get("type")))
        if check is None:
            yield f"/blocks/{position}/type", f"unsupported type: {block.get('type')}"
            continue
        for place, problem in check(block):
            yield f"/blocks/{position}{place}", problem


def _header(block: Block) -> Problems:
    yield from _text(block.get("text"), "/text", MAX_HEADER, kinds=("plain_text",))


def _section(block: Block) -> Problems:
    if "text" not in block and not block.get("fields"):
        yield "", "must define either `fields` or `text`"
    if "text" in block:
        yield from _text(block["text"], "/text", MAX_SECTION)
    yield from _each(block.get("fields") or [], "/fields", MAX_FIELDS, MAX_FIELD)


def _context(block: Block) -> Problems:
    yield from _not_empty(block)
    yield from _each(block.get("elements") or [], "/elements", MAX_CONTEXT, MAX_SECTION)


def _actions(block: Block) -> Problems:
    elements = block.get("elements") or []
    yield from _not_empty(block)
    if len(elements) > MAX_ACTIONS:
        yield "/elements", f"no more than {MAX_ACTIONS} items allowed"
    for position, one in enumerate(elements):
        yield from _text(one.get("text"), f"/elements/{position}/text", MAX_BUTTON, kinds=("plain_text",))
        if len(one.get("url") or "") > MAX_URL:
            yield f"/elements/{position}/url", f"must be less than {MAX_URL + 1} characters"


def _divider(_: Block) -> Problems:
    yield from ()


def _not_empty(block: Block) -> Problems:
    if not block.get("elements"):
        yield "/elements", "must have at least 1 item"


def _each(texts: list[Any], place: str, most: int, longest: int) -> Problems:
    if len(texts) > most:
        yield place, f"no more than {most} items allowed"
    for position, one in enumerate(texts):
        yield from _text(one, f"{place}/{position}", longest)


def _text(value: object, place: str, longest: int, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> Problems:
    if not isinstance(value, dict) or value.get("type") not in kinds:
        yield place, f"must be an object of type {' or '.join(kinds)}"
    elif not value.get("text"):
        yield f"{place}/text", "must be more than 0 characters"
    elif len(value["text"]) > longest:
        yield f"{place}/text", f"must be less than {longest + 1} characters"


CHECKS: dict[str, Callable[[Block], Problems]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "divider": _divider,
}
