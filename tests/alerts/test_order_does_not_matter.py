"""Windows judged in any order, by any kind of run, end in the same stored episodes; backfills page nobody."""

from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelwatch import steps
from support.alert_days import FEW, UNMEASURED, AlertDays, judgement

NAMES = ("amount", "score", "gender")
NUMBERS = count()
POLICY = "  open_after: {windows: 2, of: 3}\n  close_after: 2"
A_DAY = st.one_of(
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from([0, 0.6, 1.5, 2, 5])),
    st.sampled_from(["unmeasured", "few"]),
)


def judged(said: object) -> object:
    return {"unmeasured": UNMEASURED, "few": FEW}[said] if isinstance(said, str) else judgement(**said)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(A_DAY, min_size=8, max_size=14), st.randoms(use_true_random=False), st.data())
def test_any_order_of_arrival_ends_in_the_same_episodes(
    days: AlertDays, script: list[object], chance: object, data: st.DataObject
) -> None:
    days.more, order = POLICY, list(range(len(script)))
    found = []
    for shuffled in (False, True):
        days.name = f"m{next(NUMBERS)}"
        if shuffled:
            chance.shuffle(order)  # type: ignore[attr-defined]
        for day in [*order, *order[:2]]:
            kind = data.draw(st.sampled_from(["scheduled", "backfill", "manual"])) if shuffled else "scheduled"
            days.judge(days.run(day, kind), judged(script[day]), 3)
        found.append(days.episodes())
    assert found[0] == found[1]


def test_a_late_window_joins_what_it_bridges(days: AlertDays) -> None:
    days.more = "  close_after: 1"
    for day, size in ((0, 2), (1, 0.1), (2, 2)):
        days.day(day, judgement(amount=size))
    assert len(days.episodes()) == 2
    days.day(1, judgement(amount=2), "manual", run_id="mended")
    (episode,) = days.episodes()
    assert episode[5] == "open"
    assert [root["text"].split("(")[1] for root in days.roots()] == ["open, 2026-03-03)", "withdrawn, 2026-03-03)"]


def test_an_episode_that_was_told_as_over_and_is_not_is_told_as_open_again(days: AlertDays) -> None:
    days.more = "  receivers: [{type: webhook, connection: hook}]"
    heard: list[str] = []
    hook = {"webhook": lambda _, said: heard.append(said["event"])}
    for day, size, run_id in ((0, 2, ""), (1, 0.1, ""), (2, 0.1, ""), (2, 2, "again")):
        run = days.run(day, "manual", run_id=run_id)
        days.judge(run, judgement(amount=size))
        if steps.should_alert(run):
            steps.send_slack_alert(run, days.connect, hook)
    (root,) = days.roots()
    assert "(open" in root["text"]
    again = days.replies(root)[-1]
    assert (again["reply_broadcast"], again["text"].startswith("<!subteam^S1> :repeat: Open again")) == (True, True)
    assert heard == ["open", "close", "open"]


def test_a_backfill_pages_nobody_and_opens_nothing_of_today(days: AlertDays) -> None:
    days.day(10, judgement())
    for day in (9, 7, 8):
        days.day(day, judgement(amount=6), "backfill")
    (summary,) = days.roots()
    assert "a backfill judged 3 windows (2026-03-08 to 2026-03-10) again; 3 of them are alerts" in summary["text"]
    assert summary["n_edits"] == 2
    assert days.replies(summary) == []
    days.day(11, judgement())
    assert len(days.slack.messages) == 1, "its end is no news either"


def test_what_a_backfill_found_is_told_when_a_live_window_shows_it(days: AlertDays) -> None:
    days.day(8, judgement(amount=2), "backfill")
    days.day(9, judgement(amount=2))
    summary, root = days.roots()
    assert "backfill" in summary["text"]
    assert "amount moved (open" in root["text"]


def test_an_old_run_that_is_cleared_is_history(days: AlertDays) -> None:
    for day in range(10):
        days.day(day, judgement())
    days.day(2, judgement(amount=9), run_id="scheduled__2")
    assert days.roots() == []
    assert [one[5] for one in days.episodes()] == ["closed"]


@pytest.mark.parametrize("run_type", ["backfill", "scheduled"])
def test_notify_overrides_all_of_it(days: AlertDays, run_type: str) -> None:
    for day in (3, 4, 5, 6):
        days.day(day, judgement())
    days.day(2, judgement(amount=9), run_type, notify=True, run_id="asked")
    (root,) = days.roots()
    assert "amount moved" in root["text"]


def test_notify_false_is_silent_and_the_next_run_tells(days: AlertDays) -> None:
    days.day(0, judgement(amount=2), notify=False)
    assert days.slack.messages == []
    days.day(1, judgement(amount=2))
    assert len(days.roots()) == 1


def test_a_look_at_an_afternoon_or_a_version_is_a_message_of_its_own(days: AlertDays) -> None:
    from datetime import timedelta

    from modelwatch.domain import Window
    from support.alert_days import window_of

    start = window_of(0).start
    afternoon = Window(start + timedelta(hours=12), start + timedelta(hours=18))
    days.day(0, judgement(amount=2), "manual", window=afternoon)
    days.day(0, judgement(amount=2), "manual", model_version="1.4", run_id="version")
    days.day(0, judgement(amount=2), "manual", model_version="1.4", run_id="version")
    assert len(days.roots()) == 2
    assert days.episodes() == []
