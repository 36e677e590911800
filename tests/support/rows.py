"""Small tables of requests and the schema that reads them, for tests of the arithmetic."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from modelwatch.domain import Schema, Sensitive
from modelwatch.profile import CellSet, Profile, fit_cells, profile_rows

SCHEMA = Schema(
    columns=(),
    features={"amount": "numeric", "category": "categorical"},
    decision="flagged",
    label="fraud",
    sensitive=(Sensitive("gender"),),
)


def requests(n: int, seed: int, *, shift: float = 0.0, gap: float = 0.0) -> pa.Table:
    """Requests whose amount is moved by ``shift`` standard deviations and whose F are flagged ``gap`` more often."""
    rng = np.random.default_rng(seed)
    gender = rng.choice(["F", "M"], n)
    flagged = rng.random(n) < 0.2 + np.where(gender == "F", gap, 0.0)
    return pa.table(
        {
            "amount": rng.normal(shift, 1.0, n),
            "category": pa.array(rng.choice(["a", "b", "c"], n)),
            "gender": pa.array(gender),
            "flagged": flagged,
            "fraud": rng.random(n) < 0.3,
        }
    )


def numeric(values: list[float | None]) -> pa.ChunkedArray:
    """A float64 column."""
    return pa.chunked_array([pa.array(values, pa.float64())])


def text(values: list[str | None]) -> pa.ChunkedArray:
    """A string column."""
    return pa.chunked_array([pa.array(values, pa.string())])


def fitted(reference: pa.Table, schema: Schema = SCHEMA) -> tuple[CellSet, Profile]:
    """The reference's cells and its profile in them."""
    cells = fit_cells(reference, schema)
    return cells, profile_rows(reference, cells, schema)


def counts(profile: Profile) -> Mapping[str, list[int]]:
    """Every column's counts as lists, for comparison."""
    return {name: column.counts.tolist() for name, column in profile.columns.items()}
