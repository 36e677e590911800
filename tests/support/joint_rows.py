"""Rows of many features that move together, for the tests of multivariate drift."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from modelwatch.checks.rows import Rows, join_rows
from modelwatch.domain import FeatureKind

N_FEATURES = 30


def joint(n: int, seed: int, *, rho: float = 0.8, shift: float = 0.0) -> pa.Table:
    """Thirty standard normal features; the second correlates with the first, whose mean may be moved."""
    x = np.random.default_rng(seed).normal(size=(n, N_FEATURES))
    x[:, 1] = rho * x[:, 0] + np.sqrt(1 - rho**2) * x[:, 1]
    x[:, 0] += shift
    return table(x)


def table(x: np.ndarray) -> pa.Table:
    """Columns f0, f1, ... of float64."""
    return pa.table({f"f{i}": x[:, i] for i in range(x.shape[1])})


def kinds(rows: pa.Table) -> Mapping[str, FeatureKind]:
    """Numbers are numeric, everything else categorical."""
    return {
        name: "numeric" if pa.types.is_floating(rows.schema.field(name).type) else "categorical"
        for name in rows.column_names
    }


def joined(reference: pa.Table, current: pa.Table) -> Rows:
    """Both side by side, every column a feature."""
    return join_rows(reference, current, kinds(reference))
