"""What is known on one day of the requests that are kept, and what came of those in the windows before one."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from sqlalchemy.orm import Session

from modelwatch.domain import Window
from modelwatch.labels import Labels
from modelwatch.profile import Outcomes, count_outcomes
from modelwatch.steps.labels import labels_config
from modelwatch.steps.past import HISTORY, rolling_past
from modelwatch.steps.predictions import labelled, read_predictions
from modelwatch.steps.queue import Queue
from modelwatch.steps.run import Run
from modelwatch.store import labels as store
from modelwatch.store.labels import Predicted
from modelwatch.store.samples import Artifacts


@dataclass(frozen=True, eq=False)
class Knowledge:
    """What is known on one day of the requests that are kept.

    Attributes:
        as_of: that day.
        labels: of each request the newest by then.
        windows: those whose predictions are kept, oldest first.
        earlier: the windows before those, which are only looked back at.
    """

    as_of: datetime
    labels: Labels
    windows: Sequence[Predicted]
    earlier: Sequence[Predicted]


def knowledge(session: Session, run: Run, as_of: datetime, since: datetime | None = None) -> Knowledge:
    """What was known on a day of the windows within the horizon, and of those that end after ``since``."""
    labels, monitor = labels_config(run.monitor), run.monitor
    within = as_of - labels.horizon - monitor.window
    first = within if since is None else min(since, within)
    oldest = first - (HISTORY + 1) * monitor.window
    kept = store.predicted(session, monitor.monitor, since=oldest, until=as_of)
    known = store.known(session, monitor.monitor, since=oldest - monitor.window, as_of=as_of)
    windows = [one for one in kept if one.window.end > first]
    return Knowledge(as_of, known, windows, kept[: len(kept) - len(windows)])


class LabelledRequests:
    """The kept requests of those windows with their labels, each window read once for all that look back at it."""

    def __init__(self, run: Run, known: Knowledge) -> None:
        self._run, self._known = run, known
        self._artifacts = Artifacts(run.settings.samples_url)
        self._outcomes: dict[int, Outcomes | None] = {}
        self._queue, self._unreviewed = Queue(run.monitor), deque((*known.earlier, *known.windows))
        self._found: list[tuple[Window, set[str]]] = []

    def rows(self, windows: Sequence[Predicted]) -> pa.Table | None:
        """The requests of the windows; None when none is kept."""
        tables = [read_predictions(self._artifacts, one.uri) for one in windows]
        kept = [labelled(table, self._known.labels, self._run.monitor) for table in tables if table is not None]
        return pa.concat_tables(kept) if kept else None

    def outcomes_before(self, window: Window) -> list[Outcomes]:
        """What came of the requests of each window in the rolling past of a mature one, oldest first."""
        span = rolling_past(window, self._run.monitor)
        found = [
            self._outcomes_of(one)
            for one in (*self._known.earlier, *self._known.windows)
            if span.start <= one.window.start and one.window.end <= span.end
        ]
        return [one for one in found if one is not None]

    def queue_before(self, window: Window) -> Queue:
        """The queue as it is when a mature window begins: nobody looks again at whom it has found before."""
        if self._queue.looks_at_entities:
            while self._unreviewed and self._unreviewed[0].window.end <= window.start:
                self._review(self._unreviewed.popleft())
        known = (names for earlier, names in self._found if earlier.end <= window.start)
        return Queue(self._run.monitor, set().union(*known))

    def _review(self, one: Predicted) -> None:
        rows = None if one.is_bounded else self.rows([one])  # a day's queue is made of all its requests
        if rows is not None:
            before = set(self._queue.known)
            self._queue.review(rows)
            self._found.append((one.window, self._queue.known - before))

    def _outcomes_of(self, one: Predicted) -> Outcomes | None:
        if one.measured_id not in self._outcomes:
            rows = self.rows([one])
            self._outcomes[one.measured_id] = None if rows is None else count_outcomes(rows, self._run.monitor.schema())
        return self._outcomes[one.measured_id]
