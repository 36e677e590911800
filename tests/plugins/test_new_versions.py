"""What was found of new versions, and who decided on them, stands on the model's page and in its exports."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from modelwatch.settings import Settings
from modelwatch.store import engine, redeploys
from modelwatch.store.redeploys import NewRedeploy
from modelwatch_ui.viewer import LOCAL
from support.compared_versions import store_comparison
from support.evaluations import WINDOW, evaluation, save
from support.page_client import PageClient, page_client
from support.stored_story import settings_of

HOSTILE = "2.0 <script>alert(1)</script>"


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Settings:
    save(database_url, evaluation())
    with engine.session(database_url) as session, session.begin():
        for run_id, new in (("run-1", "1.1"), ("run-2", HOSTILE)):
            redeploys.open_redeploy(session, NewRedeploy("fraud", run_id, None, "1.0", new, WINDOW, 2000))
        row = redeploys.by_run(session, "fraud", "run-1")
        redeploys.store_verdict(row, "worse", {"reason": "error_share 0.2 (channel=atm)"})
        redeploys.decide(row, "rejected", by="ada", reason="roll back")
    return settings_of(database_url, tmp_path, monitors=tmp_path)


@pytest.fixture
def asked(store: Settings) -> Iterator[PageClient]:
    with page_client(store, replace(LOCAL, has_airflow=True)) as client:
        yield client


def test_verdict_and_decision_of_every_new_version_are_told(asked: PageClient) -> None:
    page = asked.get("/monitors/fraud").text
    for words in ("New versions", "error_share 0.2 (channel=atm)", "rejected by ada: roll back", "being compared"):
        assert words in page
    assert "<script>alert" not in page
    assert "dags/redeploy_fraud/runs/run-1" in page


def test_they_can_be_exported(asked: PageClient) -> None:
    rows = asked.get("/monitors/fraud/tables/redeploys.json").json()
    assert "roll back" in str(rows)


@pytest.mark.parametrize("path", ["/dags/redeploy_fraud", "/dags/redeploy_fraud/runs/run-1"])
def test_the_tab_of_the_dag_leads_to_them(asked: PageClient, path: str) -> None:
    answer = asked.get(path, follow=False)
    assert answer.status_code == 303
    assert answer.headers["location"].endswith("/monitors/fraud#redeploys")


@pytest.fixture
def judged(database_url: str, tmp_path: Path) -> Iterator[PageClient]:
    """A page with one comparison that has its document."""
    save(database_url, evaluation())
    store_comparison(database_url, "sensitive", window=WINDOW)
    with page_client(settings_of(database_url, tmp_path, monitors=tmp_path), LOCAL) as client:
        yield client


def test_the_scores_of_both_versions_are_drawn_and_told_in_a_table(judged: PageClient) -> None:
    page = judged.get("/monitors/fraud").text
    rows = judged.get("/monitors/fraud/tables/version_scores.json").json()["rows"]
    asked = sum(row["old"] for row in rows)
    assert asked == sum(row["new"] for row in rows)
    assert f"Scores of the same {asked} requests" in page
    assert "share of each bin, fraud-2026.1 against sensitive" in page
    assert page.count(f'<th scope="row">{rows[0]["bin"]}</th>') == 1
    assert "<svg" in judged.get("/monitors/fraud/charts/version_scores.svg").text


def test_what_a_version_makes_of_a_sensitive_feature_is_told_by_segment(judged: PageClient) -> None:
    page = judged.get("/monitors/fraud").text
    rows = judged.get("/monitors/fraud/tables/version_probes.json").json()["rows"]
    measured = [row for row in rows if row["feature"] == "gender" and row["group"] == "channel=online"]
    assert {row["metric"] for row in measured} == {"counterfactual_flip_share", "counterfactual_score_shift"}
    assert all(row["ci_low"] <= row["value"] <= row["ci_high"] for row in measured)
    assert "Too few requests: " in page
    assert any("needed" in (row["reason"] or "") for row in rows)
