"""The stored windows that a window's judgement looks back at, read and decoded once for all windows judged in a row."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pyarrow as pa
from sqlalchemy.orm import Session

from modelwatch.config import Monitor
from modelwatch.domain import VerdictName, Window
from modelwatch.errors import StoreError
from modelwatch.profile import GroupTable, Outcomes, Profile, decode_groups, decode_outcomes, decode_profile
from modelwatch.profile.window import add_groups
from modelwatch.settings import Settings
from modelwatch.steps.past import Past, needed, rolling_past
from modelwatch.steps.reference import Reference
from modelwatch.steps.rows import comparable
from modelwatch.steps.run import Run
from modelwatch.store import engine, repository
from modelwatch.store.repository import StoredProfile, fair_part
from modelwatch.store.samples import Artifacts


class Lookback:
    """A monitor's stored counts. Only what the window asked for last looks back at is kept decoded."""

    def __init__(
        self, stored: Sequence[StoredProfile], monitor: Monitor, settings: Settings, reference: Reference
    ) -> None:
        self._stored = {one.window: one for one in stored}
        self._monitor, self._settings, self._reference = monitor, settings, reference
        self._profiles: dict[Window, Profile] = {}
        self._groups: dict[Window, Mapping[str, GroupTable]] = {}
        self._outcomes: dict[Window, Outcomes | None] = {}

    @classmethod
    def read(
        cls, session: Session, monitor: Monitor, settings: Settings, reference: Reference, windows: Sequence[Window]
    ) -> "Lookback":
        """All that the judgements of these windows look back at."""
        if not windows:
            return cls((), monitor, settings, reference)
        first = min(window.start - _span(monitor, reference, window) for window in windows)
        if monitor.columns.label is not None and monitor.labels is None:  # requests come with their labels
            first = min(first, *(rolling_past(window, monitor).start for window in windows))
        last = max(window.start for window in windows)
        stored = repository.profiles_between(session, monitor.monitor, first, last)
        return cls(stored, monitor, settings, reference)

    @classmethod
    def of_labelled(cls, run: Run, reference: Reference) -> "Lookback":
        """What the performance of a window whose requests come with their labels is compared with."""
        with engine.session(run.settings.database_url) as session:
            return cls.read(session, run.monitor, run.settings, reference, [run.window])

    @classmethod
    def of_run(cls, run: Run, reference: Reference) -> "Lookback":
        """What the judgement of the run's window looks back at; the store is asked only when there is any."""
        if not _span(run.monitor, reference, run.window):
            return cls((), run.monitor, run.settings, reference)
        with engine.session(run.settings.database_url) as session:
            return cls.read(session, run.monitor, run.settings, reference, [run.window])

    def past(self, window: Window) -> list[Past]:
        """The windows that drift and quality look back at, oldest first.

        Those that were counted in other cells (of an earlier reference file) cannot be added to it and are left out.
        """
        span = needed(self._monitor, self._reference, window)
        past, profiles = [], {}
        for one in self._before(window, span) if span else []:
            if one.verdict is not None and one.cells_digest == self._reference.cells_digest:
                profile = self._profiles.get(one.window) or decode_profile(one.content, self._reference.cells)
                profiles[one.window] = profile
                rows = partial(_kept_rows, self._monitor, self._settings, one.sample_uri)
                past.append(Past(one.window, profile, one.verdict, rows))
        self._profiles = profiles
        return past

    def groups(self, window: Window) -> tuple[Mapping[str, GroupTable], int]:
        """The group tables of the windows that the fairness window adds to this one, and how many those are."""
        span = _fairness_span(self._monitor, window)
        chosen = self._before(window, span) if span else []
        self._groups = {one.window: self._groups.get(one.window) or decode_groups(one.content) for one in chosen}
        together: Mapping[str, GroupTable] = {}
        for groups in self._groups.values():
            together = add_groups(together, groups)
        return together, len(chosen)

    def outcomes(self, window: Window) -> list[Outcomes]:
        """What came of the requests of each window in the rolling past that came with their labels, oldest first."""
        past = rolling_past(window, self._monitor)
        known = self._outcomes
        self._outcomes = {
            one.window: known[one.window] if one.window in known else decode_outcomes(one.content)
            for one in fair_part(self._stored.values(), past.start, past.end)
        }
        return [one for one in self._outcomes.values() if one is not None]

    def judge_again(self, window: Window, verdict: VerdictName, profile: Profile) -> None:
        """From now on the window counts as judged so; its profile, in the reference's cells, need not be decoded."""
        if window in self._stored:
            self._stored[window] = replace(self._stored[window], verdict=verdict)
            # Without the sums that measuring left on its columns, which are twice the counts.
            columns = {name: replace(column) for name, column in profile.columns.items()}
            self._profiles[window] = replace(profile, columns=columns)

    def _before(self, window: Window, span: timedelta) -> list[StoredProfile]:
        return fair_part(self._stored.values(), window.start - span, window.start)


def _kept_rows(monitor: Monitor, settings: Settings, sample_uri: str | None) -> pa.Table | None:
    """The bounded rows of a stored sample; None when they were deleted, for they are kept for a time only."""
    if sample_uri is None:
        return None
    try:
        rows = Artifacts(settings.samples_url).read_sample(sample_uri).rows
    except StoreError:
        return None
    return comparable(monitor, rows) if rows.num_rows else None


def _fairness_span(monitor: Monitor, window: Window) -> timedelta:
    length = monitor.fairness.window if monitor.fairness else None
    return window.start - window.back(length).start if length else timedelta(0)


def _span(monitor: Monitor, reference: Reference, window: Window) -> timedelta:
    return max(needed(monitor, reference, window), _fairness_span(monitor, window))
