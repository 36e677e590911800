"""Writing the first monitor file of a reference."""

import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.config import load_monitor
from modelwatch.domain import Column, Schema
from modelwatch.errors import DataError, MonitorConfigError, SettingsError
from modelwatch.init.infer import infer
from modelwatch.init.render import render
from modelwatch.init.roles import Chosen, choose
from modelwatch.settings import Settings
from modelwatch.sources import files
from modelwatch.sources.rows import parse_table

MOST_NEEDED, LEAST_NEEDED = 500, 50
FEW_A_DAY = 200


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
        reference: requests of a good time, parquet, csv or jsonl.
        roles: which column is the id, timestamp, score, decision and label.
        sensitive: columns whose groups are to be treated alike.
        output: the file to write; by default ``<monitors folder>/<name>.yaml``.

    Returns:
        The file, and what a reader should know of what was inferred.

    Raises:
        DataError: the reference cannot be used, or a column is absent or does not fit its role.
        SettingsError: the name cannot be used, or the output exists.
    """
    path = output or Settings.from_env().monitors_dir / f"{name}.yaml"
    _require_usable(name, path)
    table = _flat(files.read_raw(str(reference)))
    if table.num_rows == 0:
        message = f"{reference}: the reference has no rows; it needs the requests of a good time"
        raise DataError(message)
    named = {role: column for role, column in roles.items() if column is not None}
    chosen = choose(str(reference), table, named, list(dict.fromkeys(sensitive)))
    inferred = [infer(column, table[column]) for column in table.column_names if column not in chosen.columns]
    if not any(one.kind for one in inferred):
        message = f"{reference}: no column is left that could be a feature; found: {', '.join(table.column_names)}"
        raise DataError(message)
    minimum, of_rate = _minimum(table, chosen)
    _write(path, render(name, _uri(reference, path), chosen, inferred, minimum=minimum))
    left_out = [f"left out {one.name}: {one.why}" for one in inferred if one.kind is None]
    return path, [*_headless(table), *left_out, *chosen.notes, *of_rate]


def _require_usable(name: str, path: Path) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        better = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789") or "my_model"
        message = f"'{name}' cannot name a monitor: lower-case letters, digits and underscores; for example '{better}'"
        raise SettingsError(message)
    if path.stem != name or path.suffix not in (".yaml", ".yml"):
        message = f"--output {path}: a monitor's file has its name: {path.with_name(name + '.yaml')}"
        raise SettingsError(message)
    if path.exists():
        message = f"{path} is there already; remove it, or write elsewhere with --output"
        raise SettingsError(message)


def _write(path: Path, text: str) -> None:
    """Write the file; what was written must be a valid monitor, whatever the columns are called."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    try:
        load_monitor(path)
    except MonitorConfigError:
        path.unlink()
        raise


def _flat(table: pa.Table) -> pa.Table:
    """Objects in columns of their own, called by their path: payload.amount."""
    while any(pa.types.is_struct(column.type) for column in table.schema):
        table = table.flatten()
    return table


def _uri(reference: Path, output: Path) -> str:
    target, folder = reference.absolute(), output.absolute().parent
    try:
        return Path(os.path.relpath(target, folder)).as_posix()
    except ValueError:  # another drive
        return target.as_posix()


def _minimum(table: pa.Table, chosen: Chosen) -> tuple[int, list[str]]:
    """Half of a usual day's requests, within limits; without times a tenth of the reference's."""
    a_day = _requests_a_day(table, chosen.roles.get("timestamp"))
    wanted = table.num_rows / 10 if a_day is None else a_day / 2
    minimum = int(float(f"{np.clip(wanted, LEAST_NEEDED, MOST_NEEDED):.1g}"))
    if a_day is None or a_day >= FEW_A_DAY:
        return minimum, []
    why = (
        "would see smaller changes"
        if a_day >= minimum
        else f"is needed, for a day has less than sample.minimum ({minimum})"
    )
    return minimum, [f"about {a_day:,.0f} requests a day: `window: P7D` {why}"]


def _requests_a_day(table: pa.Table, name: str | None) -> float | None:
    if name is None:
        return None
    schema = Schema(columns=(Column(name, (name,), "timestamp"),), features={})
    stamps = parse_table(table, schema, timezone=UTC).rows[name].drop_null()
    if len(stamps) == 0:
        return None
    return float(len(stamps) / pc.count_distinct(pc.floor_temporal(stamps, unit="day")).as_py())


def _headless(table: pa.Table) -> list[str]:
    """A note when the first line of a csv file looks like a request, not like the names of columns."""
    numbers = [name for name in table.column_names if re.fullmatch(r"\s*-?\d+(\.\d+)?\s*", name)]
    if len(numbers) < 2:
        return []
    return [f"the first line looks like data, not like names of columns ({', '.join(numbers)}): add a line of names"]
