"""Every kind of message has its section in the runbook, and every table and event is on the page of alarms."""

import re
from pathlib import Path
from typing import get_args

from demo.slack_scopes import SCOPES
from modelwatch.domain import Check
from modelwatch.episodes import Outage
from modelwatch.report import runbook
from modelwatch.store import episode_tables

DOCS = Path(__file__).resolve().parents[2] / "docs"
HEADINGS = re.findall(r"^## (.+)$", (DOCS / "runbook.md").read_text(encoding="utf-8"), re.MULTILINE)
ALERTS = (DOCS / "alerts.md").read_text(encoding="utf-8")


def anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_section_a_message_links_to_is_there_and_no_other() -> None:
    assert {anchor(heading) for heading in HEADINGS} == {*runbook.SECTIONS.values(), "reading-a-message"}


def test_every_check_and_outage_has_a_section() -> None:
    kinds = {*get_args(Check), *(f"health:{outage}" for outage in get_args(Outage)), "health:missed", "health:config"}
    assert kinds <= runbook.SECTIONS.keys()
    assert runbook.link("https://wiki.example.com/fraud#top", "feature_drift:amount") == (
        "https://wiki.example.com/fraud#feature-drift"
    )


def test_every_table_and_column_of_episodes_is_explained() -> None:
    for table in ("episode", "episode_window", "episode_event", "outbox"):
        assert f"`{table}`" in ALERTS
    for column in episode_tables.EpisodeRow.__table__.columns:
        group = re.sub(r"_window_(start|end)$", "_window_*", column.name)
        assert (
            group in ALERTS or column.name.removeprefix("acknowledged") in ALERTS or column.name.endswith("ated_at")
        ), group


def test_every_scope_the_app_needs_is_named_where_it_is_set_up() -> None:
    for page in ("alerts.md", "operations.md"):
        text = (DOCS / page).read_text(encoding="utf-8")
        assert [scope for scope in SCOPES.values() if f"`{scope}`" not in text] == []
