"""judge_and_store: from measurements to a stored, immutable, numbered evaluation, in one transaction."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pyarrow as pa

from modelwatch.domain import Judgement, Measurement, Sample
from modelwatch.profile import decode_outcomes
from modelwatch.report.document import Evaluation, document
from modelwatch.steps.checks import compared_with
from modelwatch.steps.episodes import would_page
from modelwatch.steps.fetch import failure_reason
from modelwatch.steps.follow import follow
from modelwatch.steps.kinds import told_by_kind
from modelwatch.steps.lookback import Lookback
from modelwatch.steps.measure import worsening
from modelwatch.steps.measured import decode
from modelwatch.steps.multivariate import rows_before
from modelwatch.steps.predictions import waits_for_labels, write_predictions
from modelwatch.steps.queue import Queue, measure_queue
from modelwatch.steps.reasons import with_reasons
from modelwatch.steps.reference import Reference, load_reference
from modelwatch.steps.rejects import sample_problem
from modelwatch.steps.report import write_report
from modelwatch.steps.run import Run
from modelwatch.steps.traffic import told_by_traffic
from modelwatch.steps.versions import version_counts
from modelwatch.steps.widen import requests_judged
from modelwatch.store import engine, episodes, repository
from modelwatch.store.repository import NewEvaluation, StoredProfile
from modelwatch.store.samples import Artifacts
from modelwatch.verdict import judge


def judge_and_store(
    run: Run, *, sample_ref: str | None, profile_ref: str | None, results: Mapping[str, str | None]
) -> int:
    """Judge what the checks measured and store it; returns the evaluation's id.

    Args:
        run: the run.
        sample_ref, profile_ref: None when that task failed.
        results: check name -> measurements' URI, None when that check failed. Whatever failed makes the window
            ``not_measured``: stored as such, never green.
    """
    artifacts = Artifacts(run.settings.samples_url)
    sample = artifacts.read_sample(sample_ref) if sample_ref else None
    measured = [m for ref in results.values() if ref for m in decode(artifacts.read_bytes(ref))]
    reference = load_reference(run.monitor, run.settings) if measured or profile_ref else None
    content = artifacts.read_bytes(profile_ref) if profile_ref else None
    if sample is not None and content is not None and reference is not None:
        before = partial(_rows_before, run, reference)
        measured = with_reasons(measured, run.monitor, reference.cells, before, sample.rows)
        measured = _told_by_labels(measured, run, sample, content, reference)
    judgement = judge(
        measured,
        run.monitor.rules(),
        n_current=requests_judged(measured, _kept(sample)),
        unmeasured=_unmeasured(run, sample, profile_ref, results),
    )
    new, profile = _measured(run, judgement, sample, sample_ref), None
    if reference is not None and judgement.results:
        new = replace(new, reference_digest=reference.digest)
    if reference is not None and content is not None:
        profile = StoredProfile(run.window, reference.cells_digest, _kept(sample), content)
    return store_verdict(run, new, judgement, profile)


def _told_by_labels(
    measured: list[Measurement], run: Run, sample: Sample, content: bytes, reference: Reference
) -> list[Measurement]:
    """With what requests say that come with their labels: of a review queue, the kind of drift, the rolling past, kinds
    of traffic.
    """
    monitor, settings, rows = run.monitor, run.settings, sample.rows
    if monitor.labels is not None or monitor.columns.label is None or not rows.num_rows:
        return measured
    is_whole = sample.n_seen == rows.num_rows  # a day's queue is made of all its requests
    queue = measure_queue(Queue(monitor), rows, settings, reference.digest) if is_whole else []
    told = told_by_kind([*measured, *queue], monitor, settings, reference, rows)
    if monitor.reference.type == "file":  # a moving one is the rolling past already
        past = Lookback.of_labelled(run, reference).outcomes(run.window)
        told += worsening(past, decode_outcomes(content), monitor)
    return told_by_traffic(told, monitor, settings, reference.digest, rows)


def store_verdict(run: Run, new: NewEvaluation, judgement: Judgement, profile: StoredProfile | None) -> int:
    """Store a verdict, the episodes as they are after it, and what has become due to be told, all or nothing."""
    with engine.session(run.settings.database_url) as session, session.begin():
        episodes.lock_monitor(session, run.monitor.monitor)
        page = would_page(session, run, judgement, new)
        paged = replace(new, page=page)
        evaluation_id = repository.save_evaluation(session, paged, judgement.results, judgement.findings, profile)
        follow(session, run, evaluation_id)
    write_report(run, evaluation_id)
    return evaluation_id


def _rows_before(run: Run, reference: Reference) -> pa.Table:
    return rows_before(run.monitor, run.settings, reference, compared_with(run, reference))


def _kept(sample: Sample | None) -> int:
    return sample.n_judged if sample else 0


def _unmeasured(
    run: Run, sample: Sample | None, profile_ref: str | None, results: Mapping[str, str | None]
) -> str | None:
    """Why this window was not measured as it should have been, or None."""
    if sample is None:
        return failure_reason(run) or "fetch_sample failed: see its log"
    problem = sample_problem(sample, run.monitor.rules())
    if problem is not None:
        return problem
    if profile_ref is None:
        return "build_profile failed: see its log"
    failed = [check for check, ref in results.items() if ref is None]
    return f"{', '.join(failed)} failed: see the tasks' logs" if failed else None


def new_evaluation(
    run: Run, judgement: Judgement, n_reference: int, n_current: int, coverage: float | None
) -> NewEvaluation:
    """A judgement as the store takes it, still without what it rests on."""
    monitor = run.monitor
    # Whether it pages depends on other windows too, and is no part of what this one came to.
    evaluation = Evaluation(monitor.monitor, run.window, judgement, n_reference, n_current, coverage, page=False)
    content = json.dumps(document(evaluation), sort_keys=True).encode()
    return NewEvaluation(
        monitor=monitor.monitor,
        window=run.window,
        run_id=run.run_id,
        run_type=run.run_type,
        config_sha256=monitor.sha256,
        config=monitor.model_dump(mode="json"),
        content_digest=hashlib.sha256(monitor.sha256.encode() + content).hexdigest(),
        verdict=judgement.verdict,
        reason=judgement.reason,
        page=False,
        n_reference=n_reference,
        n_current=n_current,
        coverage=coverage,
        model_version=run.model_version,
        run_url=run.run_url,
    )


def _measured(run: Run, judgement: Judgement, sample: Sample | None, sample_ref: str | None) -> NewEvaluation:
    n_reference = _n_reference([result.measurement for result in judgement.results])
    new = new_evaluation(run, judgement, n_reference, _kept(sample), sample.coverage if sample else None)
    return replace(
        new,
        sample=_sample_evidence(run, sample, sample_ref),
        awaits_labels=waits_for_labels(run),
    )


def _n_reference(measured: list[Measurement]) -> int:
    """The reference's requests, as the row count's measurement tells them; 0 when nothing was measured."""
    return next((m.n_reference or 0 for m in measured if m.metric == "row_count"), 0)


def _sample_evidence(run: Run, sample: Sample | None, sample_ref: str | None) -> dict[str, object] | None:
    if sample is None:
        return None
    evidence: dict[str, object] = {
        "uri": sample_ref,
        "n_seen": sample.n_seen,
        "n_duplicate": sample.n_duplicate,
        "n_rejected": sample.n_rejected,
        "n_total": sample.n_total,
        "rejects": [[r.column, r.problem, r.count, r.example] for r in sample.rejects],
        "versions": version_counts(sample.rows, run.monitor.schema().model_version),
    }
    predictions = write_predictions(run, sample)
    return evidence if predictions is None else {**evidence, "n_kept": _kept(sample), "predictions": predictions}
