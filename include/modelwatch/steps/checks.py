"""The check tasks: one per Dag task, each reads the profile and writes its measurements."""

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy.orm import Session

from modelwatch.config import Monitor
from modelwatch.domain import Check, Measurement, Window
from modelwatch.profile import GroupTable, Profile, decode_groups
from modelwatch.profile.window import add_groups
from modelwatch.steps.fetch import empty_rows, read_profile
from modelwatch.steps.measure import MEASURES
from modelwatch.steps.measured import encode
from modelwatch.steps.reference import Reference, load_reference
from modelwatch.steps.rows import multivariate_drift
from modelwatch.steps.run import Run
from modelwatch.store import engine, repository
from modelwatch.store.samples import Artifacts


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
    measured = multivariate_drift(run.monitor, run.settings, reference.digest, rows)
    return _write(run, "multivariate_drift", measured)


def check_fairness(run: Run, profile_ref: str) -> str:
    """Measure group fairness over the monitor's fairness window; returns the measurements' URI."""
    reference = load_reference(run.monitor, run.settings)
    current = read_profile(run, profile_ref, reference)
    with engine.session(run.settings.database_url) as session:
        earlier, n_windows = earlier_groups(session, run.monitor, run.window)
    measured = _measure("fairness", reference, replace(current, groups=add_groups(current.groups, earlier)), run)
    if n_windows:
        note = f"with the {n_windows} stored windows before it"
        measured = [replace(m, evidence=f"{m.evidence}; {note}" if m.evidence else note) for m in measured]
    return _write(run, "fairness", measured)


def earlier_groups(session: Session, monitor: Monitor, window: Window) -> tuple[Mapping[str, GroupTable], int]:
    """The group tables of the stored windows that the fairness window adds to this one, and how many there were."""
    length = monitor.fairness.window if monitor.fairness else None
    start = window.back(length).start if length else window.start
    if start == window.start:
        return {}, 0
    stored = repository.profiles_in(session, monitor.monitor, start, window.start)
    groups: Mapping[str, GroupTable] = {}
    for profile in stored:
        groups = add_groups(groups, decode_groups(profile.content))
    return groups, len(stored)


def _check(run: Run, check: Check, profile_ref: str) -> str:
    reference = load_reference(run.monitor, run.settings)
    current = read_profile(run, profile_ref, reference)
    return _write(run, check, _measure(check, reference, current, run))


def _measure(check: Check, reference: Reference, current: Profile, run: Run) -> list[Measurement]:
    return MEASURES[check](reference.profile, current, run.monitor)


def _write(run: Run, check: Check, measured: list[Measurement]) -> str:
    return Artifacts(run.settings.samples_url).write_bytes(f"{run.folder}/{check}.json", encode(measured))
