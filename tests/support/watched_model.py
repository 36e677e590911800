"""The demo's model, its API and a stand-in for Slack, as one surrounding for runs of the monitor's Dag."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from demo.api import Faults, create_app
from demo.log import SimulatedLog
from demo.model import trained
from demo.serving import serving
from demo.slack import FakeSlack
from demo.slack import create_app as create_slack
from demo.traffic import Story
from modelwatch.domain import Window
from modelwatch.store import engine, repository
from modelwatch.store.repository import LoadedEvaluation
from support.airflow_runs import ROOT, Finished, load_dags, run_dag

API_KEY, SLACK_TOKEN = "key-of-the-model-api", "xoxb-token-of-slack"
STORY = Story(end=date(2025, 3, 20))
QUIET_DAY, CENTS_DAY, CAMPAIGN_DAY = date(2025, 3, 10), date(2025, 3, 15), date(2025, 3, 18)

MONITOR = """\
monitor: fraud
owner: payments-ml
source:
  type: http
  connection: fraud_api
  path: /v1/requests
  query: {{since: "{{window_start}}", until: "{{window_end}}", limit: 500}}
  records: items
  pagination: {{type: cursor, response: next_cursor, query: cursor}}
  auth: {{type: api_key, header: X-API-Key}}
  total: total
  retries: 0
  requests_per_second: null
columns:
  {{id: request_id, timestamp: requested_at, score: score, decision: flagged, model_version: model_version}}
decision: {{selected: true, outcome: adverse}}
reference: {{uri: "{reference}"}}
features:
  {{amount: numeric, merchant_category: categorical, channel: categorical, account_age_days: numeric}}
fairness: {{sensitive: [gender, age_band]}}
alerts: {{slack: {{connection: slack_oncall, channel: "#fraud-oncall"}}}}
"""


@dataclass
class WatchedModel:
    """A model, its monitor's Dag and what they leave behind.

    Attributes:
        faults: what to break in the model's API.
        slack: the stand-in, with the messages it took.
        database_url: the store.
    """

    faults: Faults
    slack: FakeSlack
    database_url: str

    def run(self, day: date, *, run_type: str = "manual", **conf: object) -> Finished:
        """Run the Dag the night after the day."""
        self.faults.pages = 0
        night = datetime.combine(day + timedelta(days=1), time(3), UTC)
        return run_dag(load_dags().dags["monitor_fraud"], night, conf, run_type=run_type)

    def stored(self, day: date) -> list[LoadedEvaluation]:
        """Every evaluation of the day, oldest first."""
        window = window_of(day)
        with engine.session(self.database_url) as session:
            query = sa.text(
                "SELECT id FROM evaluation WHERE window_start = :start AND window_end = :end ORDER BY number"
            )
            ids = session.scalars(query, {"start": window.start, "end": window.end}).all()
            return [repository.load_evaluation(session, one) for one in ids]

    def roots(self) -> list[dict[str, object]]:
        """The messages of the channel outside threads."""
        return [one for one in self.slack.messages if not one.get("thread_ts")]

    def only(self, day: date) -> LoadedEvaluation:
        """The day's evaluation, of which there must be one."""
        (evaluation,) = self.stored(day)
        return evaluation


def window_of(day: date) -> Window:
    """The day in UTC."""
    start = datetime.combine(day, time(), UTC)
    return Window(start, start + timedelta(days=1))


@contextmanager
def model_api(faults: Faults) -> Iterator[str]:
    """The demo's API over its simulated traffic; yields its address."""
    app = create_app(SimulatedLog(trained(), STORY), api_key=API_KEY, faults=faults, rate=1e6, burst=1e6)
    with serving(app) as url:
        yield url


@contextmanager
def watched_model(
    api: str, faults: Faults, database_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WatchedModel]:
    """Point a monitor, its connections and its store at the running servers."""
    slack = FakeSlack(token=SLACK_TOKEN, interval=0)
    monitors = folder / "monitors"
    monitors.mkdir()
    reference = ROOT / "include" / "monitors" / "reference" / "fraud.parquet"
    (monitors / "fraud.yaml").write_text(MONITOR.format(reference=reference))
    with serving(create_slack(slack)) as slack_url:
        connections = {
            "FRAUD_API": {"conn_type": "http", "host": api, "password": API_KEY},
            "SLACK_ONCALL": {
                "conn_type": "slack",
                "password": SLACK_TOKEN,
                "extra": {"base_url": f"{slack_url}/api/"},
            },
        }
        for name, connection in connections.items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(connection))
        monkeypatch.setenv("MODELWATCH_MONITORS_DIR", str(monitors))
        monkeypatch.setenv("MODELWATCH_HOME", str(folder / "home"))
        monkeypatch.setenv("MODELWATCH_SAMPLES_URL", (folder / "samples").as_uri())
        monkeypatch.setenv("MODELWATCH_DATABASE_URL", database_url)
        monkeypatch.setenv("MODELWATCH_AIRFLOW_URL", "https://airflow.example.com")
        yield WatchedModel(faults, slack, database_url)
