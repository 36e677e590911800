"""`modelwatch lint`: a monitor file, and whether its reference fits it, without Airflow."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.config import Monitor, load_monitor
from modelwatch.config.base import Place, shown
from modelwatch.config.yaml_lines import dotted, line_of, read_yaml
from modelwatch.domain import Column, Page, Reject, Schema
from modelwatch.errors import DataError, MonitorConfigError, SettingsError, did_you_mean
from modelwatch.profile.groups import group_levels
from modelwatch.settings import connection_from_env
from modelwatch.sources import files
from modelwatch.sources.rows import parse_table
from modelwatch.sources.values import FALSE, TRUE

MAX_GROUPS = 50
Remarks = list[tuple[Place, str]]


def lint_monitor(path: Path, environ: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """What is wrong with a monitor file, and what cannot be told from here.

    Args:
        path: the file.
        environ: where commands outside Airflow find connections.

    Returns:
        Problems, which keep the monitor from working, each a line that starts with the file; and notes, which do not.
    """
    try:
        monitor = load_monitor(path)
    except MonitorConfigError as error:
        return str(error).splitlines(), []
    lines = read_yaml(path.read_text(encoding="utf-8"))[1]
    problems, notes = _of_connections(monitor, environ)
    try:
        reference = _read(monitor)
        problems += reference.problems()
        notes += reference.notes()
    except (DataError, ImportError) as error:
        problems.append((("reference", "uri"), str(error)))
    return [f"{path}: {text}" for text in _told(problems, lines)], _told(notes, lines)


def _told(remarks: Remarks, lines: Mapping[Place, int]) -> list[str]:
    told = sorted((line_of(place, dict(lines)), f"{dotted(place)}: {text}") for place, text in remarks)
    return [f"line {line}: {text}" for line, text in told]


def _of_connections(monitor: Monitor, environ: Mapping[str, str]) -> tuple[Remarks, Remarks]:
    """Broken connections, and those that commands outside Airflow would not find; Airflow may well have them."""
    wanted: list[tuple[Place, str | None]] = [(("source", "connection"), monitor.source.connection)]
    if monitor.labels is not None:
        wanted.append((("labels", "source", "connection"), monitor.labels.source.connection))
    if monitor.alerts.slack is not None:
        wanted.append((("alerts", "slack", "connection"), monitor.alerts.slack.connection))
    if monitor.mlflow is not None:
        wanted.append((("mlflow", "connection"), monitor.mlflow.connection))
    problems: Remarks = []
    notes: Remarks = []
    for place, conn_id in wanted:
        variable = f"AIRFLOW_CONN_{(conn_id or '').upper()}"
        if conn_id is None:
            continue
        if not environ.get(variable):
            notes.append((place, f"'{conn_id}' must be defined in Airflow; outside Airflow set {variable}"))
            continue
        try:
            connection_from_env(conn_id, environ)
        except SettingsError as error:
            problems.append((place, f"{variable}: {error}"))
    return problems, notes


def _read(monitor: Monitor) -> "_Reference":
    """The reference's columns that the monitor names, each typed by itself so that none hides another's rows."""
    uri, schema = monitor.reference_uri, monitor.schema()
    names = files.column_names(uri)
    tops = {name for column in schema.columns for name in (".".join(column.path), column.path[0])}
    raw = files.read_raw(uri, columns=tops & set(names))
    pages: dict[str, Page] = {}
    unread: dict[str, str] = {}
    for column in schema.columns:
        one = Schema(columns=(column,), features={})
        try:
            pages[column.name] = parse_table(raw, one, timezone=monitor.tzinfo, where="the reference")
        except DataError as error:
            unread[column.name] = str(error) if column.path[0] in names else _absent(column, names)
    return _Reference(monitor, schema, raw, pages, unread)


def _absent(column: Column, names: list[str]) -> str:
    path = ".".join(column.path)
    has = ", ".join(names[:30]) + (", …" if len(names) > 30 else "")
    return f"'{path}' is not in the reference; it has {has}{_near(path, names)}"


@dataclass(frozen=True)
class _Reference:
    monitor: Monitor
    schema: Schema
    raw: pa.Table
    pages: Mapping[str, Page]
    unread: Mapping[str, str]

    def problems(self) -> Remarks:
        """What keeps the monitor from being judged against this reference."""
        if self.raw.num_rows == 0:
            text = f"{self.monitor.reference_uri} has no rows; it needs the requests to compare with"
            return [(("reference", "uri"), text)]
        label = self.schema.label
        unread: Remarks = [(self._place(name), text) for name, text in self.unread.items() if name != label]
        misfits = self._misfits(over=self._limit) or self._too_many_together()
        return [*unread, *misfits, *self._flags(), *self._groups()]

    def notes(self) -> Remarks:
        """What is worth a look."""
        n_rows, minimum = self.raw.num_rows, self.monitor.sample.minimum
        few = f"has only {n_rows} rows, fewer than sample.minimum ({minimum}): small changes stay unseen"
        notes: Remarks = [(("reference", "uri"), few)] if 0 < n_rows < minimum else []
        if not self._misfits(over=self._limit):
            notes += self._misfits(over=0)
        empty = [name for name in self.schema.features if name in self.pages and self._is_empty(name)]
        alone = "; without it performance is compared with earlier windows alone"
        notes += [(self._place(name), text + alone) for name, text in self.unread.items() if name == self.schema.label]
        return [*notes, *((self._place(name), "has no value in the reference") for name in empty)]

    @property
    def _limit(self) -> float:
        n_rows: int = self.raw.num_rows
        return self.monitor.source.max_rejected_share * n_rows

    def _is_empty(self, name: str) -> bool:
        values = self.pages[name].rows[name]
        return bool(len(values)) and values.null_count == len(values)

    def _place(self, name: str) -> Place:
        """Where in the monitor file a column is named."""
        for role, column in self.monitor.columns:
            if column == name:
                return ("columns", role)
        if name in self.monitor.features:
            return ("features", name)
        sensitive = [one.name for one in self.schema.sensitive]
        return ("fairness", "sensitive", sensitive.index(name))

    def _misfits(self, *, over: float) -> Remarks:
        """Columns of which more than so many rows do not parse."""
        columns = {column.name: column for column in self.schema.columns}
        return [
            (self._place(name), self._misfit(columns[name], page))
            for name, page in self.pages.items()
            if sum(reject.count for reject in page.rejects) > over
        ]

    def _misfit(self, column: Column, page: Page) -> str:
        count = sum(reject.count for reject in page.rejects)
        worst: Reject = max(page.rejects, key=lambda reject: reject.count)
        example = f", such as {worst.example}" if worst.example else ""
        text = f"{count} of the reference's {self.raw.num_rows} rows do not parse ({worst.problem}{example})"
        if self.monitor.fairness and column.name in self.monitor.fairness.bands:
            return f"{text}; bands cut a number: remove them, or correct the file"
        if column.name in self.monitor.features and column.type == "number":
            return f"{text}; write categorical, or correct the file"
        return f"{text}; name another column, or correct the file"

    def _too_many_together(self) -> Remarks:
        """Each column may be within the limit and all of them together beyond it."""
        if self.unread or sum(r.count for page in self.pages.values() for r in page.rejects) <= self._limit:
            return []
        page = parse_table(self.raw, self.schema, timezone=self.monitor.tzinfo)
        rejected = self.raw.num_rows - page.rows.num_rows
        if rejected <= self._limit:
            return []
        share = self.monitor.source.max_rejected_share
        text = f"{rejected} of its {self.raw.num_rows} rows do not parse; max_rejected_share allows {share:.0%}"
        return [(("reference", "uri"), text)]

    def _flags(self) -> Remarks:
        """A value that counts as selected (or as positive) and that no row of the reference has."""
        roles = self.monitor.columns
        wanted: list[tuple[Place, str | None, object]] = [
            (("decision", "selected"), roles.decision, self.monitor.decision.selected),
            (("label", "positive"), roles.label, self.monitor.label.positive),
        ]
        return [(place, text) for place, name, value in wanted if (text := self._never(name, value))]

    def _never(self, name: str | None, value: object) -> str | None:
        page = self.pages.get(name or "")
        if page is None or page.rejects or name not in self.raw.column_names or pc.any(page.rows[name]).as_py():
            return None
        found = [str(one) for one in pc.unique(self.raw[name].drop_null()).slice(0, 10).to_pylist()]
        if str(value).lower() in TRUE and {one.lower() for one in found} <= FALSE:
            return None
        has = ", ".join(found) or "no value"
        return f"no row of the reference has {shown(value)} in {name}; it has {has}{_near(str(value), found)}"

    def _groups(self) -> Remarks:
        problems: Remarks = []
        for sensitive in self.schema.sensitive:
            if sensitive.bands or sensitive.name not in self.pages:
                continue
            values = self.pages[sensitive.name].rows[sensitive.name]
            n_groups = pc.count_distinct(values).as_py()
            if n_groups > MAX_GROUPS:
                text = f"{sensitive.name} has {n_groups} different values, too many to compare; {_fewer(values)}"
                problems.append((self._place(sensitive.name), text))
        return problems + self._reference_groups()

    def _reference_groups(self) -> Remarks:
        """Groups that `fairness.compare` names and the reference does not have."""
        compare = self.monitor.fairness.compare if self.monitor.fairness else "extremes"
        problems: Remarks = []
        for sensitive in self.schema.sensitive:
            if isinstance(compare, str) or sensitive.name not in compare or sensitive.name not in self.pages:
                continue
            name = compare[sensitive.name]
            found = sorted(pc.unique(group_levels(self.pages[sensitive.name].rows, sensitive)).to_pylist())
            if name not in found:
                text = f"{shown(name)} is no group of the reference's {sensitive.name}"
                text += f" ({', '.join(found[:10])}){_near(name, found)}"
                problems.append((("fairness", "compare", sensitive.name), text))
        return problems


def _near(word: str, words: list[str]) -> str:
    return did_you_mean(word, words) or did_you_mean(word.lower(), [one for one in words if one.islower()])


def _fewer(values: pa.ChunkedArray) -> str:
    """How to get fewer groups: bands at the quartiles of a number, fewer words of a text."""
    try:
        numbers = np.asarray(values.drop_null().cast(pa.float64()).to_numpy())
    except pa.ArrowInvalid:
        return "group them into fewer where the requests are made"
    cuts = sorted({float(f"{cut:.2g}") for cut in np.quantile(numbers, [0.25, 0.5, 0.75])})
    return f"set fairness.bands, such as [{', '.join(f'{cut:g}' for cut in cuts)}]"
