"""Outcome tables: the counts of (score x decision x label) behind performance.

Scores are kept as `Buckets` keeps values: exactly while a window has at most `MAX_SCORES` different ones, beyond that
by their leading bits. Tables add up exactly, whatever each part held.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from modelwatch.domain import Schema
from modelwatch.profile.buckets import EMPTY, Buckets, add, fit_buckets, to_ordered
from modelwatch.profile.cells import to_numpy

MAX_SCORES = 8192
KINDS = 3
UNKNOWN = 2  # of a decision and of a label; 0 is no, 1 is yes

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
NO_SCORES = Buckets(0, EMPTY.keys, np.empty((0, KINDS * KINDS), dtype=np.int64))


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Counts of requests by score, decision and label.

    Attributes:
        by_score: the finite scores, ascending; counts are ``(k, 9)``: decision (no, yes, unknown) x label (negative,
            positive, unknown).
        unscored: ``(9,)`` the same of the requests without a finite score.
    """

    by_score: Buckets
    unscored: Counts

    def __add__(self, other: "Outcomes") -> "Outcomes":
        total = add(self.by_score, other.by_score, limit=MAX_SCORES) if self.n_scored + other.n_scored else NO_SCORES
        return Outcomes(total, self.unscored + other.unscored)

    @property
    def n_scored(self) -> int:
        """Requests with a finite score."""
        return int(self.by_score.counts.sum())

    @property
    def is_exact(self) -> bool:
        """Every score is kept as it is."""
        return self.by_score.exact

    @property
    def scores(self) -> Floats:
        """``(k,)`` the scores, ascending; the middle of a bucket that holds several."""
        return np.asarray((self.by_score.lower + self.by_score.upper) / 2)

    @property
    def cube(self) -> Counts:
        """``(k, 3, 3)`` decision x label of each score."""
        return self.by_score.counts.reshape(-1, KINDS, KINDS)

    @property
    def by_label(self) -> Counts:
        """``(k, 3)`` negative, positive and unknown labels of each score."""
        return np.asarray(self.cube.sum(axis=1))

    @property
    def table(self) -> Counts:
        """``(3, 3)`` decision x label of all requests, scored or not."""
        return np.asarray(self.by_score.counts.sum(axis=0) + self.unscored).reshape(KINDS, KINDS)

    @property
    def n_labelled(self) -> int:
        """Requests whose label is known."""
        return int(self.table[:, :UNKNOWN].sum())


def count_outcomes(rows: pa.Table, schema: Schema) -> Outcomes | None:
    """The outcomes of rows; None when the model has no labels, or neither score nor decision."""
    if schema.label is None or (schema.score is None and schema.decision is None):
        return None
    code = KINDS * _known(rows, schema.decision) + label_codes(rows, schema)
    scores = to_numpy(rows[schema.score]) if schema.score is not None else np.full(rows.num_rows, np.nan)
    is_scored = np.isfinite(scores)
    unscored = np.bincount(code[~is_scored], minlength=KINDS * KINDS).astype(np.int64)
    return Outcomes(_by_score(scores[is_scored], code[is_scored]), unscored)


def _by_score(scores: Floats, code: Counts) -> Buckets:
    if not len(scores):
        return NO_SCORES
    held = fit_buckets(scores, limit=MAX_SCORES)
    place = np.searchsorted(held.keys, to_ordered(scores) >> held.level)
    size = KINDS * KINDS
    counts = np.bincount(place * size + code, minlength=len(held.keys) * size)
    return Buckets(held.level, held.keys, counts.reshape(-1, size).astype(np.int64))


def label_codes(rows: pa.Table, schema: Schema) -> Counts:
    """``(n,)`` 0, 1, or `UNKNOWN`: without a label, or stopped, so that nobody knows what it would have become."""
    codes = _known(rows, schema.label)
    if schema.without_outcome is None:
        return codes
    column, value = schema.without_outcome
    is_stopped = pc.fill_null(pc.equal(rows[column], value), False)
    return np.where(np.asarray(is_stopped.to_numpy(), dtype=bool), UNKNOWN, codes)


def _known(rows: pa.Table, name: str | None) -> Counts:
    """0, 1, or `UNKNOWN` where the flag is null or there is no such column."""
    if name is None:
        return np.full(rows.num_rows, UNKNOWN, dtype=np.int64)
    codes = pc.fill_null(pc.cast(rows[name], pa.int8()), UNKNOWN)
    return np.asarray(codes.to_numpy(), dtype=np.int64)
