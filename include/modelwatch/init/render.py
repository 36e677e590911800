"""A monitor file as a person would write it: the keys that matter, each with a word on what it does."""

from collections.abc import Sequence
from typing import Any

import yaml

from modelwatch.config.thresholds import OF_GROUPS, defaults
from modelwatch.domain import Levels
from modelwatch.init.infer import Inferred
from modelwatch.init.roles import Chosen

ROLES = ("id", "timestamp", "score", "decision", "label")
COMMENT_AT = 40


def render(name: str, uri: str, chosen: Chosen, inferred: Sequence[Inferred], *, minimum: int) -> str:
    """The text of the monitor file.

    Args:
        name: the monitor's name.
        uri: the reference, from the monitor file's folder.
        chosen: the columns with a role.
        inferred: the other columns.
        minimum: below this many requests a window is not judged.
    """
    lines = [
        f"# What modelwatch watches of {name}. Every key is explained in docs/monitor-file.md.",
        "",
        f"monitor: {name}",
        _said('owner: ""', "who is asked"),
        _said('schedule: "0 3 * * *"', "cron: every day at 03:00"),
        _said("timezone: UTC", "where days begin and end"),
        _said("window: P1D", "the requests that are judged together: one day's"),
        "",
        *_source(name),
        "",
        *_columns(chosen),
        "",
        _said(f"reference: {_inline({'uri': uri})}", "the requests to compare with"),
        _said(f"sample: {{rows: 20000, minimum: {minimum}}}", "fewer than minimum: insufficient_data, never green"),
        "",
        *_features(inferred),
        "",
        *_fairness(chosen),
        *_thresholds(chosen),
        "",
        *_alerts(name),
    ]
    return "\n".join(lines) + "\n"


def _source(name: str) -> list[str]:
    return [
        _said("source:", "CHANGE THIS: where new requests are (lint, check and backtest need none)"),
        _said("  type: http", "http | files | sql"),
        _said(f"  connection: {name}_api", "an Airflow Connection: base URL and credentials"),
        "  path: /v1/requests",
        '  query: {since: "{window_start}", until: "{window_end}"}',
        _said("  records: items", "where the list is in the answer"),
        "  pagination: {type: cursor, response: next_cursor, query: cursor}",
    ]


def _columns(chosen: Chosen) -> list[str]:
    lines = ["columns:", *(f"  {role}: {_value(chosen.roles.get(role))}" for role in ROLES)]
    if "decision" in chosen.roles:
        entry = {"selected": chosen.selected, "outcome": chosen.outcome}
        lines.append(_said(f"decision: {_inline(entry)}", "adverse: being selected harms the person; or favourable"))
    if "label" in chosen.roles:
        lines.append(_said(f"label: {_inline({'positive': chosen.positive})}", "the label that the score predicts"))
    return lines


def _features(inferred: Sequence[Inferred]) -> list[str]:
    lines = ["features:"]
    lines += [_said(f"  {_value(one.name)}: {one.kind}", one.why) for one in inferred if one.kind is not None]
    left_out = [one for one in inferred if one.kind is None]
    return lines + [f"  # left out: {_value(one.name)}: {one.why}" for one in left_out]


def _fairness(chosen: Chosen) -> list[str]:
    if not chosen.sensitive:
        return []
    lines = ["fairness:", f"  sensitive: {_inline(list(chosen.sensitive))}"]
    if chosen.bands:
        lines.append(_said("  bands:", "at the quartiles of the reference"))
        lines += [f"    {_value(name)}: {_inline(cuts)}" for name, cuts in chosen.bands.items()]
    return [*lines, ""]


def _thresholds(chosen: Chosen) -> list[str]:
    lines = [_said("thresholds:", "an alarm needs a significant change of at least this size")]
    for name, levels in defaults(chosen.outcome).items():
        if chosen.sensitive or name not in OF_GROUPS:
            lines.append(_threshold(name, levels))
    return lines


def _threshold(name: str, levels: Levels) -> str:
    """One metric's levels; a default that a file cannot write is told, and stays in force."""
    entry = {"warning": levels.warning, "alert": levels.alert}
    line = f"{name}: {_inline({level: value for level, value in entry.items() if value is not None})}"
    if levels.min_difference is None:
        return f"  {line}"
    return f"  # {line} as long as this is left out: an alert only for rates {levels.min_difference:g} apart"


def _alerts(name: str) -> list[str]:
    return [
        _said("# alerts:", "remove the # to hear of them"),
        f'#   slack: {{connection: slack_oncall, channel: "#{name}-oncall"}}',
        _said("#   open_after: {windows: 1, of: 1}", "e.g. 2 of 3: one odd day pages nobody"),
        "#   runbook: https://wiki.example.com/drift",
    ]


def _said(line: str, comment: str | None) -> str:
    return f"{line:<{COMMENT_AT - 1}} # {comment}" if comment else line


def _value(value: object) -> str:
    """A scalar on one line, quoted where YAML would take it for something else."""
    return _inline([value])[1:-1]


def _inline(value: Any) -> str:  # noqa: ANN401  # anything YAML can write
    dumped: str = yaml.dump(
        value, Dumper=_OneLine, default_flow_style=True, sort_keys=False, allow_unicode=True, width=float("inf")
    )
    return dumped.strip()


class _OneLine(yaml.SafeDumper):
    """Also a column's name with a line break in it stays on its line."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"')


_OneLine.add_representer(str, _text)
