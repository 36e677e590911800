"""Days of the churn model in files, judged one after the other into a store as the Dag's tasks would."""

from datetime import timedelta
from pathlib import Path

from modelwatch.config import load_monitor
from modelwatch.domain import Window
from modelwatch.report.document import Evaluation
from modelwatch.settings import Settings
from modelwatch.steps.inline import run_window
from modelwatch.steps.run import Run
from support import churn
from support.alert_days import AlertDays

DAY = timedelta(days=1)
MONITOR = """\
monitor: churn
owner: retention
source: {{type: files, uri: "{folder}/days/{{window_start:%Y-%m-%d}}.parquet"}}
columns: {{id: request_id, timestamp: requested_at, score: score, decision: flagged}}
decision: {{selected: true, outcome: adverse}}
reference: {{uri: churn.parquet}}
sample: {{rows: 5000, minimum: 300}}
features: {{tenure_months: numeric, monthly_charge: numeric, plan: categorical}}
fairness: {{sensitive: [gender], window: P3D}}
multivariate: {{detector: none}}
{more}
"""


class ChurnDays:
    """A folder of days, a monitor file, and the store."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.settings = folder, Settings(folder, folder, (folder / "samples").as_uri(), url)
        (folder / "days").mkdir()
        reference = churn.requests(8000, start=churn.MARCH - timedelta(days=20), days=20)
        churn.write(folder / "churn.parquet", reference)

    def write(self, more: str = "") -> Path:
        """The monitor file."""
        path = self.folder / "churn.yaml"
        path.write_text(MONITOR.format(folder=self.folder, more=more))
        return path

    def day(self, day: int, *, scale: float = 1.0, n: int = 1200) -> None:
        """The requests of a day."""
        start = churn.MARCH + day * DAY
        churn.write(self.folder / "days" / f"{start:%Y-%m-%d}.parquet", churn.requests(n, start=start, scale=scale))

    def run(self, day: int, path: Path, run_type: str = "scheduled", name: str = "") -> Run:
        """The run of a day."""
        start = churn.MARCH + day * DAY
        return Run(
            load_monitor(path), Window(start, start + DAY), name or f"{run_type}__{day}", run_type, self.settings
        )

    def judge(self, day: int, path: Path, run_type: str = "scheduled", name: str = "") -> Evaluation:
        """Judge a day from its file into the store."""
        return run_window(self.run(day, path, run_type, name), AlertDays.connect)  # files need no connection
