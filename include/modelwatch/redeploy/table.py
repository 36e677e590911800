"""The answers as arrays: one line per stored request that both versions answered."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from modelwatch.calibration.paired import Flags, Floats, Mean, more_often_p_value, stratified_mean
from modelwatch.redeploy.asking import Answer, Answers, Ask, Kind, StoredRequest
from modelwatch.redeploy.plan import Order

SAME = 1e-9  # scores that differ by less are the same number, written differently
NOISE_MARGIN = 2.0  # of the largest difference seen when the same was asked twice


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

    @cached_property
    def is_near(self) -> Flags:
        """``(n_requests,)`` which were chosen for being near to the decision."""
        found = np.zeros(len(self.requests), dtype=np.bool_)
        found[list(self.order.near)] = True
        return found

    def of(self, kind: str) -> Iterator[tuple[Ask, Answer]]:
        """Every ask of a kind that was sent, with its answer."""
        return ((ask, self.answers[ask.key]) for ask in self.asks if ask.kind == kind and ask.key in self.answers)

    def before(self, row: int) -> Answer:
        """The old version's answer to a stored request."""
        if self.old is None:
            stored, (has_scores, has_decisions) = self.requests[row], self._answered
            return Answer(200, stored.score if has_scores else None, stored.decision if has_decisions else None)
        return self.answers.get(Ask("replay", self.old, row).key, Answer(None))

    @cached_property
    def _answered(self) -> tuple[bool, bool]:
        """Whether the API's answers hold scores, and decisions: the log may have more, and lacks nothing by it."""
        told = [answer for answer in self.answers.values() if answer.is_answered]
        parts = ([one.score for one in told], [one.decision for one in told])
        has_scores, has_decisions = (not told or any(one is not None for one in part) for part in parts)
        return has_scores, has_decisions

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

    def among(self, members: Flags) -> "Pairs":
        """Those of a segment; ``members`` is ``(n_requests,)`` which stored requests are in it."""
        return self.only(members[self.rows])

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
    return stratified_mean(values[known], story.is_near[found.rows[known]], len(story.requests) if of is None else of)


def means_of_segment(story: Story, found: Pairs, values: Floats, members: Flags) -> tuple[Mean, Mean]:
    """The mean over the stored requests of a segment, and over all others.

    Args:
        members: ``(n_requests,)`` which stored requests are in it; the others as of `mean_over_stored`.
    """
    here, rest = (
        mean_over_stored(story, found.among(whole), values[whole[found.rows]], of=int(whole.sum()))
        for whole in (members, ~members)
    )
    return here, rest


def score_scale(requests: Sequence[StoredRequest]) -> float | None:
    """The standard deviation of the logged scores, in which shifts are told; None without any spread."""
    scores = [one.score for one in requests if one.score is not None]
    spread = float(np.std(scores, ddof=1)) if len(scores) > 1 else 0.0
    return spread or None


def repeat_noise(story: Story, version: str) -> Pairs:
    """The same version asked the same twice."""
    return pairs([(ask.row, story.base(ask), answer) for ask, answer in story.of("repeat") if ask.version == version])


def noise_p_value(found: Pairs, noise: Pairs, members: Flags | None = None) -> float:
    """P(so many answers differ) when they differ as often as those to the same request asked twice.

    It holds for scores of any distribution. 1 where nothing was asked twice.

    Args:
        members: ``(n_requests,)`` of a segment, which is then judged by itself: where answers are noisy at all, they
            may be so in one segment and not in another.
    """
    if members is not None:
        found, noise = found.among(members), noise.among(members) if noise.changed.any() else noise
    n = len(found.rows), len(noise.rows)
    return more_often_p_value(int(found.changed.sum()), n[0], int(noise.changed.sum()), n[1])


def tolerance(story: Story) -> float:
    """A difference between two scores that the new version's own noise may explain."""
    noise = repeat_noise(story, story.new).score_change
    return SAME + NOISE_MARGIN * float(np.nanmax(np.abs(noise), initial=0.0))


def by_change(story: Story, kind: Kind, version: str) -> dict[tuple[str, str], list[tuple[Ask, Answer]]]:
    """Asks of one version, with their answers, by what was changed to what."""
    found: dict[tuple[str, str], list[tuple[Ask, Answer]]] = defaultdict(list)
    for ask, answer in story.of(kind):
        if ask.version == version:
            found[ask.subject, ask.level].append((ask, answer))
    return found


def moves(story: Story, asked: Sequence[tuple[Ask, Answer]]) -> Pairs:
    """What changed copies of requests get, against the requests as they were; rows ascending."""
    return pairs(sorted(((ask.row, story.base(ask), answer) for ask, answer in asked), key=lambda one: one[0]))
