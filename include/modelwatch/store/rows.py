"""Results as rows and back."""

from typing import Any, TypeVar, cast

from modelwatch.domain import Check, Measurement, Result, Status
from modelwatch.store.tables import ResultRow

T = TypeVar("T")


def storable(content: T) -> T:
    """The content with what Postgres cannot hold in its strings replaced by U+FFFD, however deep they are.

    A category or a message comes from the watched model's requests; a NUL or half a surrogate pair in one of them must
    not cost the verdict on all of them.
    """
    if isinstance(content, str):
        clean = content.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return cast("T", clean)
    if isinstance(content, dict):
        return cast("T", {storable(key): storable(value) for key, value in content.items()})
    if isinstance(content, list | tuple):
        return cast("T", [storable(value) for value in content])
    return content


def row_of(result: Result, evaluation_id: int, position: int, rank: int | None) -> dict[str, Any]:
    """The columns of a result."""
    m = result.measurement
    return {
        "evaluation_id": evaluation_id,
        "position": position,
        "rank": rank,
        "check": m.check,
        "metric": m.metric,
        "feature": storable(m.feature),
        "group": storable(m.group),
        "value": m.value,
        "effect": m.effect,
        "p_value": m.p_value,
        "q_value": result.q_value,
        "ci_low": m.ci_low,
        "ci_high": m.ci_high,
        "threshold": result.threshold,
        "smallest_detectable": m.smallest_detectable,
        "n_reference": m.n_reference,
        "n_current": m.n_current,
        "sufficient": m.sufficient,
        "status": result.status,
        "reason": storable(result.reason),
        "measured_reason": storable(m.reason),
        "evidence": storable(m.evidence),
        "cause": m.cause,
        "shared_reason": storable(m.shared_reason),
    }


def result_of(row: ResultRow) -> Result:
    """The result that `row_of` wrote."""
    measurement = Measurement(
        check=cast("Check", row.check),
        metric=row.metric,
        value=row.value,
        n_reference=row.n_reference,
        n_current=row.n_current,
        feature=row.feature,
        group=row.group,
        effect=row.effect,
        p_value=row.p_value,
        ci_low=row.ci_low,
        ci_high=row.ci_high,
        sufficient=row.sufficient,
        smallest_detectable=row.smallest_detectable,
        reason=row.measured_reason,
        evidence=row.evidence,
        cause=row.cause,
        shared_reason=row.shared_reason,
    )
    return Result(measurement, cast("Status", row.status), row.threshold, row.q_value, row.reason)
