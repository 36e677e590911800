"""Processes that judge, send and watch the same monitor at the same moment tell everything once."""

import time
from datetime import timedelta
from pathlib import Path

from modelwatch import steps
from modelwatch.settings import Settings
from support.alert_days import CHANNEL, HEALTH, AlertDays, judgement, window_of
from support.killed import DONE, start, wait


def test_runs_watchdogs_and_the_digest_at_once_tell_everything_once(days: AlertDays) -> None:
    days.more = "  receivers: [{type: webhook, connection: hook}]"
    days.judge(days.run(0), judgement())
    run = days.run(1)
    days.judge(run, judgement(amount=2, hour=0.6))
    settings = Settings(days.folder, days.folder, days.folder.as_uri(), days.url)
    late = window_of(2).end + timedelta(hours=6)
    heard = days.folder / "heard.txt"
    days.slack.trouble = lambda _: time.sleep(0.02)  # wide enough to overlap

    def send() -> None:
        steps.send_slack_alert(run, days.connect, {"webhook": lambda _, said: _note(heard, said["key"])})

    def watch() -> None:
        steps.check_schedules(settings, days.connect, late)

    def again() -> None:
        days.judge(run, judgement(amount=2, hour=0.6))
        send()

    children = [start(act, days.url) for act in (send, watch, again, send, watch, again)]
    assert [wait(child) for child in children] == [DONE] * len(children)
    texts = [one["text"].split(" (")[0] for one in days.roots(CHANNEL)]
    assert sorted(texts) == ["fraud: 1 warnings of 2026-03-02", "fraud: amount moved"]
    assert [one["text"].split(" (")[0] for one in days.roots(HEALTH)] == ["fraud: did not run"]
    assert heard.read_text().splitlines() == ["episode:1:open:1:webhook:hook"]
    assert len(days.slack.messages) == 4, "the roots, and the details in a thread"
    assert days.rows("SELECT count(*), count(sent_at), max(attempts) FROM outbox") == [(6, 6, 1)]


def _note(heard: Path, key: str) -> None:
    time.sleep(0.05)
    with heard.open("a") as file:
        file.write(f"{key}\n")
