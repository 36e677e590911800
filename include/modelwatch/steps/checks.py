"""The check tasks: one per Dag task, each reads the profile and writes its measurements."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pyarrow as pa
from sqlalchemy.orm import Session

from modelwatch.config import Monitor
from modelwatch.domain import Check, Measurement, Window
from modelwatch.errors import StoreError
from modelwatch.profile import GroupTable, decode_groups, decode_profile
from modelwatch.profile.window import add_groups
from modelwatch.settings import Settings
from modelwatch.steps.fetch import empty_rows, read_profile
from modelwatch.steps.measured import encode
from modelwatch.steps.multivariate import multivariate_drift
from modelwatch.steps.past import Against, Past, against, needed
from modelwatch.steps.reference import Reference, load_reference
from modelwatch.steps.rows import comparable
from modelwatch.steps.run import Run
from modelwatch.steps.widen import measure_check, windows_back, with_note
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
    past = past_of(run, reference)
    compared, back = against(run.monitor, reference, past, run.window), windows_back(run.monitor, past, run.window)
    measured = multivariate_drift(run.monitor, run.settings, reference, compared, rows, back)
    return _write(run, "multivariate_drift", measured)


def check_fairness(run: Run, profile_ref: str) -> str:
    """Measure group fairness over the monitor's fairness window; returns the measurements' URI."""
    if run.monitor.fairness is None or run.monitor.fairness.window is None:
        return _check(run, "fairness", profile_ref)
    reference = load_reference(run.monitor, run.settings)
    current = read_profile(run, profile_ref, reference)
    with engine.session(run.settings.database_url) as session:
        earlier, n_windows = earlier_groups(session, run.monitor, run.window)
    together = replace(current, groups=add_groups(current.groups, earlier))
    measured = measure_check("fairness", compared_with(run, reference), together, [], run.monitor)
    return _write(run, "fairness", [with_note(m, n_windows) for m in measured] if n_windows else measured)


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


def compared_with(run: Run, reference: Reference) -> Against:
    """What the run's window is compared with."""
    return against(run.monitor, reference, past_of(run, reference), run.window)


def past_of(run: Run, reference: Reference) -> list[Past]:
    """The stored windows that this run's judgement may look back at, oldest first."""
    if not needed(run.monitor, reference, run.window):
        return []
    with engine.session(run.settings.database_url) as session:
        return stored_past(session, run.monitor, run.settings, reference, run.window)


def stored_past(
    session: Session, monitor: Monitor, settings: Settings, reference: Reference, window: Window
) -> list[Past]:
    """The stored windows that a window's judgement may look back at, oldest first.

    Those that were counted in other cells (of an earlier reference file) cannot be added to it and are left out.
    """
    span = needed(monitor, reference, window)
    if not span:
        return []
    stored = repository.profiles_in(session, monitor.monitor, window.start - span, window.start)
    return [
        Past(
            one.window,
            decode_profile(one.content, reference.cells),
            one.verdict,
            rows=partial(_kept_rows, monitor, settings, one.sample_uri),
        )
        for one in stored
        if one.cells_digest == reference.cells_digest and one.verdict is not None
    ]


def _kept_rows(monitor: Monitor, settings: Settings, sample_uri: str | None) -> pa.Table | None:
    """The bounded rows of a stored sample; None when they were deleted, for they are kept for a time only."""
    if sample_uri is None:
        return None
    try:
        rows = Artifacts(settings.samples_url).read_sample(sample_uri).rows
    except StoreError:
        return None
    return comparable(monitor, rows) if rows.num_rows else None


def _check(run: Run, check: Check, profile_ref: str) -> str:
    reference = load_reference(run.monitor, run.settings)
    current, past = read_profile(run, profile_ref, reference), past_of(run, reference)
    compared = against(run.monitor, reference, past, run.window)
    back = windows_back(run.monitor, past, run.window)
    return _write(run, check, measure_check(check, compared, current, back, run.monitor))


def _write(run: Run, check: Check, measured: list[Measurement]) -> str:
    return Artifacts(run.settings.samples_url).write_bytes(f"{run.folder}/{check}.json", encode(measured))
