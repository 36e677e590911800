"""The scores that both versions gave the same requests, bin by bin."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from modelwatch.redeploy.table import Story
from modelwatch.words import number

TENTHS = tuple(i / 10 for i in range(1, 10))


class ScoreBin(NamedTuple):
    """How many of the same requests each version scored in a bin."""

    label: str
    old: int
    new: int


def score_bins(story: Story) -> tuple[ScoreBin, ...]:
    """The scores of the requests that both versions scored, in bins that are tenths of the old version's scores.

    Returns:
        In ascending order; fewer than ten where many scores are one and the same; none where nothing was scored.
    """
    rows = dict.fromkeys(ask.row for ask, _ in story.of("replay"))
    both = [(story.before(row).score, story.after(row).score) for row in rows]
    scores = np.asarray([pair for pair in both if None not in pair], dtype=np.float64)
    if len(scores) == 0:
        return ()
    edges = np.unique(np.quantile(scores[:, 0], TENTHS))
    counts = [np.bincount(np.searchsorted(edges, one, side="right"), minlength=len(edges) + 1) for one in scores.T]
    return tuple(ScoreBin(*one) for one in zip(_labels(edges.tolist()), *(one.tolist() for one in counts), strict=True))


def _labels(edges: list[float]) -> list[str]:
    words = [number(edge) for edge in edges]
    between = [f"{low} to {high}" for low, high in pairwise(words)]
    return [f"below {words[0]}", *between, f"{words[-1]} and more"]
