"""Which drift it is: asked of labelled rows, before the verdict, and told beside the performance."""

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from modelwatch.config import Monitor
from modelwatch.domain import Measurement, Result
from modelwatch.errors import ModelwatchError
from modelwatch.profile.outcomes import UNKNOWN, label_codes
from modelwatch.settings import Settings
from modelwatch.steps.reference import Reference
from modelwatch.steps.rows import bounded, read_reference
from modelwatch.store.samples import Artifacts, read_rows, reference_path
from modelwatch.verdict import judge
from modelwatch.words import joined

if TYPE_CHECKING:
    from modelwatch.checks.drift_kind import Kind


def told_by_kind(
    measured: Sequence[Measurement], monitor: Monitor, settings: Settings, reference: Reference, rows: pa.Table
) -> list[Measurement]:
    """The measurements; those of performance say which kind of drift it is, and where the model became worst.

    Nothing is told without labels, without a score, of rows whose features are no longer kept, or where the monitor
    compares with earlier windows, whose rows are not kept as long. Rows of the reference that cannot be read leave the
    measurements as they are.
    """
    columns = monitor.columns
    is_measured = any(m.metric == "roc_auc" and m.effect is not None for m in measured)
    has_features = set(monitor.features) <= set(rows.column_names)
    if not is_measured or not has_features or columns.score is None or monitor.reference.type != "file":
        return list(measured)
    try:
        before = _labelled(outcome_rows(monitor, settings, reference.digest), monitor)
    except ModelwatchError:
        return list(measured)
    now = _labelled(bounded(rows, monitor.performance.rows, columns.id), monitor)
    judgement = judge(measured, monitor.rules(), n_current=rows.num_rows)
    kind, story = _kind(judgement.results, before, now, monitor)
    told, where = _told(measured, judgement.findings, kind, story), _where(before, now, monitor)
    return [replace(m, evidence=joined(m.evidence, where)) if _is_area(m) else m for m in told]


def outcome_rows(monitor: Monitor, settings: Settings, digest: str) -> pa.Table:
    """At most `performance.rows` rows of the reference with all that tells of outcomes, from the cache if possible."""
    artifacts = Artifacts(settings.samples_url)
    path = reference_path(digest, f"outcomes-{monitor.performance.rows}.parquet")
    cached = artifacts.read_if_there(path)
    if cached is not None:
        return read_rows(cached)
    traffic, columns = monitor.performance.traffic, monitor.columns
    told = [columns.score, columns.decision, columns.label, traffic and traffic.column, monitor.performance.propensity]
    names = dict.fromkeys([*monitor.features, *filter(None, told)])
    chosen = bounded(read_reference(monitor).rows, monitor.performance.rows, columns.id).select(list(names))
    buffer = io.BytesIO()
    pq.write_table(chosen, buffer, compression="zstd")
    artifacts.write_bytes(path, buffer.getvalue())
    return chosen


def _labelled(rows: pa.Table, monitor: Monitor) -> pa.Table:
    """The rows with a finite score and a known outcome: features, score and label alone."""
    score, label = str(monitor.columns.score), str(monitor.columns.label)
    is_known = pa.array(label_codes(rows, monitor.schema()) != UNKNOWN)
    is_scored = pc.is_finite(pc.fill_null(rows[score], np.nan))
    return rows.filter(pc.and_(is_known, is_scored)).select([*monitor.features, score, label])


def _kind(
    results: Sequence[Result], before: pa.Table, now: pa.Table, monitor: Monitor
) -> tuple["Kind | None", str | None]:
    from modelwatch.checks.drift_facts import drift_of  # statsmodels and scikit-learn, only where there are labels
    from modelwatch.checks.reweighting import Labelled
    from modelwatch.checks.rows import join_rows

    score, label = str(monitor.columns.score), str(monitor.columns.label)
    labelled = Labelled(
        join_rows(before, now, monitor.schema().features),
        np.concatenate([rows[score].to_numpy() for rows in (before, now)]),
        np.concatenate([np.asarray(rows[label].to_numpy(), dtype=bool) for rows in (before, now)]),
    )
    if min(labelled.rows.sizes) == 0:
        return None, None
    levels = monitor.rules().levels["roc_auc"]
    return drift_of(results, labelled, visible=levels.alert or levels.warning or 1.0)


def _told(
    measured: Sequence[Measurement], findings: Sequence[Result], kind: "Kind | None", story: str | None
) -> list[Measurement]:
    """Every performance measurement names the kind; the one that crossed furthest, else the area, also says why."""
    if kind is None:
        return list(measured)
    crossed = [finding.measurement for finding in findings if finding.measurement.check == "performance"]
    teller = crossed[0] if crossed else next(m for m in measured if _is_area(m))
    return [
        m
        if m.check != "performance" or m.value is None
        else replace(m, cause=kind, evidence=joined(story, m.evidence) if m == teller else m.evidence)
        for m in measured
    ]


def _where(before: pa.Table, now: pa.Table, monitor: Monitor) -> str | None:
    """The segment that became worst."""
    from modelwatch.checks.score_shift import told, worst_segment

    by = [name for name, kind in monitor.schema().features.items() if kind == "categorical"]
    score, label = str(monitor.columns.score), str(monitor.columns.label)
    worst = worst_segment(before, now, by, score=score, label=label, alpha=monitor.false_discovery_rate)
    return None if worst is None else told(worst)


def _is_area(m: Measurement) -> bool:
    return m.metric == "roc_auc" and m.group is None
