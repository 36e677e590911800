"""Names, categories and messages that come from requests: they are texts, whatever they look like, and small groups
are nobody's business."""

import csv
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from modelwatch.config import load_monitor
from modelwatch.domain import Measurement, Result
from modelwatch.report import messages
from modelwatch.report.privacy import REASON
from modelwatch.report.slack import alert_blocks, alert_text
from modelwatch.steps.follow import _window_alert
from modelwatch.steps.run import Run
from modelwatch.store import engine, repository
from modelwatch.store.repository import LoadedEvaluation, NewEvaluation, StoredProfile
from support.evaluations import WINDOW, evaluation
from support.html_pages import Page
from support.page_client import PageClient, page_client
from support.stored_story import FRAUD, settings_of

MARKUP = "<script>alert(1)</script>"
NASTY = (
    MARKUP,
    '"><img src=x onerror=alert(1)>',
    "'; DROP TABLE evaluation; --",
    "</title></svg><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "a" * 10_000,
    "\u202egnp.exe &amp; \u0000 end",
    "..%2f..%2f",
)
KNOWN_TAGS = {
    *("html", "head", "meta", "title", "script", "link", "style", "body", "main", "header", "nav", "section", "footer"),
    *("h1", "h2", "h3", "p", "a", "b", "i", "span", "time", "code", "pre", "div", "ul", "ol", "li", "dl", "dt", "dd"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "details", "summary"),
    *("form", "label", "input", "select", "option", "optgroup", "button", "noscript"),
    *("svg", "defs", "pattern", "g", "path", "rect", "line", "circle", "text"),
}
PATHS = (
    "/",
    "/monitors/fraud",
    "/monitors/fraud/windows/2026-03-05",
    "/monitors/fraud/windows/2026-03-05/1/report.html",
)
CONFIG = {
    "monitor": "fraud",
    "owner": f"{MARKUP}team",
    "description": MARKUP,
    "tags": [MARKUP, "x&y=z"],
    "alerts": {"runbook": "https://wiki.example.com/?a=1&b=<script>"},
    "sample": {"minimum": 500},
}


def hostile_results() -> list[Result]:
    drifted = [
        Result(
            Measurement("feature_drift", "psi", 2.3, 30_000, 4_000, feature=name, effect=2.3, evidence=f"to {name}"),
            "alert", 0.25, 1e-9, reason=name,
        )
        for name in NASTY
    ]  # fmt: skip
    groups = [
        Result(Measurement("fairness", "selection_rate", 1 / 3, 900, 3, group="gender=X", effect=1 / 3, ci_low=0.01,
                           ci_high=0.9, reason="3 requests; about 40 are needed"), "insufficient_data"),
        Result(Measurement("fairness", "selection_rate", 0.25, 900, 800, group=f"gender={MARKUP}", effect=0.25,
                           ci_low=0.2, ci_high=0.3), "ok"),
    ]  # fmt: skip
    return [*drifted, *groups]


@pytest.fixture
def hostile(database_url: str, tmp_path: Path) -> Iterator[PageClient]:
    settings = settings_of(database_url, tmp_path, monitors=tmp_path)
    new: NewEvaluation = evaluation(reason=MARKUP, config=CONFIG, run_id=f"manual__{MARKUP}", model_version=MARKUP)
    rejects = [[MARKUP, "<b>not a number</b>", 7, "x"]]
    new = replace(new, sample={"n_seen": 4_000, "rejects": rejects})
    results = hostile_results()
    findings = [result for result in results if result.status == "alert"]
    with engine.session(database_url) as session, session.begin():
        profile = StoredProfile(new.window, "cells", 1, b"x")
        repository.save_evaluation(session, new, results, findings, profile)
    with page_client(settings) as client:
        yield client


@pytest.mark.parametrize("path", PATHS)
def test_markup_in_names_is_shown_and_never_run(hostile: PageClient, path: str) -> None:
    found = hostile.page(path)
    assert {tag for tag, _ in found.tags} <= KNOWN_TAGS
    assert not [attributes for _, attributes in found.tags if any(name.startswith("on") for name in attributes)]
    assert not [link for link in found.links if link.lower().startswith("javascript:")]
    assert MARKUP in found.text
    if not path.endswith("report.html"):
        assert found.forbidden() == []


def test_markup_in_names_is_text_in_drawings_tables_and_metrics(hostile: PageClient) -> None:
    svg = hostile.get("/monitors/fraud/charts/drift.svg?days=730").text
    drawn = list(ET.fromstring(svg).iter())  # noqa: S314  # our own drawing
    assert {one.tag.rpartition("}")[2] for one in drawn} <= KNOWN_TAGS
    assert not [one.attrib for one in drawn if any(name.startswith("on") for name in one.attrib)]
    rows = csv.DictReader(io.StringIO(hostile.get("/monitors/fraud/tables/drift.csv").text))
    assert {row["feature"] for row in rows} >= {MARKUP, "'; DROP TABLE evaluation; --", "a" * 10_000}
    rows = hostile.get("/monitors/fraud/tables/drift.json").json()["rows"]
    assert MARKUP in {row["feature"] for row in rows}
    assert 'owner="<script>alert(1)</script>team"' in hostile.get("/metrics", accept="*/*").text


def test_a_group_of_three_is_listed_without_its_figures_wherever_it_appears(hostile: PageClient) -> None:
    slug = "2026-03-05"
    document = hostile.get(f"/api/monitors/fraud/windows/{slug}").json()
    (small,) = [one for one in document["results"] if one["group"] == "gender=X"]
    assert small["reason"] == REASON
    assert [small[key] for key in ("value", "effect", "ci_low", "ci_high", "n_current")] == [None, None, None, None, 0]
    for path in (
        f"/monitors/fraud/windows/{slug}",
        f"/monitors/fraud/windows/{slug}/1/report.html",
        f"/monitors/fraud/windows/{slug}/1/tables/results.csv",
        "/monitors/fraud",
    ):
        text = hostile.get(path).text
        assert "0.333" not in text
        assert "3 requests" not in text


def test_slack_hears_nothing_of_a_small_group(tmp_path: Path) -> None:
    m = Measurement("fairness", "impact_ratio", 1 / 3, 900, 3, group="gender=X", effect=1 / 3, evidence="3 of gender=X")
    found = Result(m, "alert", 0.8)
    run = Run(load_monitor(FRAUD), WINDOW, "manual__1", "manual", settings_of("postgresql://none", tmp_path))
    stored = LoadedEvaluation(1, 1, "fraud", WINDOW, "manual__1", "manual", "alert", None, True, 900, 800, 1.0, None,
                              (found,), (found,))  # fmt: skip
    alert = _window_alert(run, stored)
    told = json.dumps(messages.payload(alert_text(alert), alert_blocks(alert)))
    assert "gender=X" in told
    assert "0.333" not in told
    assert "3 of gender" not in told


@pytest.mark.parametrize("value", [*NASTY, "%00", "1 OR 1=1"])
def test_what_an_address_says_reaches_neither_sql_nor_files(hostile: PageClient, value: str) -> None:
    text = quote(value.replace("\x00", ""), safe="")
    for path in (
        f"/monitors/{text}",
        f"/monitors/fraud/windows/{text}",
        f"/monitors/fraud/windows/2026-03-05?against={text}",
        f"/monitors/fraud/windows/2026-03-05/1/tables/bins.csv?feature={text}",
        f"/monitors/fraud/charts/{text}.svg",
        f"/monitors/fraud/months/{text}/report.html",
        f"/dags/monitor_{text}",
        f"/dags/monitor_fraud/runs/{text}",
        f"/?q={text}&owner={text}&tag={text}&verdict={text}",
    ):
        answer = hostile.get(path)
        assert answer.status_code in (200, 404, 422), path
        assert "<script>alert" not in answer.text
    assert hostile.get("/monitors/fraud").status_code == 200
    assert WINDOW.start.year == 2026
    assert Page(hostile.get("/").text).text
