"""What every measurement of a comparison has in common, and when a segment is named for itself."""

from dataclasses import replace

from modelwatch.domain import Measurement

FEWEST_IN_SEGMENT = 20
ONLY_HERE = 2.0  # a segment is named when its change is at least so many times that of the rest
CONFIDENCE_ALPHA = 0.05
TWICE = "when the same is asked twice"
AS_ELSEWHERE = "not twice as much as elsewhere"


def shown(metric: str, value: float | None, n: int, **more: object) -> Measurement:
    """A measurement of a comparison; its effect is its value."""
    base = {"check": "redeploy", "metric": metric, "value": value, "effect": value, "n_reference": n, "n_current": n}
    return Measurement(**{**base, **more})  # type: ignore[arg-type]


def too_few(
    metric: str, here: int, elsewhere: int, fewest: int = FEWEST_IN_SEGMENT, /, **more: object
) -> Measurement | None:
    """A segment that too few requests are known of, here or elsewhere: listed, not judged. None where they suffice."""
    n, where = min((here, ""), (elsewhere, " elsewhere"))
    if n >= fewest:
        return None
    reason = f"{n} requests{where}; {fewest} are needed"
    return shown(metric, None, n, sufficient=False, reason=reason, **more)


def only_here(m: Measurement, here: float, elsewhere: float) -> Measurement:
    """A segment's measurement: what is not at least twice as large here as elsewhere is no matter of this segment."""
    return m if abs(here) >= ONLY_HERE * abs(elsewhere) else replace(m, effect=0.0, reason=AS_ELSEWHERE)
