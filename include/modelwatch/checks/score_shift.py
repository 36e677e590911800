"""Which features the score moved with, and where the model became worst: for the evidence of a kind of drift."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import special

from modelwatch.calibration.performance import auc_error
from modelwatch.checks.performance_figures import FEWEST
from modelwatch.checks.relation import quantile_places
from modelwatch.checks.reweighting import Labelled
from modelwatch.metrics.performance import roc_auc
from modelwatch.words import number, percent

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SHOWN = 3
SMALL = 3.0  # standard errors: a move of the score that is worth explaining
LEAST = 0.05  # share of the move
MOST_SEGMENTS = 50


def score_moved_with(labelled: Labelled) -> str | None:
    """``"of the score's rise 71 % goes with amount, 12 % with hour"``; None when the score did not move.

    A feature's part is how far the reference's mean score moves when its rows are weighted so that this feature alone
    is distributed as in the window, over how far the mean score moved. Parts of features that move together overlap.
    """
    now, scores = labelled.is_current, labelled.scores
    before, after = scores[~now], scores[now]
    move = float(after.mean() - before.mean())
    if abs(move) <= SMALL * math.hypot(before.std() / math.sqrt(len(before)), after.std() / math.sqrt(len(after))):
        return None
    parts = [_moved_by(column, now, before) / move for column in labelled.rows.values.T]
    order = np.argsort(-np.array(parts), kind="stable")[:SHOWN]
    shown = [f"{percent(parts[k])} goes with {labelled.rows.features[k][:60]}" for k in order if parts[k] >= LEAST]
    word = "rise" if move > 0 else "fall"
    return f"of the score's {word} {', '.join(shown)}" if shown else f"no feature alone explains the score's {word}"


def _moved_by(column: Floats, now: Flags, before: Floats) -> float:
    """The move of the mean score from one feature's cells alone."""
    place = quantile_places(column, column[~now])
    size = int(place.max()) + 1
    n = np.bincount(place[~now], minlength=size)
    mean = np.bincount(place[~now], before, size) / np.maximum(n, 1)
    share = np.bincount(place[now], minlength=size) / now.sum()
    return float(np.where(n > 0, (share - n / len(before)) * mean, 0.0).sum())


@dataclass(frozen=True)
class Segment:
    """Requests with one value in one column, and the area under the ROC curve among them, before and now."""

    name: str
    before: float
    now: float
    surprise: float


def worst_segment(
    reference: pa.Table, current: pa.Table, by: Sequence[str], *, score: str, label: str, alpha: float
) -> Segment | None:
    """The segment whose ROC AUC fell most certainly; None when in none it fell beyond chance.

    Args:
        reference, current: labelled rows; by: categorical columns whose values are the segments.
        score, label: column names.
        alpha: significance, shared among all segments that can be measured (Bonferroni).
    """
    found: list[Segment] = []
    for column in by:
        for value in pc.unique(current[column].drop_null()).to_pylist()[:MOST_SEGMENTS]:
            sides = [_only(rows, column, value) for rows in (reference, current)]
            segment = _segment(sides, score, label, f"{column} is '{value[:40]}'")
            found += [segment] if segment else []
    worst = max(found, key=lambda one: (one.surprise, one.name), default=None)
    certain = -float(special.ndtri(alpha / max(1, len(found))))
    return worst if worst is not None and worst.surprise >= certain else None


def told(segment: Segment) -> str:
    """``"worst where channel is 'web': 0.97 -> 0.90"``."""
    return f"worst where {segment.name}: {number(segment.before)} -> {number(segment.now)}"


def _only(rows: pa.Table, column: str, value: str) -> pa.Table:
    return rows.filter(pc.equal(rows[column], value))


def _segment(sides: list[pa.Table], score: str, label: str, name: str) -> Segment | None:
    areas: list[tuple[float, float]] = []
    for rows in sides:
        scores, labels = rows[score].to_numpy(), np.asarray(rows[label].to_numpy(), dtype=bool)
        if min(labels.sum(), (~labels).sum()) < FEWEST:
            return None
        grid, place = np.unique(scores, return_inverse=True)
        counts = [np.bincount(place[chosen], minlength=len(grid)) for chosen in (labels, ~labels)]
        areas.append((roc_auc(*counts), auc_error(*counts)))
    (before, error), (now, other) = areas
    return Segment(name, before, now, (before - now) / math.hypot(error, other))
