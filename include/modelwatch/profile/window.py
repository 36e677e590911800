"""The profile of a whole window: every feature, the prediction, and the group tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from modelwatch.domain import Schema
from modelwatch.errors import MetricInputError
from modelwatch.profile.cells import CategoricalCells, Cells, fit_categorical, fit_numeric
from modelwatch.profile.features import FeatureProfile, count
from modelwatch.profile.groups import GroupTable, count_groups
from modelwatch.profile.outcomes import Outcomes, count_outcomes

CellSet = Mapping[str, Cells]
DECISION_CELLS = CategoricalCells(("false", "true"))


@dataclass(frozen=True, eq=False)
class Profile:
    """Counts of one window; a sum of profiles is the profile of the windows together.

    Attributes:
        n_rows: requests counted.
        columns: the features' profiles and those of the score and decision, by column name.
        groups: group tables by attribute (``"gender"``, ``"gender & age_band"``).
        type_errors: rows kept out because this column's value had the wrong type, by column name.
        n_rejected: all rows kept out.
        outcomes: score x decision x label; None when the model has no labels.
    """

    n_rows: int
    columns: Mapping[str, FeatureProfile]
    groups: Mapping[str, GroupTable] = field(default_factory=dict)
    type_errors: Mapping[str, int] = field(default_factory=dict)
    n_rejected: int = 0
    outcomes: Outcomes | None = None

    def __add__(self, other: "Profile") -> "Profile":
        if self.columns.keys() != other.columns.keys():
            message = f"profiles of different columns: {sorted(self.columns)} and {sorted(other.columns)}"
            raise MetricInputError(message)
        return Profile(
            self.n_rows + other.n_rows,
            {name: _sum(mine, other.columns[name]) for name, mine in self.columns.items()},
            add_groups(self.groups, other.groups),
            {
                name: self.type_errors.get(name, 0) + other.type_errors.get(name, 0)
                for name in sorted({*self.type_errors, *other.type_errors})
            },
            self.n_rejected + other.n_rejected,
            _both(self.outcomes, other.outcomes),
        )


def add_groups(a: Mapping[str, GroupTable], b: Mapping[str, GroupTable]) -> dict[str, GroupTable]:
    """The group tables of both, added attribute by attribute, in the order of ``a``."""
    return {
        name: a[name] + b[name] if name in a and name in b else (a.get(name) or b[name])
        for name in dict.fromkeys([*a, *b])
    }


def fit_cells(reference: pa.Table, schema: Schema) -> dict[str, Cells]:
    """The cells of every feature, the score and the decision, fitted on the reference rows."""
    cells: dict[str, Cells] = {}
    for name, kind in schema.features.items():
        cells[name] = (fit_numeric if kind == "numeric" else fit_categorical)(reference[name])
    if schema.score is not None:
        cells[schema.score] = fit_numeric(reference[schema.score])
    if schema.decision is not None:
        cells[schema.decision] = DECISION_CELLS
    return cells


def profile_rows(rows: pa.Table, cells: CellSet, schema: Schema) -> Profile:
    """Count rows (domain.Page's column types) in the reference's cells."""
    columns = {}
    for name, its_cells in cells.items():
        values = rows[name]
        is_flag = pa.types.is_boolean(values.type)
        columns[name] = count(values.cast(pa.string()) if is_flag else values, its_cells)
    return Profile(rows.num_rows, columns, count_groups(rows, schema), outcomes=count_outcomes(rows, schema))


def _both(mine: Outcomes | None, other: Outcomes | None) -> Outcomes | None:
    """Windows that were stored before outcomes were counted have none, and add none."""
    return mine + other if mine is not None and other is not None else mine or other


def _sum(mine: FeatureProfile, other: FeatureProfile) -> FeatureProfile:
    if type(mine) is not type(other):
        message = "a numeric and a categorical profile cannot be added"
        raise MetricInputError(message)
    return mine + other  # type: ignore[operator]  # both are of one class, checked above
