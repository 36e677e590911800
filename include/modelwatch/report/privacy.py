"""Small groups: what is said of a few people is said about each of them, so it is not said at all."""

from dataclasses import replace

from modelwatch.domain import Judgement, Result
from modelwatch.history import Point

MIN_GROUP = 10
REASON = f"fewer than {MIN_GROUP} requests of this group: not shown"


def is_small(group: str | None, n_current: int) -> bool:
    """Whether a result is about one group (``gender=F``) of fewer than `MIN_GROUP` requests."""
    return group is not None and "=" in group and n_current < MIN_GROUP


def shown_result(result: Result) -> Result:
    """The result as it may leave the store: without its figures when the group is small."""
    m = result.measurement
    if not is_small(m.group, m.n_current):
        return result
    hidden = replace(
        m, value=None, effect=None, p_value=None, ci_low=None, ci_high=None, n_current=0, n_reference=None,
        smallest_detectable=None, evidence=None, reason=REASON,
    )  # fmt: skip
    return replace(result, measurement=hidden, q_value=None, reason=REASON)


def shown_judgement(judgement: Judgement) -> Judgement:
    """The judgement without the figures of small groups."""
    return replace(
        judgement,
        results=tuple(shown_result(result) for result in judgement.results),
        findings=tuple(shown_result(result) for result in judgement.findings),
    )


def shown_point(point: Point) -> Point:
    """The same for one result of many windows."""
    if not is_small(point.group, point.n_current):
        return point
    return point._replace(value=None, effect=None, ci_low=None, ci_high=None, n_current=0, evidence=None)
