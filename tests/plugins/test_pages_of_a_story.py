"""The pages over twelve days of the demo: what on-call reads, and where every link leads."""

import re
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from demo.traffic import Story
from modelwatch.store.engine import EmbeddedPostgres
from support.html_pages import Page
from support.page_client import PageClient, page_client
from support.postgres import migrated_database
from support.stored_story import settings_of, store_days

LAST, CENTS, BLIND = "2026-11-24", "2026-11-19", "2026-11-14"
WINDOW = f"/monitors/fraud/windows/{LAST}"


def test_the_list_tells_verdict_since_when_problems_sample_and_owner(pages: PageClient) -> None:
    text = pages.page("/").text
    assert "fraud Card-fraud model of the demo demo fraud alert since 18 Nov 2026" in text
    assert "device_age_days" in text
    assert "payments-ml" in text
    assert "last window to 25 Nov 2026 00:00 UTC" in text


@pytest.mark.parametrize(
    ("query", "n"),
    [("owner=payments-ml&verdict=alert&tag=demo&q=card", 1), ("verdict=ok", 0), ("owner=others", 0), ("q=churn", 0)],
)
def test_the_list_is_filtered_by_its_address(pages: PageClient, query: str, n: int) -> None:
    assert f"{n} of 1 models" in pages.page(f"/?{query}").text


def test_the_story_of_a_model_comes_first_and_names_what_is_open_and_what_went_away(pages: PageClient) -> None:
    text = pages.page("/monitors/fraud").text
    head, _, rest = text.partition("Features by day")
    assert re.search(
        r"alert since 18 Nov 2026 [\w ,&]+ and \d+ more moved beyond an alert threshold\. "
        r"Since 18 Nov 2026, 7 windows in a row Why Data arrives differently .*"
        r"Do Acknowledge episodes [\d, ]+, then follow the runbook\. Open the runbook What is open",
        head,
    )
    assert re.search(r"What is open CSV JSON Episode \d+ open since \d+ Nov 2026 [\w &]+ alert", head)
    assert "device_age_days alert" in head
    assert "4 windows in a row, since 21 Nov 2026" in head
    assert re.search(r"What went away .* amount feature drift 18 Nov 2026 to 20 Nov 2026", rest)


def test_every_link_of_every_page_leads_somewhere(pages: PageClient) -> None:
    seen, todo = set(), ["/"]
    while todo and len(seen) < 150:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = pages.get(path)
        assert answer.status_code == 200, path
        if answer.headers["content-type"].startswith("text/html") and not path.endswith("report.html"):
            todo += sorted(Page(answer.text).inside(answer.url) - seen)
    assert WINDOW in seen
    assert f"{WINDOW}/1/report.html" in seen


def test_no_page_needs_what_the_policy_forbids(pages: PageClient) -> None:
    for path in ("/", "/monitors/fraud", WINDOW, f"/monitors/fraud/windows/{BLIND}"):
        answer = pages.get(path)
        assert Page(answer.text).forbidden() == []
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]


def test_a_window_that_was_not_measured_says_why_and_is_not_green(pages: PageClient) -> None:
    found = pages.page(f"/monitors/fraud/windows/{BLIND}")
    assert "not measured" in found.text
    assert "the API answered 503" in found.text
    assert not [attributes for _, attributes in found.tags if attributes.get("class") == "badge ok"]


def test_a_feature_is_compared_with_the_reference_other_days_or_another_window(pages: PageClient) -> None:
    text = pages.page(f"/monitors/fraud/windows/{CENTS}").text
    assert re.search(r"amount PSI [5-9]\.\d+ as seen", text)
    assert "the 7 days before it" in pages.page(f"{WINDOW}?against=previous-7").text
    assert "23 Nov 2026 this window" in pages.page(f"{WINDOW}?against=2026-11-23").text
    page = pages.page(f"{WINDOW}?against=weekday-1")
    assert "the same weekday of the week before it this window" in page.text
    offered = [a["value"] for tag, a in page.tags if tag == "option" and a.get("value")]
    assert offered[:2] == ["weekday-1", "previous-7"]
    assert {"2026-11-23", "2026-11-13"} <= set(offered)
    bins = [
        pages.get(f"{WINDOW}/tables/bins.csv?feature=amount&against={one}").text for one in ("2026-11-17", "weekday-1")
    ]
    assert bins[0] == bins[1]
    refused = pages.get(f"{WINDOW}?against=previous-91")
    assert refused.status_code == 422
    assert "previous-7 for the 7 days before (up to 90)" in Page(refused.text).text
    assert "no counts in the same cells" in pages.page(f"{WINDOW}?against=2025-01-01").text


def test_a_permalink_shows_its_evaluation_after_the_window_ran_again(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    day = date(2026, 11, 24)
    with migrated_database(postgres) as url, ExitStack() as browse:
        settings = settings_of(url, tmp_path)
        store_days(settings, [day], story=Story(end=day))
        client = browse.enter_context(page_client(settings))
        was = client.page(f"{WINDOW}/1").text
        store_days(settings, [day], story=Story(), run_id="manual__after-the-fix")
        assert "evaluation 1 of 2 ( the newest )" in client.page(f"{WINDOW}/1").text
        assert "evaluation 2" in client.page(WINDOW).text
        assert re.search(r"What moved [\w &]+ alert", was)
        assert re.search(r"What moved [\w &]+ alert", client.page(f"{WINDOW}/1").text)
        assert "What moved" not in client.page(WINDOW).text
        by_run = client.get("/dags/monitor_fraud/runs/manual__after-the-fix", follow=False)
        assert by_run.headers["location"] == f"../../../monitors/fraud/windows/{LAST}/2"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/dags/monitor_fraud", 200),
        ("/dags/an_etl", 404),
        ("/dags/monitor_fraud/runs/manual__none", 404),
        ("/monitors/nobody", 404),
        ("/monitors/fraud?days=61", 422),
        ("/monitors/fraud/windows/yesterday", 404),
        ("/monitors/fraud/windows/2026-13-45", 404),
        ("/monitors/fraud/windows/2020-01-01", 404),
        (f"{WINDOW}/7", 404),
        ("/monitors/fraud/tables/pg_user.csv", 404),
        ("/monitors/fraud/tables/windows.exe", 422),
        ("/monitors/fraud/charts/..%2f..%2fetc%2fpasswd.svg", 404),
        ("/static/..%2f..%2fapp.py", 404),
        ("/docs", 404),
        ("/openapi.json", 404),
    ],
)
def test_what_is_not_there_is_said_on_a_page(pages: PageClient, path: str, status: int) -> None:
    assert pages.get(path).status_code == status
