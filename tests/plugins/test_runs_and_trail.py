"""A run that is not done says so, and who did what, when and why is on the page."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from modelwatch.domain import Window
from modelwatch.history import Act
from modelwatch.settings import Settings
from modelwatch_ui.viewer import LOCAL, AirflowRun, Task
from support.evaluations import WINDOW, evaluation, save
from support.page_client import NOW, PageClient, page_client
from support.stored_story import settings_of

RUN = "manual__2026-11-25T08:00:00+00:00_aB3"
HOUR = timedelta(hours=1)
QUEUED = AirflowRun(RUN, "queued", NOW - HOUR, "ada", (Task("fetch_sample", None), Task("judge_and_store", None)))
RUNNING = replace(QUEUED, state="running", tasks=(Task("fetch_sample", "success"), Task("judge_and_store", "running")))
FAILED = replace(QUEUED, state="failed", tasks=(Task("fetch_sample", "success"), Task("judge_and_store", "failed")))


def acts(_monitor: str, _since: datetime) -> Sequence[Act]:
    """What Airflow knows: a run that the store knows as well, and a backfill."""
    days = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC))
    return [
        Act(NOW - HOUR, "ada", "run", RUN, "after <the> fix", WINDOW),
        Act(NOW - 2 * HOUR, "bob", "backfill", "7", "late labels", days),
    ]


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Settings:
    save(database_url, evaluation())
    return settings_of(database_url, tmp_path, monitors=tmp_path)


@pytest.fixture
def asked(store: Settings) -> Iterator[PageClient]:
    with page_client(store, replace(LOCAL, acts=acts, has_airflow=True)) as client:
        yield client


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (QUEUED, "This run is not done yet fraud · " + RUN + " · asked for 25 Nov 2026 08:00 UTC by ada Queued:"),
        (RUNNING, "Running: 1 of 2 tasks are done, now at judge_and_store."),
        (FAILED, "This run stored no verdict"),
        (FAILED, "Failed: judge_and_store. Read the log of what failed"),
    ],
)
def test_a_run_without_a_verdict_says_how_far_it_is_and_leads_to_its_logs(
    store: Settings, run: AirflowRun, words: str
) -> None:
    with page_client(store, replace(LOCAL, run=lambda _m, _r: run, has_airflow=True)) as client:
        page = client.page(f"/dags/monitor_fraud/runs/{RUN}")
    assert words in page.text
    assert any(link.endswith("_aB3/tasks/judge_and_store") for link in page.links)


def test_a_run_with_a_verdict_leads_to_it_whatever_airflow_says(store: Settings) -> None:
    with page_client(store, replace(LOCAL, run=lambda _m, _r: QUEUED)) as client:
        answer = client.get("/dags/monitor_fraud/runs/scheduled__1", follow=False)
    assert answer.headers["location"] == "../../../monitors/fraud/windows/2026-03-05/1"


def test_a_window_leads_to_the_logs_of_the_tasks_that_judged_it(store: Settings) -> None:
    with page_client(store, replace(LOCAL, run=lambda _m, _r: replace(FAILED, run_id="scheduled__1"))) as client:
        page = client.page("/monitors/fraud/windows/2026-03-05")
    assert "Tasks of the run and their logs: 1 failed" in page.text
    assert any(link.endswith("dags/monitor_fraud/runs/scheduled__1/tasks/judge_and_store") for link in page.links)


def test_the_trail_names_who_did_what_when_and_why(asked: PageClient) -> None:
    text = asked.page("/monitors/fraud").text
    assert "25 Nov 2026 08:00 UTC ada ran 5 Mar 2026 after <the> fix" in text
    assert "25 Nov 2026 07:00 UTC bob backfilled 1 Mar 2026 00:00 UTC to 4 Mar 2026 00:00 UTC late labels" in text
    rows = asked.get("/monitors/fraud/tables/trail.json").json()["rows"]
    assert [(row["by"], row["kind"], row["reason"]) for row in rows] == [
        ("ada", "run", "after <the> fix"),
        ("bob", "backfill", "late labels"),
    ]


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "=1+1", "a" * 10_000])
def test_names_and_reasons_in_the_trail_are_texts(store: Settings, text: str) -> None:
    said = [Act(NOW, text, "run", text, text), Act(NOW, text, "acknowledged", text, text)]
    run = replace(FAILED, run_id=text, asked_by=text, tasks=(Task(text, "failed"),))
    viewer = replace(LOCAL, acts=lambda _m, _s: said, run=lambda _m, _r: run, has_airflow=True)
    with page_client(store, viewer) as client:
        for path in ("/monitors/fraud", "/dags/monitor_fraud/runs/none", "/monitors/fraud/windows/2026-03-05"):
            page = client.page(path)
            assert page.forbidden() == []
            assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
            assert text in page.text
        csv = client.get("/monitors/fraud/tables/trail.csv").text
    assert "\n=1" not in csv
    assert ",=1" not in csv


def test_a_run_by_hand_is_in_the_trail_without_airflow_too_and_never_twice(database_url: str, store: Settings) -> None:
    save(database_url, evaluation(run_id=RUN, run_type="manual", content_digest="d2"))
    save(database_url, evaluation(run_id="cli__1", run_type="cli", content_digest="d3"))
    with page_client(store, LOCAL) as client:
        alone = client.get("/monitors/fraud/tables/trail.json?days=730").json()["rows"]
        assert "somebody at a terminal ran 5 Mar 2026" in client.page("/monitors/fraud?days=730").text
    with page_client(store, replace(LOCAL, acts=acts)) as client:
        beside = client.get("/monitors/fraud/tables/trail.json?days=730").json()["rows"]
    assert sorted(row["of"] for row in alone) == ["cli__1", RUN]
    assert sorted(row["of"] for row in beside) == ["7", "cli__1", RUN]
