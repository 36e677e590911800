"""Downloads, the JSON API, the metrics and the reports: what leaves the pages for other programs."""

import csv
import functools
import io
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema
import openapi_spec_validator
import pytest
import sqlalchemy as sa
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from modelwatch.report.page.tables import Table, as_csv
from modelwatch.settings import Settings
from modelwatch.store import engine
from support.html_pages import Page
from support.page_client import PageClient

LAST = "2026-11-24"
WINDOW = f"/monitors/fraud/windows/{LAST}/1"
TABLES = ("windows", "drift", "quality", "problems", "prediction", "volume")
UI_PAGE = Path(__file__).resolve().parents[2] / "docs" / "ui.md"


GAUGES = (
    "modelwatch_window_end_seconds",
    "modelwatch_requests",
    "modelwatch_open_problems",
    "modelwatch_open_episodes",
    "modelwatch_late",
)


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_there_as_csv_and_as_json_with_the_same_rows(pages: PageClient, name: str) -> None:
    rows = list(csv.DictReader(io.StringIO(pages.get(f"/monitors/fraud/tables/{name}.csv").text)))
    found = pages.get(f"/monitors/fraud/tables/{name}.json").json()
    jsonschema.validate(found, pages.get("/api/schema/table.json").json())
    assert len(rows) == len(found["rows"]) > 0
    for row, entry in zip(rows, found["rows"], strict=True):
        assert row == {key: "" if value is None else str(value) for key, value in entry.items()}


def test_the_list_of_models_is_exported_as_it_is_filtered(pages: PageClient) -> None:
    [row] = csv.DictReader(io.StringIO(pages.get("/tables/models.csv?q=fraud").text))
    [entry] = pages.get("/tables/models.json?q=fraud").json()["rows"]
    assert row == {key: "" if value is None else str(value) for key, value in entry.items()}
    assert (entry["monitor"], entry["verdict"]) == ("fraud", "alert")
    assert pages.get("/tables/models.json?q=nobody").json()["rows"] == []


def test_the_results_of_a_window_and_the_bins_of_a_feature_are_exported(pages: PageClient) -> None:
    results = pages.get(f"{WINDOW}/tables/results.json").json()["rows"]
    assert {row["metric"] for row in results} >= {"psi", "ks_statistic", "missing_share", "selection_rate"}
    bins = list(csv.DictReader(io.StringIO(pages.get(f"{WINDOW}/tables/bins.csv?feature=amount").text)))
    assert sum(float(row["reference_share"]) for row in bins) == pytest.approx(1)
    assert sum(float(row["current_share"]) for row in bins) == pytest.approx(1)
    psi = next(row["value"] for row in results if (row["metric"], row["feature"]) == ("psi", "amount"))
    assert sum(float(row["psi_contribution"]) for row in bins) == pytest.approx(psi)


@pytest.mark.parametrize(
    "path",
    [
        "/monitors/fraud/charts/drift.svg",
        "/monitors/fraud/charts/volume.svg",
        "/monitors/fraud/charts/windows.svg",
        f"{WINDOW}/charts/bins.svg?feature=amount",
    ],
)
def test_every_chart_is_a_drawing_of_its_own(pages: PageClient, path: str) -> None:
    answer = pages.get(path)
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert "attachment" in answer.headers["content-disposition"]
    root = ET.fromstring(answer.text)  # noqa: S314  # our own drawing
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("aria-label")
    assert "--alert" in answer.text


@pytest.mark.parametrize("path", [f"{WINDOW}/report.html", "/monitors/fraud/months/2026-11/report.html"])
def test_a_report_needs_nothing_outside_itself(pages: PageClient, path: str) -> None:
    found = pages.page(path)
    outside = [(tag, a) for tag, a in found.tags if tag in ("script", "link", "img", "iframe") or a.get("src")]
    assert outside == []
    assert not [link for link in found.links if not link.startswith("#")]
    assert "device_age_days" in found.text
    assert "url(http" not in pages.get(path).text


def test_the_api_answers_the_documents_of_the_command_line(pages: PageClient) -> None:
    schema = pages.get("/api/schema/window.json").json()
    for path in (f"/api/monitors/fraud/windows/{LAST}", f"/api{WINDOW}", "/api/monitors/fraud/windows/2026-11-14"):
        document = pages.get(path, accept="application/json").json()
        jsonschema.Draft202012Validator(schema).validate(document)
    listed = pages.get("/api/monitors", accept="application/json").json()["monitors"]
    assert [(one["monitor"], one["verdict"], one["since"]) for one in listed] == [
        ("fraud", "alert", "2026-11-18T00:00:00Z")
    ]
    windows = pages.get("/api/monitors/fraud/windows?days=30").json()["windows"]
    assert [one["verdict"] for one in windows[-7:]] == ["alert"] * 7


def test_the_api_is_what_its_openapi_document_says(pages: PageClient) -> None:
    spec = pages.get("/api/openapi.json").json()
    openapi_spec_validator.validate(spec)
    assert all(set(methods) == {"get"} for methods in spec["paths"].values())
    values = {"{monitor}": "fraud", "{slug}": LAST, "{number}": "1", "{name}": "table"}
    for path, methods in spec["paths"].items():
        asked = functools.reduce(lambda text, item: text.replace(*item), values.items(), path)
        schema = methods["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        assert schema != {}, path
        answer = pages.get(asked, accept="application/json").json()
        whole = {**schema, "components": spec["components"]}
        jsonschema.Draft202012Validator(whole).validate(answer)


def test_refusals_of_the_api_are_json(pages: PageClient) -> None:
    answer = pages.get("/api/monitors/nobody/windows", accept="application/json")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "no window of 'nobody' was judged yet"}


def test_prometheus_can_read_verdicts_and_freshness(pages: PageClient) -> None:
    answer = pages.get("/metrics", accept="*/*")
    lines = answer.text.splitlines()
    families = {one.name: one for one in text_string_to_metric_families(answer.text)}
    assert {name: one.type for name, one in families.items()} == {
        "modelwatch_verdict": "stateset",
        **dict.fromkeys(GAUGES, "gauge"),
    }
    documented = set(re.findall(r"^\| `(modelwatch_\w+)\{", UI_PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert documented == families.keys()
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert 'modelwatch_verdict{monitor="fraud",owner="payments-ml",modelwatch_verdict="alert"} 1' in lines
    assert 'modelwatch_verdict{monitor="fraud",owner="payments-ml",modelwatch_verdict="ok"} 0' in lines
    assert 'modelwatch_window_end_seconds{monitor="fraud"} 1795564800' in lines
    assert 'modelwatch_late{monitor="fraud"} 0' in lines
    assert lines[-1] == "# EOF"


@pytest.mark.parametrize("query", re.findall(r"^    SELECT .*(?:\n    .+)*", UI_PAGE.read_text(), re.MULTILINE))
def test_grafanas_queries_on_the_page_find_rows(story: Settings, query: str) -> None:
    filled = re.sub(r"\$__timeFilter\((\S+?)\)", r"\1 BETWEEN '2026-11-01' AND '2026-12-01'", query)
    filled = filled.replace("IN ($monitor)", "IN ('fraud', 'churn')").replace("$monitor", "fraud")
    assert "$" not in filled
    with engine.session(story.database_url) as session:
        rows = session.execute(sa.text(filled)).mappings().all()
    assert rows
    assert list(rows[0])[:2] == ["time", "metric"]
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)


def test_a_text_that_a_spreadsheet_would_run_is_only_a_text() -> None:
    table = Table("t", ("name", "value"), (("=HYPERLINK(1)", -1.5), ("+1", float("nan")), ("plain", None)))
    assert as_csv(table) == "name,value\r\n'=HYPERLINK(1),-1.5\r\n'+1,\r\nplain,\r\n"


def test_the_same_export_has_the_same_bytes(pages: PageClient) -> None:
    for path in (f"{WINDOW}/report.html", "/monitors/fraud/charts/drift.svg", "/monitors/fraud/tables/drift.json"):
        assert pages.get(path).content == pages.get(path).content
    assert json.loads(pages.get(f"{WINDOW}/tables/results.json").text)["evaluation"] == "1"
    assert isinstance(pages.page(f"{WINDOW}/report.html"), Page)


def test_every_run_leaves_the_report_of_its_evaluation_beside_its_sample(story: Settings, pages: PageClient) -> None:
    found = sorted((story.home / "samples" / "fraud").glob("*/*/report.html"))
    assert len(found) == 12
    assert found[-1].parent.parent.name == "20261124T000000Z_20261125T000000Z"
    assert found[-1].read_text() == pages.get(f"{WINDOW}/report.html").text
