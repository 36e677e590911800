"""The pages in a real Airflow API server, seen by a real browser: login, rights, reading and acting."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from demo.traffic import Story
from modelwatch.settings import Settings
from support.airflow_server import AirflowServer
from support.pages_in_airflow import OTHERS, YESTERDAY, frame, shoot, visit
from support.stored_story import store_days

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("pages")]


def test_who_is_not_logged_in_gets_airflows_login_and_the_api_refuses(server: AirflowServer) -> None:
    for path in ("/modelwatch/", "/modelwatch/monitors/fraud"):
        answer = server.get(path, accept="text/html")
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/auth/login?next=%2Fmodelwatch%2F")
    for path in ("/modelwatch/api/monitors", "/modelwatch/metrics", "/modelwatch/api/openapi.json"):
        assert server.get(path).status_code == 401
    for path in ("/modelwatch/docs", "/modelwatch/openapi.json", "/modelwatch/redoc"):
        assert server.get(path).status_code == 404


def test_without_rights_on_the_dag_a_monitor_is_not_listed_and_its_pages_are_refused(server: AirflowServer) -> None:
    listed = {one["monitor"] for one in server.get("/modelwatch/api/monitors", "looker").json()["monitors"]}
    assert listed == {"fraud", *OTHERS}
    assert {one["monitor"] for one in server.get("/modelwatch/api/monitors", "stranger").json()["monitors"]} == {
        *OTHERS
    }
    assert "fraud" not in server.get("/modelwatch/metrics", "stranger").text
    for path in (
        "monitors/fraud",
        f"monitors/fraud/windows/{YESTERDAY}",
        f"monitors/fraud/windows/{YESTERDAY}/1/report.html",
        f"monitors/fraud/windows/{YESTERDAY}/1/tables/results.csv",
        "monitors/fraud/tables/windows.csv",
        "monitors/fraud/charts/drift.svg",
        f"monitors/fraud/months/{YESTERDAY:%Y-%m}/report.html",
        f"api/monitors/fraud/windows/{YESTERDAY}",
        "dags/monitor_fraud",
    ):
        assert server.get(f"/modelwatch/{path}", "stranger").status_code == 403, path


def test_from_the_login_over_the_list_to_a_model_and_its_window(server: AirflowServer, browser: Any) -> None:
    page = visit(browser, server, "admin", "/plugin/model-health")
    inside = frame(page)
    row = inside.locator(".models tbody tr")
    row.first.wait_for()
    assert row.count() == 1 + len(OTHERS)
    assert "alert" in row.filter(has_text="fraud").inner_text()
    shoot(page, "list")
    inside.get_by_role("link", name="fraud", exact=True).click()
    inside.get_by_role("heading", name="What is open").wait_for()
    page.wait_for_url("**/plugin/model-health/modelwatch/monitors/fraud")
    shoot(page, "model", height=1500)
    inside.locator(".heat tbody tr").first.locator("td.far a").last.click()
    inside.get_by_role("heading", name="What moved").wait_for()
    page.wait_for_url(f"**/plugin/model-health/modelwatch/monitors/fraud/windows/{YESTERDAY}*")
    shoot(page, "window")
    deep = page.url
    page.goto("about:blank")
    page.goto(deep)
    frame(page).get_by_role("heading", name="What moved").wait_for()


def test_the_list_is_filtered_and_its_state_is_in_the_address(server: AirflowServer, browser: Any) -> None:
    page = visit(browser, server, "looker", "/modelwatch/")
    page.select_option("select[name=verdict]", "alert")
    page.wait_for_url("**/modelwatch/?verdict=alert")
    page.fill("input[name=q]", "nothing like this")
    page.press("input[name=q]", "Enter")
    page.get_by_text("No model fits this filter").wait_for()
    assert "q=nothing+like+this" in page.url
    page.get_by_role("link", name="Clear").click()
    page.get_by_text("8 of 8 models").wait_for()


def test_the_dag_and_its_run_have_a_tab(server: AirflowServer, browser: Any) -> None:
    page = visit(browser, server, "admin", "/dags/monitor_fraud")
    page.get_by_role("link", name="Model health").click()
    frame(page).get_by_role("heading", name="What is open").wait_for()
    shoot(page, "dag-tab")


def test_a_table_is_downloaded(server: AirflowServer, browser: Any) -> None:
    page = visit(browser, server, "looker", "/modelwatch/monitors/fraud")
    with page.expect_download() as waiting:
        page.locator("a[href*='tables/drift.csv']").click()
    assert waiting.value.suggested_filename == "fraud-drift.csv"
    assert Path(waiting.value.path()).read_text().startswith("feature,day,level,significant,strongest")


def test_a_window_is_run_again_by_airflows_own_api_and_followed_to_its_verdict(
    server: AirflowServer, browser: Any, settings: Settings
) -> None:
    page = visit(browser, server, "admin", f"/modelwatch/monitors/fraud/windows/{YESTERDAY}")
    page.locator("form[data-act=run]").get_by_label("Why").fill("after the fix of MW-12")
    page.get_by_role("button", name="Run again").click()
    page.get_by_text("Queued as manual__").wait_for()
    runs = server.get("/api/v2/dags/monitor_fraud/dagRuns", "admin").json()["dag_runs"]
    end = YESTERDAY + timedelta(days=1)
    assert runs[-1]["conf"] == {"window_start": f"{YESTERDAY}T00:00:00Z", "window_end": f"{end}T00:00:00Z"}
    events = server.get("/api/v2/eventLogs", "admin", event="trigger_dag_run").json()["event_logs"]
    assert [(one["owner"], json.loads(one["extra"])["conf"]["window_start"]) for one in events][-1:] == [
        ("admin", f"{YESTERDAY}T00:00:00Z")
    ]
    run_id = runs[-1]["dag_run_id"]
    page.goto(f"{server.url}/dags/monitor_fraud/runs/{quote(run_id, safe='')}")
    page.get_by_role("link", name="Model health").click()
    frame(page).get_by_text("Queued: Airflow has not begun it yet.").wait_for()
    assert frame(page).get_by_role("link", name="judge_and_store").count() == 1
    store_days(settings, [YESTERDAY], story=Story(end=YESTERDAY), run_id=run_id)
    frame(page).get_by_text("evaluation 2 · judged").wait_for()
    page.goto(f"{server.url}/modelwatch/monitors/fraud")
    row = page.locator("section[aria-labelledby=trail] tbody tr").first
    assert "admin" in row.inner_text()
    assert "after the fix of MW-12" in row.inner_text()


def test_an_episode_is_snoozed_with_a_reason(server: AirflowServer, browser: Any) -> None:
    page = visit(browser, server, "admin", "/modelwatch/monitors/fraud")
    episode = page.locator(".episode").first
    episode.get_by_text("Acknowledge or snooze").click()
    episode.get_by_label("Reason").fill("campaign until Friday, MW-12")
    episode.get_by_label("Quiet").select_option("7")
    shoot(page, "snooze", height=1300)
    episode.get_by_role("button", name="Acknowledge").click()
    page.wait_for_url("**/modelwatch/monitors/fraud#episode-*")
    assert "by admin: campaign until Friday, MW-12" in page.locator(".episode").first.inner_text()
    listed = server.get("/modelwatch/api/monitors", "looker").json()["monitors"]
    assert sum(one["acknowledged_episodes"] for one in listed) == 1
    page = visit(browser, server, "looker", "/modelwatch/monitors/fraud")
    assert page.locator(".episode form").count() == 0


def test_a_range_is_backfilled(server: AirflowServer, browser: Any) -> None:
    page = visit(browser, server, "admin", "/modelwatch/monitors/fraud")
    first = YESTERDAY - timedelta(days=3)
    page.fill("input[name=from]", str(first))
    page.fill("input[name=to]", str(YESTERDAY - timedelta(days=2)))
    page.locator("form[data-act=backfill]").get_by_label("Why").fill("late labels")
    page.get_by_role("button", name="Backfill").click()
    page.get_by_text("The backfill is queued").wait_for()
    found = server.get("/api/v2/backfills", "admin", dag_id="monitor_fraud").json()["backfills"]
    assert [one["from_date"][:10] for one in found] == [str(first)]
    page.reload()
    trail = page.locator("section[aria-labelledby=trail] tbody tr").filter(has_text="late labels")
    assert "admin" in trail.inner_text()
    assert "backfilled" in trail.inner_text()


def test_who_may_only_look_is_offered_nothing_and_refused_by_airflow(server: AirflowServer, browser: Any) -> None:
    page = visit(browser, server, "looker", "/modelwatch/monitors/fraud")
    assert page.get_by_role("button", name="Run again").count() == 0
    assert "which you do not have" in page.inner_text("main")
    status = page.evaluate(
        "fetch('/api/v2/dags/monitor_fraud/dagRuns', {method: 'POST', headers: {'Content-Type': 'application/json'},"
        " body: JSON.stringify({logical_date: null})}).then((answer) => answer.status)"
    )
    assert status == 403
