"""A small model whose truth arrives days later, judged night after night in a real store."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from modelwatch.config import load_monitor
from modelwatch.domain import Connection, Window
from modelwatch.report.document import Evaluation
from modelwatch.settings import Settings
from modelwatch.steps.inline import run_window
from modelwatch.steps.run import Run
from modelwatch.store import engine
from support import churn

MONITOR = """\
monitor: churn
source: {{type: files, uri: "{folder}/requests/{{window_start:%Y-%m-%d}}.parquet"}}
columns: {{id: request_id, timestamp: requested_at, score: score, decision: flagged, label: left}}
decision: {{selected: true, outcome: adverse}}
reference: {{uri: reference.parquet}}
sample: {{rows: {rows}, minimum: 300}}
features: {{tenure_months: numeric, plan: categorical}}
multivariate: {{detector: none}}
fairness: {{sensitive: [gender]}}
thresholds:  # as far apart as a day's few labels can tell
  roc_auc: {{alert: 0.2}}
  average_precision: {{alert: 0.3}}
  accuracy: {{alert: 0.3}}
  precision: {{alert: 0.6}}
  recall: {{alert: 0.25}}
  f1: {{alert: 0.4}}
  expected_calibration_error: {{alert: 0.3}}
labels:
  source: {{type: files, uri: "{folder}/labels.parquet"}}
  id: request
  timestamp: came
  mature_after: P3D
  horizon: P10D
{more}
"""
DAY = timedelta(days=1)
PER_DAY = 600


def window_of(day: int) -> Window:
    """The ``day``-th day of March."""
    return Window(churn.MARCH + day * DAY, churn.MARCH + (day + 1) * DAY)


@dataclass
class LabelDays:
    """The monitor, its requests and its labels.

    Attributes:
        labels: rows of (request, left, came) as the label source has them; write with `write_labels`.
    """

    url: str
    folder: Path
    more: str = ""
    rows: int = 1000
    labels: list[tuple[str, int | None, datetime]] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "requests").mkdir()
        churn.write(self.folder / "reference.parquet", churn.requests(6000, start=churn.MARCH - 20 * DAY, days=20))

    def monitor_path(self) -> Path:
        """The monitor file as it is now."""
        path = self.folder / "churn.yaml"
        path.write_text(MONITOR.format(folder=self.folder, more=self.more, rows=self.rows))
        return path

    def requests(self, day: int, *, unfair: bool = False, wrong: bool = False) -> pa.Table:
        """Write a day's requests, and queue its labels: every other positive comes after two days, the rest after one.

        An unfair day flags every other woman who stays and no man who does; on a wrong one, who should leave stays.
        """
        table = churn.requests(PER_DAY, start=window_of(day).start)
        if wrong:
            table = table.set_column(
                table.column_names.index("left"), "left", pa.array(1 - np.asarray(table["left"], dtype=np.int64))
            )
        if unfair:
            is_woman = np.asarray(table["gender"].to_pylist()) == "F"
            stays = np.asarray(table["left"]) == 0
            every_other = np.arange(PER_DAY) % 2 == 0
            flagged = np.where(stays, is_woman & every_other, np.asarray(table["flagged"]))
            table = table.set_column(table.column_names.index("flagged"), "flagged", pa.array(flagged))
        churn.write(self.folder / "requests" / f"{window_of(day).start:%Y-%m-%d}.parquet", table.drop_columns("left"))
        ids, left, stamps = (table[name].to_pylist() for name in ("request_id", "left", "requested_at"))
        came = [at + (1 + truth * (i % 2)) * DAY for i, (at, truth) in enumerate(zip(stamps, left, strict=True))]
        self.labels += list(zip(ids, left, came, strict=True))
        return table

    def write_labels(self) -> None:
        """The label source as it is now."""
        request, left, came = zip(*self.labels, strict=True)
        stamps = pa.array(came, pa.timestamp("us", "UTC"))
        pq.write_table(pa.table({"request": request, "left": left, "came": stamps}), self.folder / "labels.parquet")

    def run(self, day: int, run_type: str = "scheduled", *, run_id: str = "") -> Run:
        """The run that examines a day."""
        settings = Settings(self.folder, self.folder, (self.folder / "kept").as_uri(), self.url)
        monitor = load_monitor(self.monitor_path())
        window = window_of(day)
        return Run(monitor, window, run_id or f"{run_type}__{day}", run_type, settings, now=window.end + DAY / 8)

    def night(self, day: int, *, has_labels: bool = True) -> Evaluation:
        """The night after a day."""
        if has_labels:
            self.write_labels()
        return run_window(self.run(day), self.connect)

    def nights(self, days: Sequence[int], **more: bool) -> None:
        """Requests and nights of several days."""
        for day in days:
            self.requests(day, **more)
            self.night(day)

    def connect(self, conn_id: str) -> Connection:
        """Nothing here needs one."""
        raise AssertionError(conn_id)

    def rows_of(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a query on the store."""
        with engine.session(self.url) as session:
            return [tuple(row) for row in session.execute(sa.text(statement))]
