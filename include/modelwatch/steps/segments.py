"""Whether a feature's change is in one segment only: asked of the rows, before the verdict."""

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from modelwatch.checks.fingerprint import Cause
from modelwatch.checks.segments import segment_cause
from modelwatch.config import Monitor
from modelwatch.domain import Measurement
from modelwatch.errors import ModelwatchError
from modelwatch.settings import Settings
from modelwatch.steps.reference import Reference
from modelwatch.steps.rows import reference_rows
from modelwatch.words import joined

MOST = 10  # features, those that drifted most


def told_by_segment(
    measured: Sequence[Measurement], monitor: Monitor, settings: Settings, reference: Reference, rows: pa.Table
) -> list[Measurement]:
    """The measurements; those of features that changed in one segment only say in which, and what happened there.

    Segments are the values of the monitor's categorical features. Nothing is told where the monitor compares with
    earlier windows, whose rows are not kept as long. Rows of the reference that cannot be read leave the measurements
    as they are: the verdict does not depend on them.
    """
    by = [name for name, kind in monitor.schema().features.items() if kind == "categorical"]
    drifted = _drifted(measured)
    if not by or not drifted or rows.num_rows == 0 or monitor.reference.type != "file":
        return list(measured)
    try:
        before = reference_rows(monitor, settings, reference.digest)
    except ModelwatchError:
        return list(measured)
    causes = {name: segment_cause(before, rows, name, reference.cells[name], by=by) for name in drifted}
    return [_told(m, causes.get(m.feature or "")) for m in measured]


def _drifted(measured: Sequence[Measurement]) -> list[str]:
    """The features whose change a fingerprint was asked for, the largest first."""
    asked = [m for m in measured if m.check == "feature_drift" and m.metric == "psi" and m.cause is not None]
    ranked = sorted(asked, key=lambda m: (-(m.effect or 0.0), m.feature or ""))
    return [m.feature for m in ranked[:MOST] if m.feature is not None]


def _told(m: Measurement, cause: Cause | None) -> Measurement:
    if cause is None or m.check != "feature_drift":
        return m
    return replace(m, cause=cause.word, evidence=joined(cause.phrase, m.evidence))
