"""The check tasks: one per Dag task, each reads the profile and writes its measurements."""

from dataclasses import replace
from datetime import timedelta

from modelwatch.config.labels import Labels
from modelwatch.domain import Check, Measurement, Window, iso
from modelwatch.profile.window import add_groups
from modelwatch.steps.estimates import why_uncalibrated, withheld
from modelwatch.steps.fetch import empty_rows, read_profile
from modelwatch.steps.lookback import Lookback
from modelwatch.steps.measure import MEASURES
from modelwatch.steps.measured import encode
from modelwatch.steps.multivariate import multivariate_drift
from modelwatch.steps.past import Against, against
from modelwatch.steps.predictions import waits_for_labels
from modelwatch.steps.reference import Reference, load_reference
from modelwatch.steps.run import Run
from modelwatch.steps.widen import measure_check, windows_back, with_note
from modelwatch.store import engine, labels, repository
from modelwatch.store.samples import Artifacts
from modelwatch.words import percent


def check_quality(run: Run, profile_ref: str) -> str:
    """Measure data quality; returns the measurements' URI."""
    return _check(run, "quality", profile_ref)


def check_feature_drift(run: Run, profile_ref: str) -> str:
    """Measure the drift of every feature; returns the measurements' URI."""
    return _check(run, "feature_drift", profile_ref)


def check_prediction_drift(run: Run, profile_ref: str) -> str:
    """Measure the drift of score and decision; returns the measurements' URI."""
    return _check(run, "prediction_drift", profile_ref)


def check_multivariate_drift(run: Run, sample_ref: str) -> str:
    """Measure how far the features have moved together, on rows; returns the measurements' URI.

    Raises:
        SettingsError: the monitor's detector needs a package that is not installed.
    """
    reference = load_reference(run.monitor, run.settings)
    sample = Artifacts(run.settings.samples_url).read_sample(sample_ref)
    rows = sample.rows if sample.rows.num_columns else empty_rows(run)
    past = Lookback.of_run(run, reference).past(run.window)
    compared, back = against(run.monitor, reference, past, run.window), windows_back(run.monitor, past, run.window)
    measured = multivariate_drift(run.monitor, run.settings, reference, compared, rows, back)
    return _write(run, "multivariate_drift", measured)


def check_fairness(run: Run, profile_ref: str) -> str:
    """Measure group fairness over the monitor's fairness window; returns the measurements' URI."""
    if run.monitor.fairness is None or run.monitor.fairness.window is None:
        return _check(run, "fairness", profile_ref)
    reference = load_reference(run.monitor, run.settings)
    current, lookback = read_profile(run, profile_ref, reference), Lookback.of_run(run, reference)
    earlier, n_windows = lookback.groups(run.window)
    together = replace(current, groups=add_groups(current.groups, earlier))
    compared = against(run.monitor, reference, lookback.past(run.window), run.window)
    measured = measure_check("fairness", compared, together, [], run.monitor)
    return _write(run, "fairness", [with_note(m, n_windows) for m in measured] if n_windows else measured)


def check_performance(run: Run, profile_ref: str) -> str:
    """Measure performance where requests come with their labels; returns the measurements' URI.

    Where labels come by themselves, later, `judge_matured` does it; until then it is estimated from the scores, as long
    as the newest window that has its labels was calibrated.
    """
    if run.monitor.labels is None:
        return _check(run, "performance", profile_ref)
    reference = load_reference(run.monitor, run.settings)
    current = read_profile(run, profile_ref, reference)
    measured = MEASURES["performance"](reference.profile, current, run.monitor, {})
    estimated = [m for m in measured if m.metric.startswith("estimated_")]
    with engine.session(run.settings.database_url) as session:
        newest = labels.newest_calibration(session, run.monitor.monitor, run.window)
        found = None if newest is None else repository.load_evaluation(session, newest)
    reason = None if found is None else why_uncalibrated(found.results, found.window)
    waiting = [awaited(run.monitor.labels, run.window, current.n_rows)] if waits_for_labels(run) else []
    return _write(run, "performance", [*waiting, *withheld(estimated, reason)])


def awaited(config: Labels, window: Window, n_rows: int) -> Measurement:
    """That nothing can be said of performance yet, and when that will be."""
    after = config.mature_after
    until = iso(window.end + after) if isinstance(after, timedelta) else f"{percent(after)} of them have come"
    reason = f"labels are waited for until {until}"
    return Measurement("performance", "labelled_share", None, None, n_rows, sufficient=False, reason=reason)


def compared_with(run: Run, reference: Reference) -> Against:
    """What the run's window is compared with."""
    return against(run.monitor, reference, Lookback.of_run(run, reference).past(run.window), run.window)


def _check(run: Run, check: Check, profile_ref: str) -> str:
    reference = load_reference(run.monitor, run.settings)
    current, past = read_profile(run, profile_ref, reference), Lookback.of_run(run, reference).past(run.window)
    compared = against(run.monitor, reference, past, run.window)
    back = windows_back(run.monitor, past, run.window)
    return _write(run, check, measure_check(check, compared, current, back, run.monitor))


def _write(run: Run, check: Check, measured: list[Measurement]) -> str:
    return Artifacts(run.settings.samples_url).write_bytes(f"{run.folder}/{check}.json", encode(measured))
