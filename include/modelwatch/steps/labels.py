"""fetch_labels: what became known since the last look, kept for the requests that are kept."""

from collections.abc import Iterator
from datetime import datetime

import numpy as np
from sqlalchemy.orm import Session

from modelwatch.config import Monitor
from modelwatch.config.labels import Labels as LabelsConfig
from modelwatch.domain import Page, Window
from modelwatch.errors import SettingsError, SourceError, SourceResponseError
from modelwatch.hashing import Distinct, Hashes
from modelwatch.labels import Labels, is_among, labels_of
from modelwatch.sources import open_source
from modelwatch.steps.episodes import counts
from modelwatch.steps.predictions import read_predictions, requests_of
from modelwatch.steps.run import Connect, Run
from modelwatch.store import engine
from modelwatch.store import labels as store
from modelwatch.store.labels import LabelCounts, Predicted
from modelwatch.store.samples import Artifacts

LARGEST = int(np.iinfo(np.uint64).max)


def labels_config(monitor: Monitor) -> LabelsConfig:
    """The monitor's labels.

    Raises:
        SettingsError: it has none.
    """
    if monitor.labels is None:
        message = f"{monitor.path}: the monitor has no labels; add a labels section (docs/labels.md)"
        raise SettingsError(message)
    return monitor.labels


def fetch_labels(run: Run, connect: Connect) -> LabelCounts:
    """Ask the label source for what came since the last look, and keep what it says of requests that are kept.

    A look at one afternoon or one version of the model asks for none.

    Raises:
        SourceError: the source could not be read to its end; what is known stays as it was.
    """
    labels, name = labels_config(run.monitor), run.monitor.monitor
    if not counts(run):
        return LabelCounts()
    with engine.session(run.settings.database_url) as session:
        asked = _span(session, run)
        first = asked.end - labels.horizon - run.monitor.window
        kept = store.predicted(session, name, since=first, until=asked.end)
        known = store.known(session, name, since=first - run.monitor.window, as_of=asked.end)
    found = _Found(*_requests(run, kept))
    for page in _pages(run, connect, asked):
        found.add(page, labels_of(page.rows, run.monitor.label_schema(), salt=name, came=asked.end))
    found.require_rows(labels.source.max_rejected_share)
    fresh = Labels.newest(found.parts).beyond(known)
    told = found.counts(fresh, known)
    with engine.session(run.settings.database_url) as session, session.begin():
        store.save_batch(session, fresh, told, monitor=name, run_id=run.run_id, asked=asked)
        store.forget(session, name, asked.end - labels.keep)
    Artifacts(run.settings.samples_url).expire(run.moment - labels.keep, name, of=("/predictions.parquet",))
    return told


def knowledge_day(session: Session, run: Run) -> datetime:
    """The day whose knowledge a run has: its window's end, and never a day before what is known already."""
    newest = store.newest_knowledge(session, run.monitor.monitor)
    return max(run.window.end, newest or run.window.end)


def _span(session: Session, run: Run) -> Window:
    """Which labels to ask for: those since the last look, and all of requests that were not kept then."""
    labels, name = labels_config(run.monitor), run.monitor.monitor
    end = knowledge_day(session, run)
    oldest = end - labels.horizon - run.monitor.window
    last = store.last_look(session, name, before=end)
    if last is None:
        return Window(oldest, end)
    fresh = store.first_predicted_since(session, name, last[1])
    start = min(last[0] - labels.overlap, fresh or end)
    return Window(max(start, oldest), end)


def _requests(run: Run, kept: list[Predicted]) -> tuple[Hashes, int]:
    """The hashes of all kept requests, ascending, and up to which one every request of its window is kept."""
    artifacts = Artifacts(run.settings.samples_url)
    parts, limit = [np.empty(0, dtype=np.uint64)], LARGEST
    for one in kept:
        predictions = read_predictions(artifacts, one.uri)
        if predictions is not None:
            hashes = requests_of(predictions)
            parts.append(hashes)
            limit = min(limit, int(hashes.max())) if one.is_bounded else limit
    return np.unique(np.concatenate(parts)), limit


def _pages(run: Run, connect: Connect, asked: Window) -> Iterator[Page]:
    source = labels_config(run.monitor).source
    connection = connect(source.connection) if source.connection else None
    opened = open_source(source, run.monitor.label_schema(), connection, timezone=run.monitor.tzinfo)
    try:
        yield from opened.pages(asked)
    except SourceError as error:
        message = f"labels: {error}"
        raise type(error)(message) from None


class _Found:
    """What a label source said, page by page; kept are the labels of kept requests alone."""

    def __init__(self, requests: Hashes, limit: int) -> None:
        self.requests, self.limit = requests, np.uint64(limit)
        self.parts: list[Labels] = []
        self.seen = Distinct()
        self.n_rows = self.n_rejected = self.n_unmatched = self.n_unsampled = 0

    def add(self, page: Page, labels: Labels) -> None:
        """Take one page."""
        self.n_rows += len(labels)
        self.n_rejected += sum(reject.count for reject in page.rejects)
        is_first = self.seen.first_seen(labels.hashes)
        is_kept = is_among(labels.hashes, self.requests)
        strangers = labels.hashes[is_first & ~is_kept]
        self.n_unsampled += int((strangers > self.limit).sum())
        self.n_unmatched += int((strangers <= self.limit).sum())
        self.parts.append(labels.take(is_kept))

    def require_rows(self, most: float) -> None:
        """Refuse labels of which too many do not parse: the rest is no fair part of them."""
        total = self.n_rows + self.n_rejected
        if self.n_rejected > most * total:
            message = f"labels: {self.n_rejected} of {total} rows do not parse; see labels.source.max_rejected_share"
            raise SourceResponseError(message)

    def counts(self, fresh: Labels, known: Labels) -> LabelCounts:
        """What was found, in numbers."""
        n_corrected = int(known.knows(fresh.hashes).sum())
        return LabelCounts(
            n_seen=len(self.seen),
            n_duplicate=self.n_rows - len(self.seen),
            n_rejected=self.n_rejected,
            n_unmatched=self.n_unmatched,
            n_unsampled=self.n_unsampled,
            n_new=len(fresh) - n_corrected,
            n_corrected=n_corrected,
        )
