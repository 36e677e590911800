"""Performance on requests whose outcome is known: every metric against the reference's."""

import math
from dataclasses import replace

from modelwatch.calibration import performance as calibration
from modelwatch.calibration.significance import proportion_p_value
from modelwatch.checks.performance_figures import FEWEST, Costs, Figure, Figures, figures, share_figure
from modelwatch.domain import NO_LABELS, NO_REFERENCE_LABELS, Measurement
from modelwatch.metrics.queue import Reviewed
from modelwatch.metrics.registry import METRICS
from modelwatch.metrics.reliability import bin_edges
from modelwatch.profile.outcomes import UNKNOWN, Outcomes
from modelwatch.words import joined, number, percent

NOTHING_REVIEWED = "nobody had a score and a label"


def measure_performance(current: Outcomes, before: Figures, now: Figures, *, alpha: float) -> list[Measurement]:
    """Every performance metric of the labelled requests.

    Args:
        current: of the window; requests without a label are not counted.
        before, now: what `both_figures` makes of the reference and the window.
        alpha: the significance a single test must reach, for the smallest detectable change.
    """
    if not current.n_labelled:
        return [Measurement("performance", metric, None, None, 0, reason=NO_LABELS) for metric in now]
    if not before:
        alone = [against(metric, None, one, alpha=alpha) for metric, one in now.items()]
        return [m if m.value is None else replace(m, reason=NO_REFERENCE_LABELS) for m in alone]
    note = _unlabelled(current)
    measured = [against(metric, before[metric], one, alpha=alpha) for metric, one in now.items()]
    return [replace(m, evidence=joined(m.evidence, note)) for m in measured]


def queue_measurement(metric: str, before: Reviewed, now: Reviewed, *, alpha: float, confidence: float) -> Measurement:
    """What a review queue finds, against what it found in the reference."""
    sides = [
        share_figure(round(one.found), one.n, 1 - confidence, n=one.n) if one.n else NOTHING_REVIEWED
        for one in (before, now)
    ]
    if not now.n:
        return Measurement("performance", metric, None, before.n, 0, reason=NO_LABELS)
    return against(metric, *sides, alpha=alpha)


def both_figures(
    reference: Outcomes | None, current: Outcomes, *, confidence: float, costs: Costs | None = None
) -> tuple[Figures, Figures]:
    """The figures of both sides, in bins of the reference's scores; none of a reference without labels.

    Args:
        reference: what is compared with; None leaves every value of the window without a judgement.
        current: of the window.
        confidence: of the intervals.
        costs: of right and wrong decisions; None leaves ``cost`` out.
    """
    alpha = 1 - confidence
    if reference is None or not reference.n_labelled:
        own = bin_edges(current.scores, current.by_label[:, :UNKNOWN].sum(axis=1))
        return {}, figures(current, alpha=alpha, edges=own, costs=costs)
    edges = bin_edges(reference.scores, reference.by_label[:, :UNKNOWN].sum(axis=1))
    before, now = (figures(side, alpha=alpha, edges=edges, costs=costs) for side in (reference, current))
    return before, now


def against(
    metric: str, before: Figure | str | None, now: Figure | str, *, alpha: float, group: str | None = None
) -> Measurement:
    """One metric of the window against the reference's; the effect is how much worse it is, negative when better.

    Args:
        metric: its name.
        before, now: figures, or why there is none; None of a reference that was not asked.
        alpha: the significance a single test must reach.
        group: the segment or kind of traffic it is of.
    """
    n_reference = before.n if isinstance(before, Figure) else None
    if isinstance(now, str):
        return Measurement("performance", metric, None, n_reference, 0, group=group, reason=now)
    base = Measurement(
        "performance", metric, now.value, n_reference, now.n, group=group, ci_low=now.low, ci_high=now.high
    )
    if not isinstance(before, Figure):
        return replace(base, reason=None if before is None else f"not in the reference: {before}")
    events = min(before.events, now.events)
    error = math.hypot(before.error, now.error)
    return replace(
        base,
        effect=_worsening(metric, before, now),
        p_value=_p_value(before, now, error),
        smallest_detectable=calibration.smallest_change(error, alpha=alpha),
        sufficient=events >= FEWEST,
        reason=None if events >= FEWEST else f"it rests on {events} requests of the rarer kind; {FEWEST} are needed",
        evidence=f"{number(before.value)} -> {number(now.value)}",
    )


def _worsening(metric: str, before: Figure, now: Figure) -> float:
    difference = now.value - before.value
    if before.bins is not None and now.bins is not None:
        seen, usual = (calibration.debiased_calibration_error(side) for side in (now.bins, before.bins))
        difference = seen - usual
    return difference if METRICS[metric].worsens == "rises" else -difference


def _p_value(before: Figure, now: Figure, error: float) -> float:
    if before.share is not None and now.share is not None:
        return proportion_p_value(*before.share, *now.share)
    if before.bins is not None and now.bins is not None:
        return calibration.calibration_p_value(before.bins, now.bins)
    return calibration.difference_p_value(now.value - before.value, error)


def _unlabelled(current: Outcomes) -> str | None:
    total = int(current.table.sum())
    return None if current.n_labelled == total else f"of the {percent(current.n_labelled / total)} with a label"
