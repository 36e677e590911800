"""Days of requests with weekends, a monitor over them, and judging them from a file or through a store."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from modelwatch.config import Monitor, load_monitor
from modelwatch.domain import Connection, Window
from modelwatch.report.document import Evaluation
from modelwatch.settings import Settings
from modelwatch.steps import Run
from modelwatch.steps.inline import run_window
from modelwatch.steps.offline import backtest_file

DAY = timedelta(days=1)
START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday

MONITOR = """\
monitor: shop
window: P1D
source: {{type: files, uri: {current}}}
columns: {{id: request, timestamp: at, decision: flagged}}
reference: {reference}
sample: {{minimum: {minimum}}}
features: {{amount: numeric, items: numeric, weekend: categorical}}
{more}
"""


def days(n: int, *, per_day: int, seed: int, first: int = 0, drift: float = 0.0, of: str = "amount") -> pd.DataFrame:
    """``n`` days from the ``first`` after `START`; amounts are higher on weekends, and ``of`` by ``drift``."""
    rng = np.random.default_rng(seed)
    n_rows = n * per_day
    day = first + np.repeat(np.arange(n), per_day)
    weekend = day % 7 >= 5
    seconds = rng.integers(0, 86_400, n_rows)
    at = pd.to_datetime(START) + pd.to_timedelta(day, unit="D") + pd.to_timedelta(seconds, unit="s")
    rows = pd.DataFrame(
        {
            "request": [f"{first}-{seed}-{i}" for i in range(n_rows)],
            "at": at.astype("datetime64[us, UTC]"),
            "amount": rng.normal(0.3 * weekend, 1.0, n_rows),
            "items": rng.exponential(1.0, n_rows),
            "weekend": np.where(weekend, "yes", "no"),
            "gender": rng.choice(["F", "M"], n_rows),
            "flagged": rng.random(n_rows) < 0.2,
        }
    )
    return rows.assign(**{of: rows[of] + drift})


class Shop:
    """A monitor, its reference and its traffic as files in a folder; features are looked at together when ``joint``."""

    def __init__(
        self,
        folder: Path,
        reference: pd.DataFrame,
        current: pd.DataFrame,
        *,
        kind: str = "",
        minimum: int = 100,
        more: str = "",
        joint: bool = False,
    ) -> None:
        reference.to_parquet(folder / "reference.parquet")
        current.to_parquet(folder / "current.parquet")
        self.current = str(folder / "current.parquet")
        more = more if joint else f"{more}\nmultivariate: {{detector: none}}"
        text = MONITOR.format(
            current=self.current, reference=f"{{uri: reference.parquet{kind}}}", minimum=minimum, more=more
        )
        (folder / "shop.yaml").write_text(text)
        self.folder, self.path = folder, folder / "shop.yaml"

    @property
    def monitor(self) -> Monitor:
        return load_monitor(self.path)

    def settings(self, database_url: str | None = None) -> Settings:
        return Settings(self.folder, self.folder, (self.folder / "kept").as_uri(), database_url)

    def backtest(self, every: timedelta = DAY) -> list[Evaluation]:
        return list(backtest_file(self.monitor, self.settings(), self.current, every=every))

    def run(self, database_url: str, numbers: Sequence[int]) -> list[Evaluation]:
        """Judge and store the days of these numbers after `START`, one after the other."""
        return [
            run_window(Run(self.monitor, window_of(n), f"run-{n}", "cli", self.settings(database_url)), no_connection)
            for n in numbers
        ]


def window_of(number: int) -> Window:
    return Window(START + number * DAY, START + (number + 1) * DAY)


def no_connection(conn_id: str) -> Connection:
    raise AssertionError(conn_id)


def result(evaluation: Evaluation, check: str, metric: str, feature: str | None) -> "tuple[str, str | None]":
    """Status and reason of one result."""
    (one,) = [
        r
        for r in evaluation.judgement.results
        if (r.measurement.check, r.measurement.metric, r.measurement.feature or r.measurement.group)
        == (check, metric, feature)
    ]
    return one.status, one.reason
