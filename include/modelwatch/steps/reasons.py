"""What only rows can say of why features moved, asked before the verdict: where, and which of them for one reason."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from modelwatch.checks.fingerprint import UNKNOWN, Cause
from modelwatch.checks.segments import segment_cause
from modelwatch.checks.together import shared_reasons
from modelwatch.config import Monitor
from modelwatch.domain import Measurement
from modelwatch.errors import ModelwatchError
from modelwatch.profile.window import CellSet
from modelwatch.steps.rows import comparable
from modelwatch.words import joined

MOST, MOST_SEGMENTS = 100, 10  # features compared with each other, and in every segment; those that drifted most


def with_reasons(
    measured: Sequence[Measurement], monitor: Monitor, cells: CellSet, before: Callable[[], pa.Table], rows: pa.Table
) -> list[Measurement]:
    """The measurements of features, saying in which segment alone a change is, and which features moved for one reason.

    Segments are the values of the monitor's categorical features. Rows of the reference that cannot be read leave the
    measurements as they are: the verdict does not depend on them.

    Args:
        measured: everything that was measured.
        monitor, cells: the monitor, and the reference's cells.
        before: gives rows of what the window is compared with; called only when something moved.
        rows: the window's.
    """
    kinds = monitor.schema().features
    causes = _causes(measured, kinds)
    if not causes or rows.num_rows == 0:
        return list(measured)
    try:
        then = before()
    except ModelwatchError:
        return list(measured)
    now = comparable(monitor, rows)
    by = [name for name, kind in kinds.items() if kind == "categorical"]
    looked_at = list(causes)[:MOST_SEGMENTS]
    found = {name: segment_cause(then, now, name, cells[name], by=by) for name in looked_at}
    in_segments = {name: cause for name, cause in found.items() if cause is not None}
    shared = shared_reasons(then, now, causes | in_segments, cells)
    return [_told(m, in_segments, shared) for m in measured]


def _causes(measured: Sequence[Measurement], features: Iterable[str]) -> dict[str, Cause]:
    """Why each feature moved, the largest drift first."""
    drift = {m.feature: m.effect or 0.0 for m in measured if m.check == "feature_drift" and m.metric == "psi"}
    words = {m.feature: m.cause for m in reversed(measured) if m.cause not in (None, UNKNOWN.word)}
    moved = {m.feature for m in measured if m.cause is not None and m.feature is not None}
    ranked = sorted(moved.intersection(features), key=lambda name: (-drift.get(name, 0.0), name))
    return {name: Cause(words.get(name) or UNKNOWN.word) for name in ranked[:MOST]}


def _told(m: Measurement, in_segments: Mapping[str, Cause], shared: Mapping[str, str]) -> Measurement:
    name = m.feature or ""
    m = replace(m, shared_reason=shared.get(name))
    if name not in in_segments or m.check != "feature_drift":
        return m
    # Evidence begins with what happened to all requests together, when that is known; where it happened says more.
    cause, told = in_segments[name], m.evidence or ""
    rest = told if m.cause in (None, UNKNOWN.word) else told.partition("; ")[2]
    return replace(m, cause=cause.word, evidence=joined(cause.phrase, rest))
