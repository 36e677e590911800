"""Writing the first monitor file of a reference."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import yaml

from modelwatch.config import load_monitor
from modelwatch.errors import DataError, SettingsError, did_you_mean
from modelwatch.init.infer import Inferred, as_numbers, infer
from modelwatch.settings import Settings
from modelwatch.sources import files

ROLES = ("id", "timestamp", "score", "decision", "label")
MAX_GROUPS = 12
TRUTHY = ("true", "1", "yes")


def write_monitor(
    name: str,
    reference: Path,
    *,
    roles: Mapping[str, str | None],
    sensitive: Sequence[str] = (),
    output: Path | None = None,
) -> tuple[Path, list[str]]:
    """Write a monitor file that `lint`, `check` and `backtest` take as it is; only its source needs editing.

    Args:
        name: the monitor's name.
        reference: requests of a good time, parquet or csv.
        roles: which column is the id, timestamp, score, decision and label.
        sensitive: columns whose groups are to be treated alike.
        output: the file to write; by default ``<monitors folder>/<name>.yaml``.

    Returns:
        The file, and what a reader should know of what was inferred.

    Raises:
        DataError: the reference cannot be used or lacks a column; SettingsError: the output exists.
    """
    table = files.read_raw(str(reference))
    named = {key: column for key, column in roles.items() if column is not None}
    _require_columns(reference, table, [*named.values(), *sensitive])
    path = output or Settings.from_env().monitors_dir / f"{name}.yaml"
    if path.exists():
        message = f"{path} is there already; remove it, or write elsewhere with --output"
        raise SettingsError(message)
    taken = {*named.values(), *sensitive}
    inferred = [infer(column, table[column]) for column in table.column_names if column not in taken]
    if not any(one.kind for one in inferred):
        message = f"{reference}: no column is left that could be a feature; found {', '.join(table.column_names)}"
        raise DataError(message)
    text = _text(name, _uri(reference, path), table, named, list(sensitive), inferred)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    load_monitor(path)  # what was written must be a valid monitor file, whatever the columns are called
    return path, [f"left out {one.name}: {one.why}" for one in inferred if one.kind is None]


def _require_columns(reference: Path, table: pa.Table, wanted: Sequence[str]) -> None:
    for column in wanted:
        if column not in table.column_names:
            names = ", ".join(table.column_names)
            hint = did_you_mean(column, table.column_names)
            message = f"{reference}: there is no column '{column}'; found: {names}{hint}"
            raise DataError(message)
    twice = sorted({c for c in table.column_names if table.column_names.count(c) > 1})
    if twice:
        message = f"{reference}: column '{twice[0]}' is there more than once; rename all but one"
        raise DataError(message)


def _uri(reference: Path, output: Path) -> str:
    return Path(os.path.relpath(reference.absolute(), output.absolute().parent)).as_posix()


def _text(
    name: str, uri: str, table: pa.Table, roles: dict[str, str], sensitive: list[str], inferred: list[Inferred]
) -> str:
    parts = [
        f"monitor: {name}",
        'owner: ""                              # who is asked',
        'schedule: "0 3 * * *"                  # when Airflow judges the last window',
        "timezone: UTC",
        "window: P1D",
        _source(name),
        _block("columns", {role: roles.get(role) for role in ROLES}),
        *_decision(table, roles),
        _block("reference", {"uri": uri}),
        f"sample: {{rows: 20000, minimum: {_minimum(table)}}}",
        _features(inferred),
        *_fairness(table, sensitive, roles),
        _THRESHOLDS,
    ]
    return "\n".join(parts) + "\n"


def _source(name: str) -> str:
    return f"""source:                                # where the requests are; change it (check and backtest need none)
  type: http                           # http | files | sql
  connection: {name}_api               # an Airflow Connection: base URL and credentials
  path: /v1/requests
  query: {{since: "{{window_start}}", until: "{{window_end}}"}}
  records: items                       # path to the list in the answer
  pagination: {{type: cursor, response: next_cursor, query: cursor}}"""


def _decision(table: pa.Table, roles: dict[str, str]) -> list[str]:
    if "decision" not in roles:
        return []
    selected, others = _selected(table[roles["decision"]])
    comment = f"  # the others: {', '.join(others[:5])}"
    block = _inline("decision", {"selected": selected, "outcome": "adverse"})
    return [block + comment, "# outcome: adverse when being selected harms the person (flagged), else favourable"]


def _selected(values: pa.ChunkedArray) -> tuple[object, list[str]]:
    """The value that counts as selected: true, 1 or yes where there is one, else the rarest."""
    counts = pc.value_counts(values.drop_null()).to_pylist()
    ranked = sorted(counts, key=lambda one: (one["counts"], str(one["values"])))
    named = [one["values"] for one in ranked]
    truthy = [value for value in named if _canonical(value) in TRUTHY]
    selected = truthy[0] if truthy else named[0] if named else True
    selected = True if _canonical(selected) in ("true", "yes") else selected
    if isinstance(selected, float) and selected.is_integer():
        selected = int(selected)
    return selected, [str(value) for value in named if value != selected]


def _canonical(value: object) -> str:
    text = str(value).lower()
    return text.removesuffix(".0")


def _minimum(table: pa.Table) -> int:
    """500, or for a small reference a tenth of it."""
    return int(np.clip(table.num_rows // 10, 50, 500))


def _features(inferred: list[Inferred]) -> str:
    lines = ["features:"]
    for one in inferred:
        if one.kind is not None:
            entry = f"  {_key(one.name)}: {one.kind}"
            lines.append(f"{entry:<38} # {one.why}" if one.why else entry)
    lines += [f"  # left out {_comment(one.name)}: {one.why}" for one in inferred if one.kind is None]
    return "\n".join(lines)


def _fairness(table: pa.Table, sensitive: list[str], roles: dict[str, str]) -> list[str]:
    if not sensitive:
        return []
    if "decision" not in roles:
        message = "--sensitive compares decisions between groups: name the decision column with --decision"
        raise DataError(message)
    bands = {column: cuts for column in sensitive if (cuts := _bands(column, table[column]))}
    entry: dict[str, object] = {"sensitive": sensitive}
    if bands:
        entry["bands"] = bands
    return [_inline("fairness", entry)]


def _bands(name: str, values: pa.ChunkedArray) -> list[float]:
    """Cut points at the quartiles of a sensitive feature that is a number with many values."""
    numbers = as_numbers(name, values)
    if numbers is None or pc.count_distinct(numbers).as_py() <= MAX_GROUPS:
        return []
    present = numbers.drop_null().to_numpy()
    cuts = np.quantile(present[np.isfinite(present)], [0.25, 0.5, 0.75])
    rounded = [float(f"{cut:.3g}") for cut in cuts]
    return sorted({int(cut) if cut.is_integer() else cut for cut in rounded})


def _block(key: str, content: Mapping[str, object]) -> str:
    return yaml.safe_dump({key: dict(content)}, sort_keys=False, allow_unicode=True, width=1000).rstrip()


def _inline(key: str, content: dict[str, object]) -> str:
    dumped = yaml.safe_dump(content, default_flow_style=True, sort_keys=False, allow_unicode=True, width=1000)
    return f"{key}: {dumped.rstrip()}"


def _key(name: str) -> str:
    """The column's name as a YAML key, quoted where YAML would take it for something else."""
    dumped = yaml.safe_dump({name: 0}, allow_unicode=True, width=10_000).strip()
    return dumped.removesuffix(": 0") if "\n" not in dumped and not dumped.startswith("?") else yaml.dump(name).strip()


def _comment(name: str) -> str:
    return " ".join(name.split())


_THRESHOLDS = """thresholds:                            # an alarm needs a significant change of at least this size
  psi: {warning: 0.1, alert: 0.25}
  ks_statistic: {warning: 0.1, alert: 0.2}
  missing_share: {warning: 0.05, alert: 0.1}
  unseen_share: {warning: 0.01, alert: 0.05}
  demographic_parity_difference: {warning: 0.05, alert: 0.1}
  demographic_parity_ratio: {warning: 0.8}
# alerts:
#   slack: {connection: slack_oncall, channel: "#oncall"}
#   open_after: {windows: 1, of: 1}
#   runbook: https://wiki.example.com/drift"""
