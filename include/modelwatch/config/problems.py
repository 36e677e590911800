"""Pydantic's errors in plain words: where, what was found, what is allowed, and what was probably meant."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from modelwatch.config import alerts, labels, parts, sources
from modelwatch.config.base import Misfits, Place, Strict, shown
from modelwatch.config.thresholds import OF_FEATURES, Threshold
from modelwatch.config.yaml_lines import dotted, line_of
from modelwatch.errors import did_you_mean

SOURCES: dict[str, type[Strict]] = {
    "http": sources.HttpSource,
    "files": sources.FilesSource,
    "sql": sources.SqlSource,
    "spark": sources.SparkSource,
}
PAGINATIONS: dict[str, type[Strict]] = {
    one.model_fields["type"].annotation.__args__[0]: one for one in get_args(get_args(sources.Pagination)[0])
}
KINDS = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "dict_type": "a mapping of keys",
    "list_type": "a list",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
}
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


def describe(error: ValidationError, content: dict[str, Any], lines: dict[Place, int]) -> list[str]:
    """One line per mistake: ``line 12: features.amonut: ...``, in the order of the file, each once."""
    told = {(line_of(place, lines), f"{dotted(place)}: {text}") for place, text in _mistakes(error, content)}
    return [f"line {line}: {text}" for line, text in sorted(told)]


def _mistakes(error: ValidationError, content: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    for one in error.errors():
        place = _place(one, content)
        cause = one.get("ctx", {}).get("error")
        if isinstance(cause, Misfits):
            # A feature's own thresholds stand beside its other keys, whatever the model calls them.
            yield from (((*place, *below), text) for below, text in cause.problems)
        else:
            yield place, _text(one, place, content)


def _place(error: ErrorDetails, content: dict[str, Any]) -> Place:
    """Pydantic's location without its names of union members and the like, which stand in no file."""
    place: list[str | int] = []
    location = error["loc"]
    for position, step in enumerate(location):
        here = _at(content, tuple(place))
        in_file = (isinstance(here, dict) and step in here) or (isinstance(here, list) and isinstance(step, int))
        if in_file or (error["type"] == "missing" and position == len(location) - 1) or step == "type":
            place.append(step)
    return tuple(place)


def _at(content: Any, place: Place) -> Any:  # noqa: ANN401  # whatever stands in the file
    for step in place:
        try:
            content = content[step]
        except (KeyError, IndexError, TypeError):
            return None
    return content


def _text(error: ErrorDetails, place: Place, content: dict[str, Any]) -> str:
    kind, found, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "extra_forbidden":
        allowed = _allowed(place, content)
        return f"unknown key; allowed: {', '.join(allowed)}{did_you_mean(str(place[-1]), allowed)}"
    if kind == "value_error":
        return str(context["error"])
    if kind == "union_tag_not_found":
        return f"needs a 'type'; allowed: {', '.join(PAGINATIONS if place[-1] == 'pagination' else SOURCES)}"
    if kind in ("literal_error", "union_tag_invalid"):
        return _choice(found, context)
    return _plain(kind, found, context)


def _plain(kind: str, found: Any, context: dict[str, Any]) -> str:  # noqa: ANN401  # whatever stands in the file
    if kind in LIMITS:
        return f"must be {LIMITS[kind]} {next(iter(context.values())):g}, found {shown(found)}"
    if kind == "string_pattern_mismatch":
        return f"{shown(found)} must be lower-case letters, digits and underscores, and start with a letter"
    if kind in FIXED:
        return FIXED[kind]
    return f"expected {KINDS.get(kind, 'something else')}, found {shown(found)}"


def _choice(found: Any, context: dict[str, Any]) -> str:  # noqa: ANN401  # whatever stands in the file
    words = str(context.get("expected_tags") or context["expected"]).replace(" or ", ",").split(",")
    allowed = [word.strip("' ") for word in words]
    found = context.get("tag", found)
    return f"{shown(found)} is not known; allowed: {', '.join(allowed)}{did_you_mean(str(found), allowed)}"


OWNERS: dict[Any, type[Strict]] = {
    "columns": parts.Columns,
    "decision": parts.Decision,
    "label": parts.Label,
    "labels": labels.Labels,
    "retraining": labels.Retraining,
    "reference": parts.Reference,
    "sample": parts.SampleSize,
    "multivariate": parts.Multivariate,
    "fairness": parts.Fairness,
    "alerts": alerts.Alerts,
    "slack": alerts.Slack,
    "open_after": alerts.OpenAfter,
    "digest": alerts.Digest,
    "health": alerts.Health,
    "drill": alerts.Drill,
    "silences": alerts.Silence,
    "receivers": alerts.Receiver,
    "auth": sources.ApiKey,
}


def _allowed(place: Place, content: dict[str, Any]) -> list[str]:
    """The keys that may stand where the unknown one does."""
    from modelwatch.config.monitor import Monitor

    above = place[:-1]
    if not above:
        return list(Monitor.model_fields)
    if above[0] == "features" and len(above) == 2:
        return ["type", "path", *OF_FEATURES]
    if above[0] in ("thresholds", "features"):
        return list(Threshold.model_fields)
    owner = OWNERS.get(above[-2] if isinstance(above[-1], int) else above[-1])
    if above[-1] in ("source", "pagination"):
        owner = (SOURCES if above[-1] == "source" else PAGINATIONS)[_at(content, (*above, "type"))]
    return [] if owner is None else list(owner.model_fields)
