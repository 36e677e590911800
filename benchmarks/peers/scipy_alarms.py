"""A plain afternoon with scipy: what a careful engineer would write before installing anything.

Kolmogorov-Smirnov for numbers, chi-square with pooled rare levels for categories, Fisher's exact test for the share of
nulls and of unseen levels; Benjamini-Hochberg at 1 % over all of them. A window alarms when anything is discovered.
"""

import warnings
from collections.abc import Iterator
from pathlib import Path

warnings.filterwarnings("ignore")

import folder as shared
import numpy as np
import pandas as pd
from scipy import stats

FALSE_DISCOVERY_RATE = 0.01
MIN_EXPECTED = 5


def alarms(folder: Path) -> Iterator[shared.Alarm]:
    """The discoveries in each window."""
    reference = shared.reference(folder)
    numeric = set(shared.numeric(reference))
    for name, window in shared.windows(folder):
        tests = [
            (column, p_value)
            for column in reference
            for p_value in (_numeric if column in numeric else _categorical)(reference[column], window[column])
        ]
        q_values = stats.false_discovery_control(np.nan_to_num([p_value for _, p_value in tests], nan=1.0))
        found = {column for (column, _), q in zip(tests, q_values, strict=True) if q <= FALSE_DISCOVERY_RATE}
        yield name, bool(found), sorted(found)


def _numeric(reference: pd.Series, current: pd.Series) -> list[float]:
    r, c = reference.dropna(), current.dropna()
    moved = stats.ks_2samp(r, c, method="asymp").pvalue if len(r) and len(c) else 1.0
    return [moved, _shares(reference.isna().sum(), len(reference), current.isna().sum(), len(current))]


def _categorical(reference: pd.Series, current: pd.Series) -> list[float]:
    r, c = reference.value_counts(), current.value_counts()
    unseen = c.index.difference(r.index)
    table = np.array([r, c.reindex(r.index, fill_value=0)])
    return [
        _chi_square(table),
        _shares(reference.isna().sum(), len(reference), current.isna().sum(), len(current)),
        _shares(0, len(reference), c[unseen].sum(), len(current)),
    ]


def _chi_square(table: np.ndarray) -> float:
    """Levels expected fewer than five times in either sample share one column."""
    sizes = table.sum(axis=1)
    rare = table.sum(axis=0) * sizes.min() / max(sizes.sum(), 1) < MIN_EXPECTED
    pooled = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)])
    pooled = pooled[:, pooled.sum(axis=0) > 0]
    return stats.chi2_contingency(pooled, correction=False).pvalue if pooled.shape[1] > 1 and sizes.all() else 1.0


def _shares(x: int, n: int, y: int, m: int) -> float:
    return stats.fisher_exact([[x, n - x], [y, m - y]]).pvalue


if __name__ == "__main__":
    shared.main(alarms)
