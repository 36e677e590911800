"""What is certainly wrong with the new version's answers, whatever labels will say: overall, and by segment."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from modelwatch.calibration.paired import Flags, more_often_p_value
from modelwatch.domain import Measurement
from modelwatch.redeploy.asking import Answer
from modelwatch.redeploy.measured import only_here, shown, too_few
from modelwatch.redeploy.table import SAME
from modelwatch.words import change, number

FEWEST = 10  # in a segment: a fault strikes all or many of its requests, and the test is exact
Both = Sequence[tuple[int, Answer, Answer]]


@dataclass(frozen=True)
class Fault:
    """How far one thing is wrong with some requests' answers.

    Attributes:
        value: the metric; n: requests; new, old: at how many of them the answer of that version is wrong in this way.
    """

    value: float
    n: int
    new: int
    old: int
    evidence: str

    def p_value(self, elsewhere: "Fault | None" = None) -> float:
        """P(as many as now) when the versions are alike; for a segment also when it is like the rest."""
        others = [(self.old, self.n), *([(elsewhere.new, elsewhere.n)] if elsewhere is not None else [])]
        return max(more_often_p_value(self.new, self.n, *other) for other in others)


def measure_faults(both: Both, segments: Mapping[str, Flags]) -> Iterator[Measurement]:
    """Requests that are no longer answered, scores that no longer vary, and scores that cannot be.

    Args:
        both: ``(row, old answer, new answer)`` for each stored request that was asked about.
        segments: ``"channel=atm"`` -> ``(n_requests,)`` which stored requests are in it.
    """
    if both:
        yield from _everywhere("error_share", _errors, both, segments)
    scored = [one for one in both if one[1].score is not None and one[2].score is not None]
    if scored:
        yield from _everywhere("score_variety_loss", _variety, scored, segments)
    if scored and all(0 <= (first.score or 0.0) <= 1 for _, first, _ in scored):
        yield from _everywhere("invalid_score_share", _invalid, scored, segments)


def _everywhere(
    metric: str, find: Callable[[Both], Fault], both: Both, segments: Mapping[str, Flags]
) -> Iterator[Measurement]:
    overall = find(both)
    yield _measured(metric, overall, overall.p_value())
    for name, members in segments.items():
        inside, outside = ([one for one in both if members[one[0]] == side] for side in (True, False))
        few = too_few(metric, len(inside), len(outside), FEWEST, group=name)
        yield few or _of_segment(metric, find(inside), find(outside), name)


def _of_segment(metric: str, here: Fault, rest: Fault, name: str) -> Measurement:
    return only_here(_measured(metric, here, here.p_value(rest), group=name), here.value, rest.value)


def _measured(metric: str, fault: Fault, p_value: float, *, group: str | None = None) -> Measurement:
    return shown(metric, fault.value, fault.n, group=group, p_value=p_value, evidence=fault.evidence)


def _errors(both: Both) -> Fault:
    """Requests that the new version did not answer, or only in part, beyond those that the old one did not."""
    n, old = len(both), sum(first.lacks(second) for _, first, second in both)
    failed = [second for _, first, second in both if second.lacks(first)]
    evidence = f"without an answer: {old} of {n} -> {len(failed)} of {n}"
    evidence += f" ({', '.join(sorted({one.words for one in failed}))})" if failed else ""
    return Fault(max(0.0, (len(failed) - old) / n), n, len(failed), old, evidence)


def _variety(scored: Both) -> Fault:
    """How much less often two requests get different scores: a version that gives all the same looks at no input."""
    n = len(scored)
    varied, k_old, _ = _varies([first.score for _, first, _ in scored])
    varies, k_new, commonest = _varies([second.score for _, _, second in scored])
    evidence = f"two requests have different scores: {change(varied, varies)}; "
    evidence += f"{k_new} of {n} are now {number(commonest)}, where {k_old} of {n} were one and the same"
    return Fault(max(0.0, varied - varies), n, k_new, k_old, evidence)


def _varies(scores: Sequence[float | None]) -> tuple[float, int, float]:
    """P(two of the scores differ), Simpson's index of diversity; and how many are the commonest, and which that is."""
    values, counts = np.unique((np.asarray(scores, dtype=np.float64) / SAME).round(), return_counts=True)
    n, most = len(scores), int(counts.argmax())
    same = float((counts * (counts - 1)).sum() / (n * (n - 1))) if n > 1 else 1.0
    return 1 - same, int(counts[most]), SAME * float(values[most])


def _invalid(scored: Both) -> Fault:
    """Scores outside of 0 to 1 by a version whose predecessor's were all inside."""
    scores, n = [second.score or 0.0 for _, _, second in scored], len(scored)
    outside = [score for score in scores if not 0 <= score <= 1]
    example = f", as {number(outside[0])}" if outside else ""
    return Fault(len(outside) / n, n, len(outside), 0, f"{len(outside)} of {n} scores are outside of 0 to 1{example}")
