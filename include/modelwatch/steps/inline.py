"""A whole run in this process: `modelwatch run` and `modelwatch migrate`, on the named store or the embedded one."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from modelwatch.errors import SourceError
from modelwatch.report.document import Evaluation
from modelwatch.steps import split
from modelwatch.steps.checks import (
    check_fairness,
    check_feature_drift,
    check_multivariate_drift,
    check_performance,
    check_prediction_drift,
    check_quality,
)
from modelwatch.steps.fetch import build_profile, fetch_sample
from modelwatch.steps.judge import judge_and_store
from modelwatch.steps.labels import fetch_labels
from modelwatch.steps.matured import judge_matured
from modelwatch.steps.migrated import migrated_settings
from modelwatch.steps.run import Connect, Run
from modelwatch.store import engine, repository

log = logging.getLogger(__name__)

CHECKS: dict[str, Callable[[Run, str], str]] = {
    "quality": check_quality,
    "feature_drift": check_feature_drift,
    "prediction_drift": check_prediction_drift,
    "fairness": check_fairness,
    "performance": check_performance,
}
ROW_CHECKS: dict[str, Callable[[Run, str], str]] = {"multivariate_drift": check_multivariate_drift}


def run_window(run: Run, connect: Connect) -> Evaluation:
    """Every task of the Dag in order, up to the store; a source that fails is stored as not measured."""
    run = replace(run, settings=migrated_settings(run.settings))
    sample_ref = profile_ref = None
    results: dict[str, str | None] = dict.fromkeys([*CHECKS, *ROW_CHECKS])
    with suppress(SourceError):
        sample_ref = _fetched(run, connect)
        profile_ref = _counted(run, sample_ref)
        results = {name: check(run, profile_ref) for name, check in CHECKS.items()}
        results |= {name: check(run, sample_ref) for name, check in ROW_CHECKS.items()}
    evaluation_id = judge_and_store(run, sample_ref=sample_ref, profile_ref=profile_ref, results=results)
    if run.monitor.labels is not None:
        _follow_labels(run, connect)
    with engine.session(run.settings.database_url) as session:
        stored = repository.load_evaluation(session, evaluation_id)
    return Evaluation(
        monitor=stored.monitor,
        window=stored.window,
        judgement=stored.judgement,
        n_reference=stored.n_reference,
        n_current=stored.n_current,
        coverage=stored.coverage,
        page=stored.page,
    )


def _fetched(run: Run, connect: Connect) -> str:
    if run.monitor.split is None:
        return fetch_sample(run, connect)
    return split.merge_samples(run, [split.fetch_part(run, connect, part) for part in split.split_window(run)])


def _counted(run: Run, sample_ref: str) -> str:
    if run.monitor.split is None:
        return build_profile(run, sample_ref)
    parts = [split.count_part(run, sample_ref, part) for part in split.split_window(run)]
    return split.add_profiles(run, sample_ref, parts)


def _follow_labels(run: Run, connect: Connect) -> None:
    """What the Dag does once the window is judged; labels that cannot be had hold up nothing."""
    try:
        fetch_labels(run, connect)
    except SourceError as error:
        log.warning("%s; windows wait for their labels until the next run", error)
    else:
        judge_matured(run)
