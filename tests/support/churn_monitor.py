"""The churn model's monitor file and its reference, written as a person would."""

from datetime import timedelta
from pathlib import Path

from support import churn

MONITOR = """\
monitor: churn
owner: retention
timezone: {timezone}
source:
  type: http
  connection: churn_api
  path: cursor
  query: {{since: "{{window_start}}", until: "{{window_end}}"}}
  records: items
  total: meta.total
  pagination: {{type: cursor, response: meta.next, query: cursor}}
  retries: 0
  requests_per_second: null
columns: {{id: request_id, timestamp: requested_at, score: score, decision: flagged, label: left}}
decision: {{selected: true, outcome: adverse}}
reference: {{uri: churn.parquet}}
sample: {{rows: 5000, minimum: 300}}
features: {{tenure_months: numeric, monthly_charge: numeric, plan: categorical}}
fairness: {{sensitive: [gender]}}
alerts: {{critical: {critical}, open_after: {{windows: {windows}, of: {of}}}}}
"""


def write_monitor(folder: Path, *, timezone: str = "UTC", windows: int = 1, of: int = 1, critical: float = 4.0) -> Path:
    """``include/monitors/churn.yaml`` with its reference of 20 days before March."""
    monitors = folder / "include" / "monitors"
    monitors.mkdir(parents=True)
    reference = churn.requests(8000, start=churn.MARCH - timedelta(days=20), days=20)
    churn.write(monitors / "churn.parquet", reference)
    path = monitors / "churn.yaml"
    path.write_text(MONITOR.format(timezone=timezone, windows=windows, of=of, critical=critical), encoding="utf-8")
    return path
