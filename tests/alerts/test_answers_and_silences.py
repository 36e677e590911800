"""What people say on Slack and in the monitor file keeps things quiet, until they get worse or the time is over."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from modelwatch.steps.feedback import answers
from support.alert_days import HEALTH, AlertDays, judgement, window_of

QUIET = judgement()


def night(days: AlertDays, day: int, **sizes: float) -> None:
    with time_machine.travel(window_of(day).end + timedelta(hours=3), tick=False):
        days.day(day, judgement(**sizes))


def test_eyes_acknowledge_and_only_getting_worse_is_heard(days: AlertDays) -> None:
    days.more = "  open_after: {windows: 2, of: 3}"
    night(days, 0, amount=2)
    night(days, 1, amount=2, hour=2)
    (root,) = days.roots()
    before = len(days.replies(root))
    days.slack.react(root["ts"], "eyes", "U012AB3CD")
    night(days, 2, amount=2, hour=2)
    assert days.rows("SELECT acknowledged_by, acknowledged_until FROM episode") == [("U012AB3CD", None)]
    (root,) = days.roots()
    assert "acknowledged by <@U012AB3CD>" in str(root["blocks"])
    assert len(days.replies(root)) == before, "that hour joined is not told"
    night(days, 3, amount=9, hour=2)
    assert "critical" in days.replies(days.roots()[0])[-1]["text"]


def test_a_snooze_ends_by_itself_and_the_trail_keeps_it(days: AlertDays) -> None:
    night(days, 0, amount=2)
    with time_machine.travel(window_of(0).end + timedelta(hours=5), tick=False):
        days.slack.reply(days.roots()[0]["ts"], "Snooze 2d because the vendor is on it", "U012AB3CE")
    night(days, 1, amount=2)
    (row,) = days.rows("SELECT acknowledged_by, acknowledged_until, acknowledged_reason FROM episode")
    assert row == ("U012AB3CE", datetime(2026, 3, 4, 5, tzinfo=UTC), "the vendor is on it")
    assert "snoozed by <@U012AB3CE> until 2026-03-04 05:00 UTC: the vendor is on it" in str(days.roots()[0]["blocks"])
    night(days, 2, amount=2)
    night(days, 3, amount=2)
    assert "snooze is over" in days.replies(days.roots()[0])[-1]["text"]
    assert days.rows("SELECT acknowledged_by FROM episode") == [(None,)]
    trail = [kind for (kind,) in days.rows("SELECT kind FROM episode_event ORDER BY id")]
    assert trail == ["opened", "announced", "snoozed", "snooze_ended"]


def test_wake_ends_an_acknowledgement(days: AlertDays) -> None:
    night(days, 0, amount=2)
    root = days.roots()[0]["ts"]
    days.slack.reply(root, "ack: looking", "U012AB3CD")
    night(days, 1, amount=2)
    assert days.rows("SELECT acknowledged_by, acknowledged_reason FROM episode") == [("U012AB3CD", "looking")]
    days.slack.reply(root, "wake", "U012AB3CD")
    night(days, 2, amount=2)
    assert days.rows("SELECT acknowledged_by FROM episode") == [(None,)]


@pytest.mark.parametrize(
    ("text", "kind", "length", "reason"),
    [
        ("snooze 7d because of the release", "snoozed", timedelta(days=7), "of the release"),
        ("SNOOZE 12h", "snoozed", timedelta(hours=12), None),
        ("snooze 2 weeks: known", "snoozed", timedelta(weeks=2), "known"),
        ("snooze 9999d because never", "snoozed", timedelta(days=90), "never"),
        ("ack", "acknowledged", None, None),
        ("on it, will call the vendor", "acknowledged", None, "will call the vendor"),
        ("unsnooze", "acknowledgement_removed", None, None),
    ],
)
def test_what_is_understood(text: str, kind: str, length: timedelta | None, reason: str | None) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    said = {"ts": f"{at.timestamp():.6f}", "user": "U012AB3CD", "text": text}
    (answer,) = answers([{"ts": "1.0"}, said])
    assert (answer["kind"], answer.get("reason"), answer["by"]) == (kind, reason, "U012AB3CD")
    assert answer.get("until") == (None if length is None else at + length)


@pytest.mark.parametrize("text", ["what is this?", "snooze because", "snoozed", "acknowledgements", "", "snooze 7x"])
def test_what_is_not_an_answer(text: str) -> None:
    assert list(answers([{"ts": "1.0"}, {"ts": "2.0", "user": "U012AB3CD", "text": text}])) == []
    assert list(answers([{"ts": "1.0"}, {"ts": "2.0", "user": "U012AB3CD", "bot_id": "B1", "text": "ack"}])) == []


def test_a_silence_pages_nobody_and_its_end_does(days: AlertDays) -> None:
    days.more = "  silences: [{reason: a promotion, until: 2026-03-03, feature: amount}]"
    for day in (0, 1):
        night(days, day, amount=2)
    assert days.roots() == []
    assert days.rows("SELECT page FROM evaluation") == [(False,), (False,)]
    assert days.rows("SELECT status FROM episode") == [("open",)]
    night(days, 2, amount=2)
    assert days.rows("SELECT page FROM evaluation ORDER BY id DESC LIMIT 1") == [(True,)]
    assert "amount moved" in days.roots()[0]["text"]
    (expired,) = days.roots(HEALTH)
    assert "the silence of amount ended on 2026-03-03 (a promotion)" in expired["text"]
    night(days, 3, amount=2)
    assert len(days.roots(HEALTH)) == 1


def test_a_silence_covers_what_it_names_and_nothing_else(days: AlertDays) -> None:
    days.more = "  silences: [{reason: known, until: 2026-05-01, check: feature_drift, feature: amount}]"
    night(days, 0, amount=2, gender=2)
    assert [one["text"].split(" (")[0] for one in days.roots()] == ["fraud: groups differ by gender"]


def test_other_receivers_hear_the_beginning_and_the_end(days: AlertDays) -> None:
    from modelwatch import steps
    from modelwatch.errors import AlertError

    days.more = "  receivers: [{type: webhook, connection: hook}]"
    heard: list[tuple[str, str]] = []
    hook = {"webhook": lambda conn, said: heard.append((conn, said["event"]))}
    for day, size in enumerate([2, 5, 0.1, 0.1]):
        run = days.run(day)
        days.judge(run, judgement(amount=size))
        if day == 0:
            with pytest.raises(AlertError, match="through Airflow only"):
                steps.send_slack_alert(run, days.connect)
        steps.send_slack_alert(run, days.connect, hook)
    assert heard == [("hook", "open"), ("hook", "escalate"), ("hook", "close")]
    assert len(days.roots()) == 1
