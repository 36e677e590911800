"""`performance`: what is known of windows whose labels come late, now or as it was known on an earlier day."""

from collections.abc import Iterator
from datetime import datetime

from modelwatch.config import Monitor, restored_monitor
from modelwatch.domain import Judgement, Window
from modelwatch.errors import SettingsError
from modelwatch.profile import cells_digest, decode_reference
from modelwatch.report.document import Evaluation
from modelwatch.settings import Settings
from modelwatch.steps.early import estimate_measurements
from modelwatch.steps.labelled_requests import knowledge
from modelwatch.steps.matured import Cohorts
from modelwatch.steps.reference import Reference, load_reference
from modelwatch.steps.run import Run
from modelwatch.store import engine, repository
from modelwatch.store import labels as store
from modelwatch.store.labels import Predicted, Shown
from modelwatch.store.repository import LoadedEvaluation
from modelwatch.store.samples import Artifacts, reference_path
from modelwatch.verdict import judge, restated


def performance_as_of(
    monitor: Monitor, settings: Settings, span: Window, as_of: datetime | None
) -> Iterator[Evaluation]:
    """The windows of a span with the labels that were known on a day, judged by the monitor file of that day.

    Nothing is fetched and nothing stored.

    Args:
        monitor: whose windows.
        settings: where its store is.
        span: the windows that lie in it.
        as_of: the day; None is the last on which anything became known.

    Raises:
        SettingsError: the monitor has no labels, or none was fetched by that day.
    """
    name = monitor.monitor
    with engine.session(settings.database_url) as session:
        moment = as_of or store.newest_knowledge(session, name)
        if moment is None:
            message = f"no labels of '{name}' were ever fetched; `modelwatch run` and the Dag fetch them"
            raise SettingsError(message)
        run = Run(monitor, span, "as_of", "cli", settings)
        longer = monitor.fairness.window if monitor.fairness else None
        known = knowledge(session, run, moment, since=span.start - (longer or monitor.window))
        windows = [one for one in known.windows if span.start <= one.window.start and one.window.end <= span.end]
        shown = [store.shown_on(session, name, one, moment) for one in windows]
    for one in shown:
        of_day = restored_monitor(one.config, monitor.path)
        reference = _reference(of_day, settings, one.reference_digest)
        cohorts = Cohorts(Run(of_day, one.predicted.window, "as_of", "cli", settings), known, reference)
        yield _evaluation(cohorts, one)


def _evaluation(cohorts: Cohorts, shown: Shown) -> Evaluation:
    """The window as it was known: with its labels once it was mature."""
    one = shown.predicted
    with engine.session(cohorts.run.settings.database_url) as session:
        measured = repository.load_evaluation(session, one.measured_id)
    judgement = cohorts.judge(one, measured) if cohorts.is_mature(one.window) else _early(cohorts, one, measured)
    return Evaluation(
        measured.monitor,
        one.window,
        judgement or measured.judgement,
        measured.n_reference,
        measured.n_current,
        measured.coverage,
        shown.page,
    )


def _early(cohorts: Cohorts, one: Predicted, measured: LoadedEvaluation) -> Judgement:
    """What was judged without labels, and what performance may come to."""
    told = estimate_measurements(cohorts.early(one), measured.n_current)
    return restated(measured.judgement, judge(told, cohorts.run.monitor.rules(), n_current=measured.n_current))


def _reference(monitor: Monitor, settings: Settings, digest: str | None) -> Reference:
    """The reference of that day, from what is kept of it when the file is another one now."""
    now = load_reference(monitor, settings)
    if digest is None or digest == now.digest:
        return now
    kept = Artifacts(settings.samples_url).read_if_there(reference_path(digest))
    if kept is None:
        return now
    cells, profile = decode_reference(kept)
    return Reference(cells, profile, digest, cells_digest(cells))
