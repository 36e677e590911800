"""The answers as arrays: one line per stored request that both versions answered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwatch.calibration.paired import Flags, Floats, Mean, stratified_mean
from modelwatch.redeploy.asking import Answer, Answers, Ask, StoredRequest
from modelwatch.redeploy.plan import Order

SAME = 1e-9  # scores that differ by less are the same number, written differently


@dataclass(frozen=True)
class Story:
    """All that a comparison found: the stored requests, their order, what was asked and what came back.

    Attributes:
        old: None when the logged answers stand for the old version.
    """

    requests: Sequence[StoredRequest]
    order: Order
    asks: Sequence[Ask]
    answers: Answers
    new: str
    old: str | None

    def of(self, kind: str) -> Iterator[tuple[Ask, Answer]]:
        """Every ask of a kind that was sent, with its answer."""
        return ((ask, self.answers[ask.key]) for ask in self.asks if ask.kind == kind and ask.key in self.answers)

    def before(self, row: int) -> Answer:
        """The old version's answer to a stored request."""
        if self.old is None:
            stored = self.requests[row]
            return Answer(200, stored.score, stored.decision)
        return self.answers.get(Ask("replay", self.old, row).key, Answer(None))

    def after(self, row: int) -> Answer:
        """The new version's answer to a stored request."""
        return self.answers.get(Ask("replay", self.new, row).key, Answer(None))

    def base(self, ask: Ask) -> Answer:
        """The answer of the same version to the stored request as it was."""
        return self.answers.get(Ask("replay", ask.version, ask.row).key, Answer(None))


@dataclass(frozen=True)
class Pairs:
    """Two answers each to the same or nearly the same request.

    Attributes:
        rows: ``(n,)`` positions of the stored requests.
        score_change, score_before: ``(n,)``, NaN where one side has no score.
        flip: ``(n,)`` 1 newly selected, -1 no longer, 0 alike; NaN where one side has no decision.
    """

    rows: NDArray[np.int64]
    score_change: Floats
    score_before: Floats
    flip: Floats

    def only(self, chosen: Flags) -> "Pairs":
        """A part of them."""
        return Pairs(self.rows[chosen], self.score_change[chosen], self.score_before[chosen], self.flip[chosen])

    @property
    def changed(self) -> Flags:
        """Whether anything differs between the two answers."""
        moved = np.abs(np.nan_to_num(self.score_change)) > SAME
        return np.asarray(moved | (np.nan_to_num(self.flip) != 0), dtype=np.bool_)


def pairs(both: Sequence[tuple[int, Answer, Answer]]) -> Pairs:
    """Those of the pairs ``(row, before, after)`` that were answered both times."""
    kept = [(row, first, second) for row, first, second in both if first.is_answered and second.is_answered]
    before = _numbers([first.score for _, first, _ in kept])
    after = _numbers([second.score for _, _, second in kept])
    flip = _numbers([second.decision for _, _, second in kept]) - _numbers([first.decision for _, first, _ in kept])
    return Pairs(np.asarray([row for row, _, _ in kept], dtype=np.int64), after - before, before, flip)


def _numbers(values: Sequence[float | bool | None]) -> Floats:
    return np.asarray([np.nan if value is None else float(value) for value in values], dtype=np.float64)


def mean_over_stored(story: Story, found: Pairs, values: Floats, *, of: int | None = None) -> Mean:
    """The mean of a value over stored requests, from those that were asked about.

    Args:
        found: whom the values are of; values: ``(n,)``, NaN where there is none.
        of: how many stored requests there are; None: all of them.
    """
    known = ~np.isnan(values)
    is_near = np.isin(found.rows[known], list(story.order.near))
    return stratified_mean(values[known], is_near, len(story.requests) if of is None else of)
