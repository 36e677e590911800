"""A run that did not happen, a file that does not parse: each is told once, and closed when it is over."""

import json
from datetime import datetime, timedelta

import pytest
import time_machine

from modelwatch import steps
from modelwatch.errors import AlertError
from modelwatch.settings import Settings
from modelwatch.steps.watchdog import due_window
from support.alert_days import HEALTH, AlertDays, judgement, window_of


def look(days: AlertDays, now: datetime, **changes: str) -> list[str]:
    settings = Settings(days.folder, days.folder, days.folder.as_uri(), days.url, **changes)
    with time_machine.travel(now, tick=False):
        return steps.check_schedules(settings, days.connect, now)


def morning(day: int, hour: int = 6) -> datetime:
    """The morning after a day; its run is due at three, and late from five on."""
    return window_of(day).end + timedelta(hours=hour)


def test_the_window_that_is_due_follows_schedule_and_grace(days: AlertDays) -> None:
    monitor = days.run(0).monitor
    assert due_window(monitor, morning(4, 6)) == window_of(4)
    assert due_window(monitor, morning(4, 5)) == window_of(4)
    assert due_window(monitor, morning(4, 4)) == window_of(3)


def test_a_monitor_that_runs_is_no_news(days: AlertDays) -> None:
    for day in range(3):
        days.day(day, judgement())
        assert look(days, morning(day)) == []
    assert days.slack.messages == []


def test_a_new_file_has_until_its_first_run(days: AlertDays) -> None:
    days.run(0)
    assert look(days, morning(0)) == []
    assert look(days, morning(1, 4)) == []
    assert look(days, morning(1)) == ["fraud is not watched since 2026-03-02T00:00:00Z"]


def test_runs_that_did_not_happen_are_one_message_until_they_do(days: AlertDays) -> None:
    days.day(0, judgement())
    for day, hour in ((1, 6), (1, 12), (2, 6), (3, 6)):
        assert look(days, morning(day, hour)) == ["fraud is not watched since 2026-03-02T00:00:00Z"]
    (root,) = days.roots(HEALTH)
    assert "fraud: did not run (open" in root["text"]
    assert "not watched since 2026-03-02T00:00:00Z* · 3 windows" in json.dumps(root["blocks"], ensure_ascii=False)
    assert root["n_edits"] == 2
    days.day(3, judgement())
    assert look(days, morning(3, 8)) == []
    (root,) = days.roots(HEALTH)
    assert "(closed" in root["text"]
    assert days.rows("SELECT kind, status FROM episode") == [("health", "closed")]


def test_a_run_judged_on_does_not_touch_the_watchdogs_outage(days: AlertDays) -> None:
    days.day(0, judgement())
    look(days, morning(1))
    days.day(2, judgement(amount=2))
    assert days.rows("SELECT kind, status FROM episode ORDER BY id") == [("health", "open"), ("model", "open")]


def test_a_file_that_no_longer_parses_is_told_where_it_last_said(days: AlertDays) -> None:
    days.day(0, judgement())
    path = days.folder / "fraud.yaml"
    good = path.read_text()
    path.write_text(good.replace("amount: numeric", "amount: numerical"))
    for hour in (6, 7, 8):
        (line,) = look(days, morning(0, hour))
        assert "fraud has no Dag" in line
    (root,) = days.roots(HEALTH)
    assert "does not parse" in root["text"]
    assert "numerical" in json.dumps(root["blocks"])
    path.write_text(good)
    assert look(days, morning(0, 9)) == []
    (root,) = days.roots(HEALTH)
    assert "(closed" in root["text"]


def test_a_file_that_never_parsed_is_told_to_whom_the_settings_name(days: AlertDays) -> None:
    (days.folder / "new.yaml").write_text("monitor: other\n")
    with pytest.raises(AlertError, match="MODELWATCH_HEALTH_CONN_ID"):
        look(days, morning(0))
    look(days, morning(0), health_connection="slack_health", health_channel=HEALTH)
    assert len(days.roots(HEALTH)) == 1


def test_slack_refusing_fails_and_the_next_look_tells(days: AlertDays) -> None:
    days.day(0, judgement())
    days.slack.trouble = lambda _: "channel_not_found"
    with pytest.raises(AlertError, match="does not exist"):
        look(days, morning(1))
    days.slack.trouble = lambda _: None
    look(days, morning(1, 7))
    assert len(days.roots(HEALTH)) == 1
