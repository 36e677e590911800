"""One root message per problem: opened, edited, escalated, closed, with replies and without noise."""

import json
from contextlib import suppress

import pytest

from modelwatch.errors import AlertError
from support.alert_days import CHANNEL, FEW, HEALTH, UNMEASURED, AlertDays, judgement

QUIET = judgement()


def test_a_problem_is_one_message_from_its_first_day_to_its_recovery(days: AlertDays) -> None:
    pages = [
        days.page(days.day(day, judged)) for day, judged in enumerate([QUIET, judgement(amount=2), judgement(amount=3)])
    ]
    assert pages == [False, True, False]
    (root,) = days.roots()
    assert "amount moved" in root["text"]
    assert "open" in root["text"]
    assert "since *2026-03-02*" in json.dumps(root["blocks"])
    assert root["metadata"]["event_payload"]["key"] == "episode:1:update:2"
    days.day(3, QUIET)
    assert days.episodes()[0][5] == "open", "one quiet day does not close it"
    days.day(4, QUIET)
    (root,) = days.roots()
    assert "(closed" in root["text"]
    texts = [reply["text"] for reply in days.replies(root)]
    assert texts[0] == "fraud: details"
    assert "Recovered" in texts[-1]
    days.day(5, QUIET)
    assert len(days.roots()) == 1
    assert days.rows("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == [(0,)]


def test_problems_that_begin_together_are_one_and_a_later_one_is_another(days: AlertDays) -> None:
    days.day(0, judgement(amount=2, score=1.5))
    days.day(1, judgement(amount=2, score=1.5, country=2))
    assert [root["text"].split(" (")[0] for root in days.roots()] == [
        "fraud: amount and score moved",
        "fraud: country moved",
    ]


def test_a_gap_between_groups_is_an_episode_of_its_own(days: AlertDays) -> None:
    days.day(0, judgement(amount=2, gender=2))
    assert [root["text"].split(" (")[0] for root in days.roots()] == [
        "fraud: amount moved",
        "fraud: groups differ by gender",
    ]


def test_it_opens_after_k_of_n_windows_and_at_once_when_critical(days: AlertDays) -> None:
    days.more = "  open_after: {windows: 2, of: 3}\n  critical: 3"
    pages = [days.page(days.day(day, one)) for day, one in enumerate([judgement(amount=2), QUIET, judgement(amount=2)])]
    assert pages == [False, False, True]
    assert days.page(days.day(3, judgement(amount=2, country=3.1))), "critical"
    assert [root["text"].split(" (")[0] for root in days.roots()] == ["fraud: amount moved", "fraud: country moved"]


def test_becoming_critical_is_told_once_in_the_thread_and_the_channel(days: AlertDays) -> None:
    sizes = [2, 3.9, 4.1, 2, 5]
    assert [days.page(days.day(day, judgement(amount=size))) for day, size in enumerate(sizes)] == [
        True,
        False,
        True,
        False,
        False,
    ]
    (root,) = days.roots()
    (escalation,) = [reply for reply in days.replies(root) if "critical" in reply["text"]]
    assert escalation["reply_broadcast"] is True
    assert "<!subteam^S1>" in escalation["text"]


@pytest.mark.parametrize("gap", [UNMEASURED, FEW, judgement(amount=0)])
def test_what_was_not_measured_closes_nothing(days: AlertDays, gap: object) -> None:
    days.day(0, judgement(amount=2))
    for day in range(1, 5):
        days.day(day, gap, n_current=3)
    (episode,) = [one for one in days.episodes() if one[0] == "model"]
    assert episode[5] == "open"
    days.day(5, QUIET)
    days.day(6, judgement(amount=0.5))
    days.day(7, QUIET)
    assert days.rows("SELECT status FROM episode WHERE kind = 'model'") == [("open",)], "a warning is not quiet"
    days.day(8, QUIET)
    assert days.rows("SELECT status FROM episode WHERE kind = 'model'") == [("closed",)]


def test_warnings_go_to_a_daily_digest_and_page_nobody(days: AlertDays) -> None:
    assert not days.page(days.day(0, judgement(amount=0.6, hour=0.8)))
    (digest,) = days.roots()
    assert "2 warnings of 2026-03-01" in digest["text"]
    days.day(0, judgement(amount=0.6, hour=0.8), run_id="again")
    assert len(days.roots()) == 1
    days.day(1, judgement(amount=2))
    days.day(2, judgement(amount=0.6))
    assert len(days.roots()) == 2, "an open episode tells of its own warning"


def test_a_second_run_and_a_cleared_one_tell_nothing_new(days: AlertDays) -> None:
    for _ in range(3):
        days.day(0, judgement(amount=2))
    days.day(0, judgement(amount=2), run_id="manual__1")
    assert len(days.slack.messages) == 2
    assert len(days.rows("SELECT 1 FROM evaluation")) == 2
    assert len(days.rows("SELECT 1 FROM episode")) == 1


def test_a_better_second_look_withdraws_it(days: AlertDays) -> None:
    days.day(0, judgement(amount=2))
    days.day(0, QUIET, "manual", run_id="mended")
    (root,) = days.roots()
    assert "(withdrawn" in root["text"]
    assert "Withdrawn" in days.replies(root)[-1]["text"]


def test_an_outage_is_its_own_message_on_its_own_channel(days: AlertDays) -> None:
    days.day(0, QUIET)
    days.day(1, UNMEASURED, n_current=0)
    days.day(2, UNMEASURED, n_current=0)
    (root,) = days.roots(HEALTH)
    assert days.roots(CHANNEL) == []
    assert "not watched since 2026-03-02T00:00:00Z" in json.dumps(root["blocks"])
    assert "503" in json.dumps(root["blocks"])
    days.day(3, QUIET)
    (root,) = days.roots(HEALTH)
    assert "(closed" in root["text"]


def test_a_night_with_nothing_to_tell_calls_slack_not_at_all_and_an_open_episode_once(days: AlertDays) -> None:
    days.day(0, QUIET)
    assert days.slack.calls == {}
    days.day(1, judgement(amount=2))
    before = days.slack.calls.copy()
    days.day(1, judgement(amount=2))
    assert days.slack.calls - before == {"conversations.replies": 1}, "its thread is read, and nothing has changed"
    for day in (2, 3):
        days.day(day, QUIET)
    before = days.slack.calls.copy()
    for day in range(4, 9):
        days.day(day, QUIET)
    assert days.slack.calls == before, "it is over"


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        ("channel_not_found", "check the channel in the monitor file"),
        ("token_revoked", "store its new token"),
        ("msg_too_long", "please report this"),
    ],
)
def test_a_refusal_is_loud_and_the_next_run_delivers(days: AlertDays, error: str, fix: str) -> None:
    days.slack.trouble = lambda method: error if method == "chat.postMessage" else None
    with pytest.raises(AlertError, match=fix):
        days.day(0, judgement(amount=2))
    assert days.slack.messages == []
    days.slack.trouble = lambda _: None
    days.day(1, judgement(amount=2))
    (root,) = days.roots()
    assert len([reply for reply in days.replies(root) if reply["text"] == "fraud: details"]) == 1


def test_a_message_that_somebody_deleted_holds_up_nothing_and_worse_is_still_heard(days: AlertDays) -> None:
    days.day(0, judgement(amount=2))
    days.slack.messages.clear()
    days.day(1, judgement(amount=2))
    assert days.slack.messages == []
    days.day(2, judgement(amount=9))
    (heard,) = days.roots()
    assert "<!subteam^S1> :rotating_light: *fraud* is critical" in heard["text"]
    for day in (3, 4):
        days.day(day, QUIET)
    assert len(days.slack.messages) == 1
    assert days.episodes()[0][5] == "closed"
    assert days.rows("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == [(0,)]


def test_an_answer_that_was_lost_is_looked_for_and_not_repeated(days: AlertDays) -> None:
    days.slack.trouble = lambda method: "lost" if method in ("chat.postMessage", "chat.update") else None
    for day in range(3):
        run = days.run(day)
        days.judge(run, judgement(amount=2))
        for _ in range(8):
            with suppress(AlertError):
                days.send(run)
    (root,) = days.roots()
    assert len(days.replies(root)) == 1
    assert root["n_edits"] == 2
    assert days.rows("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == [(0,)]
