"""Performance by kind of traffic: what was let through, what was stopped, and what was let through to learn from it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.config import Monitor
from modelwatch.domain import Measurement
from modelwatch.profile import count_outcomes
from modelwatch.settings import Settings
from modelwatch.steps.kinds import outcome_rows
from modelwatch.steps.measure import performance_alpha
from modelwatch.words import joined

if TYPE_CHECKING:  # statsmodels, only where there is traffic to tell apart
    from modelwatch.checks.performance_figures import Figures

UNKNOWN_FATE = "what becomes of blocked requests is not known: let some through at random (exploration)"
BY_DECISION = ("accuracy", "precision", "recall", "f1", "cost")
SHOWN = ("roc_auc", "average_precision", "accuracy", "precision", "recall", "f1")


def told_by_traffic(
    measured: Sequence[Measurement], monitor: Monitor, settings: Settings, digest: str, rows: pa.Table
) -> list[Measurement]:
    """The measurements, with those of each kind of traffic, and without what blocked traffic leaves unknown.

    The labels of blocked requests are counted nowhere. Metrics of the decision need the outcome of what was selected:
    where requests were blocked they are refused for the window as a whole, and estimated by inverse propensity where
    the monitor names the propensities.

    Args:
        measured: of the window.
        monitor, settings: the monitor and where its artifacts are.
        digest: of the reference.
        rows: the window's.
    """
    spec, propensity = monitor.performance.traffic, monitor.performance.propensity
    if (spec is None and propensity is None) or rows.num_rows == 0 or not any(_is_whole(m) for m in measured):
        return list(measured)
    before = outcome_rows(monitor, settings, digest)
    found = list(measured)
    if spec is not None:
        lanes = {kind: str(getattr(spec, kind)) for kind in ("allowed", "exploration", "blocked")}
        blocked = int(pc.sum(_is(rows, spec.column, lanes["blocked"])).as_py() or 0)
        found = [_refused(m, blocked) for m in found]
        found += [
            m
            for kind in ("allowed", "exploration")
            for m in _of_lane(before, rows, monitor, f"{spec.column}={lanes[kind]}", lanes[kind])
        ]
        if blocked:
            group = f"{spec.column}={lanes['blocked']}"
            found.append(Measurement("performance", "precision", None, None, blocked, group=group, reason=UNKNOWN_FATE))
    return found if propensity is None else found + _by_propensity(before, rows, monitor)


def _is_whole(m: Measurement) -> bool:
    is_known = m.value is not None and not m.metric.startswith("estimated_")
    return m.check == "performance" and m.group is None and is_known


def _refused(m: Measurement, blocked: int) -> Measurement:
    if not blocked or not _is_whole(m):
        return m
    if m.metric.removesuffix("_worsening") not in BY_DECISION:
        return replace(m, evidence=joined(m.evidence, "of the requests that went through"))
    return Measurement(m.check, m.metric, None, m.n_reference, m.n_current, reason=UNKNOWN_FATE)


def _of_lane(before: pa.Table, now: pa.Table, monitor: Monitor, group: str, lane: str) -> list[Measurement]:
    from modelwatch.checks.performance import against, both_figures

    column, schema = str(monitor.performance.traffic and monitor.performance.traffic.column), monitor.schema()
    sides = [count_outcomes(rows.filter(_is(rows, column, lane)), schema) for rows in (before, now)]
    if sides[1] is None or not sides[1].n_labelled:
        return []
    figures = both_figures(sides[0], sides[1], confidence=1 - monitor.false_discovery_rate)
    alpha = performance_alpha(monitor)
    return [
        against(metric, figures[0].get(metric), figures[1][metric], alpha=alpha, group=group)
        for metric in SHOWN
        if metric in figures[1]
    ]


def _by_propensity(before: pa.Table, now: pa.Table, monitor: Monitor) -> list[Measurement]:
    from modelwatch.checks.performance import against
    from modelwatch.checks.selective import inverse_propensity

    sides: list[Figures] = []
    for rows in (before, now):
        known = _known(rows, monitor)
        decision, label = (known[name].to_numpy() for name in (monitor.columns.decision, monitor.columns.label))
        propensity = pc.fill_null(known[monitor.performance.propensity], np.nan).to_numpy()
        flags = np.asarray(decision, dtype=bool), np.asarray(label, dtype=bool)
        sides.append(inverse_propensity(*flags, propensity, alpha=monitor.false_discovery_rate))
    return [
        against(metric, sides[0][metric], figure, alpha=performance_alpha(monitor), group="all traffic")
        for metric, figure in sides[1].items()
    ]


def _known(rows: pa.Table, monitor: Monitor) -> pa.Table:
    """The requests with a decision whose outcome is known."""
    schema = monitor.schema()
    known = pc.and_(pc.is_valid(rows[schema.label]), pc.is_valid(rows[schema.decision]))
    if schema.without_outcome is not None:
        known = pc.and_(known, pc.invert(_is(rows, *schema.without_outcome)))
    return rows.filter(known)


def _is(rows: pa.Table, column: str, value: str) -> pa.ChunkedArray:
    return pc.fill_null(pc.equal(rows[column], value), False)
