"""The columns that `init` was told of: they are there, hold what their role needs, and what their values mean."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.config.sources import CommonSource
from modelwatch.domain import Column, ColumnType, Outcome, Schema
from modelwatch.errors import DataError, did_you_mean
from modelwatch.init.infer import as_numbers
from modelwatch.sources.rows import parse_table
from modelwatch.sources.values import FALSE, TRUE, text

MAX_CHOICES = 20
MAX_BANDLESS = 12
MAX_GROUPS = 50
TYPES: dict[str, ColumnType] = {"id": "text", "timestamp": "timestamp", "score": "number"}
ADVERSE = re.compile(r"flag|fraud|reject|declin|den[iy]|block|refus|default|suspect|risk|\bbad\b", re.IGNORECASE)
FAVOURABLE = re.compile(r"\b(approv|accept|grant|admit|good\b)", re.IGNORECASE)


@dataclass(frozen=True)
class Chosen:
    """The columns with a role, and what was made of their values.

    Attributes:
        selected, positive: the value of the decision and of the label that counts; None without such a column.
        bands: cut points of sensitive numbers.
        notes: guesses a reader should look at.
    """

    roles: Mapping[str, str]
    sensitive: Sequence[str]
    selected: object = None
    positive: object = None
    outcome: Outcome = "favourable"
    bands: Mapping[str, list[float]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> set[str]:
        """All of them."""
        return {*self.roles.values(), *self.sensitive}


def choose(where: str, table: pa.Table, roles: Mapping[str, str], sensitive: Sequence[str]) -> Chosen:
    """Check the columns and read their values.

    Raises:
        DataError: a column is absent, named twice, or does not hold what its role needs; all such mistakes at once.
    """
    _require(where, _misnamed(table, roles, sensitive))
    _require(where, _mistyped(table, roles) + _ungrouped(table, sensitive))
    notes: list[str] = []
    values = {role: _chosen_value(role, name, table[name], notes) for role, name in roles.items() if role in _ASKED}
    if "decision" in roles:
        notes.append(f"decision.outcome is {_outcome(roles, values)}: look whether being selected harms the person")
    bands = {name: cuts for name in sensitive if (cuts := _bands(table[name]))}
    notes += [
        f"fairness.bands cut {name} at its quartiles {cuts}: better cuts may be known" for name, cuts in bands.items()
    ]
    if sensitive:
        notes.append("sensitive columns are not features; list those under features too that the model gets to see")
    return Chosen(
        roles, sensitive, values.get("decision"), values.get("label"), _outcome(roles, values), bands, tuple(notes)
    )


def _require(where: str, problems: list[str]) -> None:
    if problems:
        message = "\n".join(f"{where}: {problem}" for problem in problems)
        raise DataError(message)


def _misnamed(table: pa.Table, roles: Mapping[str, str], sensitive: Sequence[str]) -> list[str]:
    names = table.column_names
    named = [(f"--{role}", name) for role, name in roles.items()] + [("--sensitive", name) for name in sensitive]
    problems = [
        f"{option}: there is no column '{name}'; found: {', '.join(names)}{did_you_mean(name, names)}"
        for option, name in named
        if name not in names
    ]
    first: dict[str, str] = {}
    for option, name in named:
        if name in first:
            problems.append(f"{option}: column '{name}' is named by {first[name]} already")
        first.setdefault(name, option)
    if sensitive and "decision" not in roles:
        problems.append("--sensitive compares decisions between groups: name their column with --decision")
    twice = sorted({name for name in names if names.count(name) > 1})
    return problems + [f"column '{name}' is there {names.count(name)} times; rename all but one" for name in twice]


def _mistyped(table: pa.Table, roles: Mapping[str, str]) -> list[str]:
    """Role columns of which more rows do not parse than a reference may have."""
    problems = []
    limit = CommonSource().max_rejected_share * table.num_rows
    for role, kind in TYPES.items():
        if role not in roles:
            continue
        column = Column(roles[role], (roles[role],), kind, required=role != "score")
        page = parse_table(table, Schema(columns=(column,), features={}), timezone=UTC)
        n_bad = sum(reject.count for reject in page.rejects)
        if n_bad > limit:
            problem = page.rejects[0].problem
            problems.append(f"--{role}: {n_bad} of {table.num_rows} values of '{column.name}' do not fit ({problem})")
    for role in _ASKED:
        n_values = len(_counts(table[roles[role]])) if role in roles else 1
        if not 1 <= n_values <= MAX_CHOICES:
            text = f"--{role}: '{roles[role]}' has {n_values:,} different values; expected two, such as true and false"
            problems.append(text)
    return problems


def _ungrouped(table: pa.Table, sensitive: Sequence[str]) -> list[str]:
    many = {
        name: n
        for name in sensitive
        if as_numbers(table[name]) is None and (n := pc.count_distinct(table[name]).as_py()) > MAX_GROUPS
    }
    return [
        f"--sensitive: '{name}' has {n:,} different values, too many to compare; group them into at most {MAX_GROUPS}"
        for name, n in many.items()
    ]


_ASKED = {"decision": "selected", "label": "positive"}


def _counts(values: pa.ChunkedArray) -> list[tuple[Any, int]]:
    """Each value and how often it occurs, rarest first."""
    counted = [(one["values"], one["counts"]) for one in pc.value_counts(values.drop_null()).to_pylist()]
    return sorted(counted, key=lambda one: (one[1], str(one[0])))


def _chosen_value(role: str, name: str, values: pa.ChunkedArray, notes: list[str]) -> object:
    """The value that counts as selected or positive: true, 1 or yes where there is one, else the rarest, noted."""
    by_text = {text(value) or "": value for value, _ in _counts(values)}
    words = {word.lower() for word in by_text}
    if words <= TRUE | FALSE:
        return 1 if words & {"0", "1"} else True
    ones = [word for word in by_text if word.lower() in TRUE]
    chosen = (ones or list(by_text))[0]
    notes.append(f"{role}.{_ASKED[role]} is guessed: {chosen} (of {', '.join(sorted(by_text))} in {name})")
    return int(chosen) if isinstance(by_text[chosen], int | float) and chosen.lstrip("-").isdecimal() else chosen


def _outcome(roles: Mapping[str, str], values: Mapping[str, object]) -> Outcome:
    """What being selected means, as far as the value's name tells, else the column's."""
    selected = str(values.get("decision", ""))
    if FAVOURABLE.search(selected):
        return "favourable"
    return "adverse" if ADVERSE.search(f"{roles.get('decision', '')} {selected}") else "favourable"


def _bands(values: pa.ChunkedArray) -> list[float]:
    """Cut points near the quartiles of a number with many values; none for one with few, or for text."""
    numbers = as_numbers(values)
    if numbers is None:
        return []
    present = np.asarray(numbers.drop_null().to_numpy())
    distinct = np.unique(present[np.isfinite(present)])
    if len(distinct) <= MAX_BANDLESS:
        return []
    quartiles = np.quantile(present[np.isfinite(present)], [0.25, 0.5, 0.75])
    rounded = sorted({float(f"{cut:.3g}") for cut in quartiles})
    # A cut at the smallest value would leave a group without anybody.
    cuts = [cut for cut in rounded if distinct[0] < cut <= distinct[-1]] or [float(distinct[1])]
    return [int(cut) if cut.is_integer() else cut for cut in cuts]
