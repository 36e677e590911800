"""Six months of real credit requests through the REST API and the Dag, month by month against April."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from demo.api import create_app
from demo.log import ReplayedLog
from demo.serving import serving
from modelwatch.domain import Result
from modelwatch.store import engine, repository
from modelwatch.store.repository import LoadedEvaluation
from support.airflow_runs import load_dags, run_dag
from support.credit_requests import APRIL, MONTHS, credit_requests
from support.postgres import migrated_database
from support.shared_data import shared_data

pytestmark = [pytest.mark.airflow, pytest.mark.shared_data]

API_KEY = "key-of-the-credit-api"
MONITOR = """\
monitor: credit
owner: credit-risk
schedule: "0 3 1 * *"
source:
  type: http
  connection: credit_api
  path: /v1/requests
  query: {since: "{window_start}", until: "{window_end}", limit: 5000}
  records: items
  total: total
  pagination: {type: cursor, response: next_cursor, query: cursor}
  auth: {type: api_key, header: X-API-Key}
columns: {id: request_id, timestamp: requested_at, score: score, decision: declined}
decision: {selected: true, outcome: adverse}
reference: {uri: april.parquet}
sample: {rows: 30000}
features: {limit_bal: numeric, bill_amt: numeric, pay_amt: numeric, pay_status: categorical}
fairness:
  sensitive: [sex, education, age]
  bands: {age: [30, 40, 50]}
  intersections: [[sex, education]]
"""


@pytest.fixture(scope="module")
def months(
    postgres: engine.EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, LoadedEvaluation]]:
    """The stored evaluation of each month."""
    panel = shared_data("uci_taiwan_default") / "monthly_panel_derived.parquet"
    folder = tmp_path_factory.mktemp("credit")
    rows = credit_requests(panel)
    rows[rows["month"] == APRIL].to_parquet(folder / "april.parquet")
    rows[rows["month"] != APRIL].to_parquet(folder / "requests.parquet")
    (folder / "credit.yaml").write_text(MONITOR)
    log = ReplayedLog(folder / "requests.parquet", timestamp="requested_at", id_column="request_id")
    api = serving(create_app(log, api_key=API_KEY))
    with migrated_database(postgres) as url, api as host, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_CREDIT_API", json.dumps({"conn_type": "http", "host": host, "password": API_KEY}))
        patch.setenv("MODELWATCH_MONITORS_DIR", str(folder))
        patch.setenv("MODELWATCH_HOME", str(folder / "home"))
        patch.setenv("MODELWATCH_SAMPLES_URL", (folder / "samples").as_uri())
        patch.setenv("MODELWATCH_DATABASE_URL", url)
        dag = load_dags(folder_of_dags()).dags["monitor_credit"]
        for month in MONTHS:
            run_dag(dag, None, window_of(month))
        with engine.session(url) as session:
            current = repository.current_evaluations(session, "credit")
            loaded = [repository.load_evaluation(session, one.id) for one in current]
        yield {f"{one.window.start:%Y-%m}": one for one in loaded}


def folder_of_dags() -> Path:
    return Path(__file__).resolve().parents[2] / "dags"


def window_of(month: str) -> dict[str, str]:
    start = pd.Timestamp(f"{month}-01", tz=UTC)
    return {"window_start": f"{start:%Y-%m-%d}", "window_end": f"{start + pd.DateOffset(months=1):%Y-%m-%d}"}


def of(evaluation: LoadedEvaluation, metric: str, name: str) -> Result:
    return next(
        result
        for result in evaluation.results
        if result.measurement.metric == metric and name in (result.measurement.feature, result.measurement.group)
    )


def test_every_request_of_every_month_is_judged(months: dict[str, LoadedEvaluation]) -> None:
    assert list(months) == list(MONTHS)
    for evaluation in months.values():
        assert (evaluation.n_reference, evaluation.n_current, evaluation.coverage) == (30_000, 30_000, 1.0)
        assert evaluation.window.start.tzinfo is not None
        assert evaluation.window.start < datetime(2005, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize("month", MONTHS[:-1])
def test_the_repayment_status_is_quiet_until_august(months: dict[str, LoadedEvaluation], month: str) -> None:
    status = of(months[month], "psi", "pay_status")
    assert status.status == "ok"
    assert status.measurement.value is not None
    assert status.measurement.value < 0.04


def test_septembers_coding_change_is_the_top_finding_with_its_cause(months: dict[str, LoadedEvaluation]) -> None:
    september = months["2005-09"]
    top = september.findings[0].measurement
    assert september.verdict == "alert"
    assert (top.feature, september.findings[0].status) == ("pay_status", "alert")
    assert top.evidence is not None
    assert "'1'" in top.evidence
    assert "12.3 %" in top.evidence


def test_amounts_move_from_july_on_and_the_judge_says_by_how_much(months: dict[str, LoadedEvaluation]) -> None:
    bills = [of(months[month], "ks_statistic", "bill_amt").measurement.effect or 0.0 for month in MONTHS]
    assert bills == sorted(bills)
    assert bills[-1] > 0.05


def test_tiny_groups_are_listed_as_insufficient_with_their_size(months: dict[str, LoadedEvaluation]) -> None:
    tiny = of(months["2005-05"], "selection_rate", "education=0")
    assert (tiny.status, tiny.measurement.n_current) == ("insufficient_data", 14)
    large = of(months["2005-05"], "selection_rate", "education=2")
    assert (large.status, large.measurement.n_current) == ("ok", 14_030)
    assert of(months["2005-05"], "demographic_parity_difference", "sex").measurement.ci_low is not None
    assert of(months["2005-05"], "selection_rate", "age=<30").measurement.n_current > 8_000
