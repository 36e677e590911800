"""Pydantic's errors in plain words: where, what was found, what is allowed, and what was probably meant."""

from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from modelwatch.config import parts, sources
from modelwatch.config.base import Strict
from modelwatch.config.thresholds import RANGES, Threshold
from modelwatch.config.yaml_lines import Path, line_of
from modelwatch.errors import did_you_mean

SOURCES: dict[str, type[Strict]] = {"http": sources.HttpSource, "files": sources.FilesSource, "sql": sources.SqlSource}
PAGINATIONS: dict[str, type[Strict]] = {
    one.model_fields["type"].annotation.__args__[0]: one for one in get_args(get_args(sources.Pagination)[0])
}
KINDS = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "dict_type": "a mapping of keys",
    "list_type": "a list",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
}
CHOICES = ("literal_error", "union_tag_invalid", "union_tag_not_found")
FIXED = {
    "missing": "is missing; it has no default",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
}
LIMITS = {
    "greater_than_equal": "at least",
    "greater_than": "more than",
    "less_than_equal": "at most",
    "less_than": "less than",
}


def describe(error: ValidationError, content: dict[str, Any], lines: dict[Path, int]) -> list[str]:
    """One line per mistake: ``line 12: features.amonut: ...``, in the order of the file, each place once."""
    told: dict[Path, tuple[int, str]] = {}
    for one in error.errors():
        path = _path(one["loc"], content)
        line = line_of(path, lines)
        text = _text(one, path)
        told.setdefault((*path, text), (line, f"line {line}: {'.'.join(map(str, path)) or 'the file'}: {text}"))
    return [text for _, text in sorted(told.values(), key=lambda item: item[0])]


def _path(location: tuple[int | str, ...], content: Any) -> Path:  # noqa: ANN401  # whatever stands in the file
    """Pydantic's location without the names of union members, which stand in no file."""
    path: list[str | int] = []
    for position, step in enumerate(location):
        here = _at(content, path)
        is_last = position == len(location) - 1
        known = (isinstance(here, dict) and step in here) or (isinstance(here, list) and isinstance(step, int))
        if known or (is_last and step not in _UNION_NAMES):
            path.append(step)
    return tuple(path)


_UNION_NAMES = {*SOURCES, *PAGINATIONS, "ApiKey", "str", "bool", "int", "float", "[key]", "literal['bearer','basic']"}


def _at(content: Any, path: list[str | int]) -> Any:  # noqa: ANN401  # whatever stands in the file
    for step in path:
        try:
            content = content[step]
        except (KeyError, IndexError, TypeError):
            return None
    return content


def _text(error: ErrorDetails, path: Path) -> str:
    kind, found, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "extra_forbidden":
        allowed = _allowed(path)
        return f"unknown key; allowed: {', '.join(allowed)}{did_you_mean(str(path[-1]), allowed)}"
    if kind == "value_error":
        return str(context["error"])
    if kind in CHOICES:
        return _choice(found, context, path)
    return _plain(kind, found, context) or f"{error['msg'].lower()}, found {_shown(found)}"


def _plain(kind: str, found: Any, context: dict[str, Any]) -> str | None:  # noqa: ANN401  # whatever stands in the file
    if kind in KINDS:
        return f"expected {KINDS[kind]}, found {_shown(found)}"
    if kind in LIMITS:
        return f"must be {LIMITS[kind]} {next(iter(context.values())):g}, found {_shown(found)}"
    if kind == "string_pattern_mismatch":
        return f"{_shown(found)} must be lower-case letters, digits and underscores, and start with a letter"
    return FIXED.get(kind)


def _choice(found: Any, context: dict[str, Any], path: Path) -> str:  # noqa: ANN401  # whatever stands in the file
    if "expected" in context or "expected_tags" in context:
        allowed = [
            word.strip("' ")
            for word in str(context.get("expected_tags") or context["expected"]).replace(" or ", ",").split(",")
        ]
        if context.get("tag"):
            found = context["tag"]
        return f"{_shown(found)} is not known; allowed: {', '.join(allowed)}{did_you_mean(str(found), allowed)}"
    allowed = list(PAGINATIONS if path and path[-1] == "pagination" else SOURCES)
    return f"needs a 'type'; allowed: {', '.join(allowed)}"


def _shown(value: Any) -> str:  # noqa: ANN401  # whatever stands in the file
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _allowed(path: Path) -> list[str]:
    """The keys that may stand where the unknown one does."""
    from modelwatch.config.monitor import Monitor

    special: dict[Any, type[Strict]] = {
        "columns": parts.Columns,
        "decision": parts.Decision,
        "label": parts.Label,
        "reference": parts.Reference,
        "sample": parts.SampleSize,
        "fairness": parts.Fairness,
        "alerts": parts.Alerts,
        "slack": parts.Slack,
        "open_after": parts.OpenAfter,
        "auth": sources.ApiKey,
    }
    if len(path) == 1:
        return list(Monitor.model_fields)
    parent, grandparent = path[-2], path[-3] if len(path) > 2 else None
    if parent == "source":
        return sorted({name for one in SOURCES.values() for name in one.model_fields})
    if parent == "pagination":
        return sorted({name for one in PAGINATIONS.values() for name in one.model_fields})
    if grandparent == "features":
        return ["type", "path", *RANGES]
    if grandparent == "thresholds" or parent in RANGES:
        return list(Threshold.model_fields)
    owner = special.get(parent)
    return [] if owner is None else list(owner.model_fields)
