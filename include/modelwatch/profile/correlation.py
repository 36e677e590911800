"""Which numeric columns move together in the reference: rank correlations, computed once when it is fitted."""

import json
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from modelwatch.profile.cells import to_numpy

MAX_COLUMNS = 200
MAX_ROWS = 20_000
NOTABLE = 0.5

Correlations = Mapping[tuple[str, str], float]
"""Rank correlation of pairs of columns, names in alphabetical order; pairs that are not there hardly correlate."""


def rank_correlations(rows: pa.Table, columns: Sequence[str]) -> Correlations:
    """Spearman's rank correlation of every two columns, where it is notable.

    rho = Pearson's correlation of the average ranks

    Args:
        rows: the reference; at most `MAX_ROWS` of them, evenly spaced, are looked at.
        columns: numeric columns; only the first `MAX_COLUMNS` are looked at.

    Returns:
        Pairs in alphabetical order -> rho in [-1, 1], to two decimals, only where ``|rho| >= NOTABLE``.

    Notes: a missing or non-finite value gets the middle rank, which makes correlations smaller, never larger. A column
    of one value correlates with nothing.

    Source: Spearman 1904; equals scipy.stats.spearmanr in tests/oracle.
    """
    names = sorted(columns[:MAX_COLUMNS])
    picks = np.unique(np.linspace(0, max(rows.num_rows - 1, 0), MAX_ROWS).astype(np.int64))[: rows.num_rows]
    chosen = rows.select(names).take(pa.array(picks))
    ranks = np.array([_ranks(to_numpy(chosen[name])) for name in names]).reshape(len(names), len(picks))
    norms = np.sqrt((ranks**2).sum(axis=1))
    ranks[norms > 0] /= norms[norms > 0, None]
    rho = np.round(ranks @ ranks.T, 2)
    pairs = combinations(range(len(names)), 2)
    return {(names[i], names[j]): float(rho[i, j]) for i, j in pairs if abs(rho[i, j]) >= NOTABLE}


def encode_correlations(correlations: Correlations) -> bytes:
    """The pairs as JSON."""
    return json.dumps([[a, b, rho] for (a, b), rho in sorted(correlations.items())]).encode()


def decode_correlations(data: bytes) -> Correlations:
    """What `encode_correlations` wrote."""
    return {(a, b): rho for a, b, rho in json.loads(data)}


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average ranks less their mean; 0 for what is not finite."""
    ranks, finite = np.zeros(len(values)), np.isfinite(values)
    if not finite.any():
        return ranks
    _, position, counts = np.unique(values[finite], return_inverse=True, return_counts=True)
    average = np.cumsum(counts) - (counts - 1) / 2
    ranks[finite] = average[position] - (finite.sum() + 1) / 2
    return ranks
