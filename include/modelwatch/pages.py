"""What each page asks for: reads the store in one transaction and returns plain values to show.

Knows no HTTP and no Airflow; the plugin and the local page (`modelwatch ui`) call it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from modelwatch.config import find_monitors
from modelwatch.domain import Window
from modelwatch.errors import StoreError
from modelwatch.history import About, Answer, Evidence, Finding, Judged, Mark
from modelwatch.profile import Profile, cells_digest, decode_profile, decode_reference
from modelwatch.report.page.against import Against
from modelwatch.report.page.compare import Comparison, comparisons
from modelwatch.report.page.days import regular, zone_of
from modelwatch.report.page.heat import columns_of
from modelwatch.report.page.listing import STRIP_DAYS, Row, never_judged, row_of, worst_first
from modelwatch.report.page.model import ModelView, model_view
from modelwatch.report.page.trail import merged
from modelwatch.report.page.versions import versions_of
from modelwatch.report.page.window import WindowView, by_findings, cover_of, groups_of
from modelwatch.report.privacy import shown_judgement
from modelwatch.schedule import shifted
from modelwatch.settings import Settings
from modelwatch.store import answers, engine, evaluations, reading, redeploys, repository
from modelwatch.store.samples import Artifacts, reference_path

DAY = timedelta(days=1)
REFERENCE = Against()
MOST_OFFERED = 60


@dataclass(frozen=True)
class Pages:
    """The pages of one store.

    Attributes:
        settings: with the URL of the store.
    """

    settings: Settings

    def rows(self, readable: Collection[str] | None, *, now: datetime) -> list[Row]:
        """Every monitor that may be read, worst first; None may read all."""
        with engine.session(self.settings.database_url) as session:
            known = [about for about in reading.abouts(session) if readable is None or about.monitor in readable]
            names = [about.monitor for about in known]
            marks = reading.marks(session, names, since=now - (STRIP_DAYS + 2) * DAY, until=now)
            shown = {about.monitor: regular(marks[about.monitor], about) for about in known}
            newest = {name: marks[-1] if marks else reading.last_mark(session, name) for name, marks in shown.items()}
            found = reading.findings(session, [mark.id for mark in newest.values() if mark])
            episodes = answers.open_episodes(session, names)
        rows = [_row(about, shown[about.monitor], newest[about.monitor], found, now) for about in known]
        rows = [
            replace(row, n_episodes=n, n_known=n_known)
            for row in rows
            for n, n_known in [episodes.get(row.monitor, (0, 0))]
        ]
        files = [name for name in find_monitors(self.settings.monitors_dir) if name not in set(names)]
        rows += [never_judged(name, now=now) for name in files if readable is None or name in readable]
        return worst_first(rows)

    def model(self, monitor: str, *, days: int, now: datetime) -> ModelView | None:
        """One monitor's last days; of one that was last judged long ago, the days up to then. None: never judged."""
        with engine.session(self.settings.database_url) as session:
            about, last = reading.about(session, monitor), reading.last_mark(session, monitor)
            if about is None or last is None:
                return None
            until = min(now, last.window.end + DAY)
            return _model(session, about, until - (days + 1) * DAY, until)

    def model_between(self, monitor: str, start: datetime, end: datetime) -> ModelView | None:
        """The windows that start in ``[start, end)``; None: the monitor was never judged."""
        with engine.session(self.settings.database_url) as session:
            about = reading.about(session, monitor)
            return None if about is None else _model(session, about, start, end)

    def answer(self, monitor: str, episode_id: int, said: Answer) -> bool:
        """Note what somebody says to an open episode; False when the monitor has no such open episode."""
        with engine.session(self.settings.database_url) as session, session.begin():
            return answers.answer(session, monitor, episode_id, said)

    def about(self, monitor: str) -> About | None:
        """What the monitor file said when its newest window was judged."""
        with engine.session(self.settings.database_url) as session:
            return reading.about(session, monitor)

    def of_run(self, monitor: str, run_id: str) -> Judged | None:
        """The evaluation a Dag run made."""
        with engine.session(self.settings.database_url) as session:
            return evaluations.of_run(session, monitor, run_id)

    def window(
        self,
        monitor: str,
        window: Window,
        *,
        number: int | None = None,
        against: Against = REFERENCE,
        features: bool = True,
    ) -> WindowView | None:
        """One window's evaluation, the numbered one or the current; None when there is none.

        Args:
            against: what the counts are compared with.
            features: whether the counts are wanted, feature by feature.
        """
        with engine.session(self.settings.database_url) as session:
            judged = evaluations.judged(session, monitor, window, number)
            if judged is None:
                return None
            stored = repository.load_evaluation(session, judged.id)
            evidence = evaluations.evidence(session, judged.id, with_profile=features)
            about = reading.about(session, monitor)
            versions = evaluations.versions(session, monitor, window)
            before, after = evaluations.neighbours(session, monitor, window)
            others = evaluations.windows_before(session, monitor, window, most=MOST_OFFERED) if features else []
            judgement = shown_judgement(stored.judgement)
            compared = _Compared((), "the reference", None)
            if features:
                names = [r.measurement.feature for r in judgement.results if r.measurement.feature]
                order = by_findings(list(dict.fromkeys(names)), judgement)
                compared = self._compared(session, judged, evidence, against, about, order)
        return WindowView(
            about=about,
            judged=judged,
            judgement=judgement,
            groups=groups_of(judgement.results),
            cover=cover_of(judged, evidence.sample),
            versions=tuple(versions),
            before=before,
            after=after,
            others=tuple(others),
            comparisons=compared.comparisons,
            against=compared.against,
            no_comparison=compared.problem,
        )

    def _compared(
        self,
        session: Session,
        judged: Judged,
        evidence: Evidence,
        against: Against,
        about: About | None,
        names: list[str],
    ) -> "_Compared":
        """The features of this evaluation's counts beside those of the reference or of other windows."""
        if evidence.profile is None or evidence.reference_digest is None:
            return _Compared((), "", "No counts were taken of this window: what was seen of it is not enough.")
        try:
            stored = Artifacts(self.settings.samples_url).read_if_there(reference_path(evidence.reference_digest))
        except StoreError as error:
            return _Compared((), "", str(error))
        if stored is None:
            return _Compared(
                (), "", "The reference's counts are no longer kept at MODELWATCH_SAMPLES_URL; run the window again."
            )
        cells, reference = decode_reference(stored)
        if cells_digest(cells) != evidence.cells_digest:
            return _Compared((), "", "The reference was fitted anew since; run the window again.")
        current = decode_profile(evidence.profile, cells)
        words = against.words(judged.window)
        if not against.is_reference:
            others = _others(session, judged, against, about)
            same = [one for one in others if one.cells_digest == evidence.cells_digest]
            if not same:
                return _Compared((), words, f"Of {words} no counts in the same cells are stored.")
            reference = _sum([decode_profile(one.content, cells) for one in same])
        return _Compared(tuple(comparisons(reference, current, names)), words, None)


@dataclass(frozen=True)
class _Compared:
    comparisons: tuple[Comparison, ...]
    against: str
    problem: str | None


def _row(about: About, shown: list[Mark], newest: Mark | None, found: dict[int, list[Finding]], now: datetime) -> Row:
    return row_of(about, shown, newest, found.get(newest.id, []) if newest else [], now=now)


def _model(session: Session, about: About, since: datetime, until: datetime) -> ModelView:
    marks = reading.marks(session, [about.monitor], since=since, until=until)[about.monitor]
    shown = regular(marks, about)
    buckets = {mark.id: i for i, column in enumerate(columns_of(shown)) for mark in column}
    windows = {mark.id: mark.window for mark in shown}
    compared = redeploys.compared(session, about.monitor, since=since)
    newest = next((one for one in compared if one.verdict is not None), None)
    view = model_view(
        about,
        shown,
        strongest=reading.strongest(session, buckets, windows),
        series=reading.series(session, shown),
        crossed=reading.crossed(session, shown),
        episodes=answers.episodes(session, about.monitor, since=since),
        acts=merged(answers.acts(session, about.monitor, since=since), ()),
        redeploys=compared,
    )
    document = redeploys.by_run(session, about.monitor, newest.run_id).document if newest is not None else None
    return replace(view, versions=versions_of(document))


def _others(session: Session, judged: Judged, against: Against, about: About | None) -> list[repository.StoredProfile]:
    """The stored counts that are to be compared with."""
    window, monitor = judged.window, judged.monitor
    if against.days:
        return repository.profiles_in(session, monitor, window.start - against.span(window), window.start)
    if against.window is not None:
        return _profiles(session, monitor, [against.window])
    zone = zone_of(about) if about else UTC
    back = [-7 * weeks * DAY for weeks in range(against.weeks, 0, -1)]
    return _profiles(
        session, monitor, [Window(shifted(window.start, by, zone), shifted(window.end, by, zone)) for by in back]
    )


def _profiles(session: Session, monitor: str, windows: Sequence[Window]) -> list[repository.StoredProfile]:
    """The counts of exactly these windows, of those that have some."""
    found = []
    for window in windows:
        one = evaluations.judged(session, monitor, window)
        if one is None or one.verdict == "not_measured":
            continue
        evidence = evaluations.evidence(session, one.id, with_profile=True)
        if evidence.profile is not None and evidence.cells_digest is not None:
            found.append(repository.StoredProfile(window, evidence.cells_digest, one.n_current, evidence.profile))
    return found


def _sum(profiles: list[Profile]) -> Profile:
    total = profiles[0]
    for profile in profiles[1:]:
        total = total + profile
    return total
