"""A monitor whose days are judged from a script, in a real store and against the strict stand-in for Slack."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from demo.serving import serving
from demo.slack import FakeSlack, create_app
from modelwatch import steps
from modelwatch.config import load_monitor
from modelwatch.domain import Connection, Judgement, Measurement, Result, Window
from modelwatch.settings import Settings
from modelwatch.steps.judge import store_verdict
from modelwatch.steps.run import Run
from modelwatch.store import engine
from modelwatch.store.repository import NewEvaluation

TOKEN, CHANNEL, HEALTH = "xoxb-token-of-slack", "#fraud-oncall", "#modelwatch-health"
FIRST = date(2026, 3, 1)
DAY = timedelta(days=1)
MONITOR = """\
monitor: {name}
owner: payments-ml
source: {{type: files, uri: nowhere.parquet}}
columns: {{timestamp: requested_at, score: score, decision: flagged}}
reference: {{uri: reference.parquet}}
features: {{amount: numeric, hour: numeric, country: categorical}}
fairness: {{sensitive: [gender]}}
alerts:
  slack: {{connection: slack_oncall, channel: "#fraud-oncall", mention: "{mention}"}}
  health: {{connection: slack_health, channel: "#modelwatch-health"}}
{more}
"""


def window_of(day: int) -> Window:
    """The ``day``-th day of the script, in UTC."""
    start = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + day * DAY
    return Window(start, start + DAY)


def result(name: str, times: float) -> Result:
    """A feature's (or with ``gender`` a group's) result at so many times its alert threshold; 0 could not be judged."""
    check, metric, alert, warning = ("feature_drift", "psi", 0.25, 0.1)
    more: dict[str, Any] = {"feature": name}
    if name == "gender":
        check, metric, alert, warning, more = "fairness", "demographic_parity_difference", 0.1, 0.05, {"group": name}
    if name == "score":
        check = "prediction_drift"
    value = times * alert
    measured = Measurement(check, metric, value, 30_000, 4_000, effect=value, p_value=1e-9, evidence="moved", **more)
    if times == 0:
        return Result(measured, "insufficient_data", warning, 0.5)
    status = "alert" if times >= 1 else "warning" if value >= warning else "ok"
    return Result(measured, status, {"alert": alert, "warning": warning}.get(status, warning), 1e-9)


def judgement(**times: float) -> Judgement:
    """A measured window's judgement from each name's size; names that are not given are quiet."""
    sizes = dict.fromkeys(("amount", "hour", "country", "score", "gender"), 0.01) | times
    results = tuple(result(name, size) for name, size in sizes.items())
    findings = tuple(sorted((r for r in results if r.status in ("alert", "warning")), key=lambda r: r.status))
    verdict = "alert" if any(r.status == "alert" for r in results) else "warning" if findings else "ok"
    return Judgement(verdict, None, results, findings)


UNMEASURED = Judgement("not_measured", "the API answered 503", (), ())
FEW = Judgement(
    "insufficient_data",
    "3 requests; the minimum is 500",
    (Result(Measurement("quality", "row_count", 3.0, 30_000, 3), "insufficient_data", 500.0),),
    (),
)


@dataclass
class AlertDays:
    """The monitor, its store and its Slack."""

    url: str
    folder: Path
    slack: FakeSlack
    slack_url: str
    more: str = ""
    name: str = "fraud"
    mention: str = "<!subteam^S1>"
    now: Callable[[Window], datetime] = field(default=lambda window: window.end + timedelta(hours=3))

    def run(self, day: int, run_type: str = "scheduled", *, run_id: str = "", **changes: Any) -> Run:
        """The run that examines a day."""
        path = self.folder / f"{self.name}.yaml"
        text = changes.pop("text", None)
        path.write_text(text or MONITOR.format(more=self.more, name=self.name, mention=self.mention))
        settings = Settings(self.folder, self.folder, self.folder.as_uri(), self.url)
        window = changes.pop("window", window_of(day))
        name = run_id or f"{run_type}__{day}"
        return Run(load_monitor(path), window, name, run_type, settings, now=self.now(window), **changes)

    def judge(self, run: Run, judged: Judgement, n_current: int = 4_000) -> int:
        """What `judge_and_store` does once the checks have measured."""
        content = json.dumps([repr(judged)]).encode()
        new = NewEvaluation(
            monitor=self.name,
            window=run.window,
            run_id=run.run_id,
            run_type=run.run_type,
            config_sha256=run.monitor.sha256,
            config=run.monitor.model_dump(mode="json"),
            content_digest=hashlib.sha256(content).hexdigest(),
            verdict=judged.verdict,
            reason=judged.reason,
            page=False,
            n_reference=30_000,
            n_current=n_current,
            coverage=1.0,
            model_version=run.model_version,
        )
        return store_verdict(run, new, judged, None)

    def send(self, run: Run) -> None:
        """What `route_alert` and `send_slack_alert` do."""
        if steps.should_alert(run):
            steps.send_slack_alert(run, self.connect)

    def day(self, day: int, judged: Judgement, run_type: str = "scheduled", **more: Any) -> int:
        """The whole night after a day."""
        n_current = more.pop("n_current", 4_000)
        run = self.run(day, run_type, **more)
        stored = self.judge(run, judged, n_current)
        self.send(run)
        return stored

    def connect(self, conn_id: str) -> Connection:
        """The Slack of the stand-in, whatever the connection is called."""
        return Connection(conn_id, "slack", password=TOKEN, extra={"base_url": f"{self.slack_url}/api/"})

    def rows(self, statement: str) -> list[Any]:
        """The rows of a query on the store."""
        with engine.session(self.url) as session:
            return [tuple(row) for row in session.execute(sa.text(statement))]

    def page(self, evaluation: int) -> bool:
        """What the evaluation says of paging."""
        return bool(self.rows(f"SELECT page FROM evaluation WHERE id = {evaluation}")[0][0])  # noqa: S608  # a number

    def roots(self, channel: str = CHANNEL) -> list[Mapping[str, Any]]:
        """The messages of a channel outside threads."""
        return [one for one in self.slack.messages if one["channel"] == channel and not one.get("thread_ts")]

    def replies(self, root: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The thread below a message."""
        return [one for one in self.slack.messages if one.get("thread_ts") == root["ts"]]

    def episodes(self) -> list[Any]:
        """Every episode as it would be without ids and clocks."""
        found = self.rows(
            "SELECT kind, fingerprint, members, severity, peak, status, first_window_end, opened_window_end, "
            "last_window_end, closed_window_end, monitor FROM episode WHERE status <> 'withdrawn' "
            "ORDER BY opened_window_end, fingerprint"
        )
        return [columns for *columns, monitor in found if monitor == self.name]


@contextmanager
def alert_days(url: str, folder: Path, more: str = "") -> Iterator[AlertDays]:
    """A script's surrounding, with the stand-in for Slack running."""
    slack = FakeSlack(token=TOKEN, interval=0)
    with serving(create_app(slack)) as address:
        yield AlertDays(url, folder, slack, address, more)
