"""Whether estimates of performance may be shown: only while the newest window with labels was calibrated."""

from collections.abc import Sequence

from modelwatch.domain import Measurement, Result, Window, iso

CALIBRATION = "expected_calibration_error"


def why_uncalibrated(results: Sequence[Result], window: Window, before: str | None = None) -> str | None:
    """Why the scores are no longer the chances that estimates take them for; None while they are.

    Args:
        results: of a judged window.
        window: that window.
        before: what the window before it came to; it stands where this one could not tell.
    """
    for result in results:
        if result.measurement.metric == CALIBRATION and result.status in ("ok", "warning", "alert"):
            is_fine = result.status == "ok"
            return (
                None if is_fine else f"not estimated: scores were not calibrated in the window of {iso(window.start)}"
            )
    return before


def withheld(measured: Sequence[Measurement], reason: str | None) -> list[Measurement]:
    """The measurements without the estimates, for the reason given; all of them as they are without one."""
    if reason is None:
        return list(measured)
    return [
        Measurement(m.check, m.metric, None, m.n_reference, m.n_current, reason=reason)
        if m.metric.startswith("estimated_")
        else m
        for m in measured
    ]
