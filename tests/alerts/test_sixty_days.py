"""Sixty scripted days against a Slack that limits, fails and loses answers, with every task killed at every step,
cleared, run twice at once and backfilled out of order: what people see and what is stored is what an undisturbed
Airflow would have left.
"""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from modelwatch.domain import Judgement
from modelwatch.errors import AlertError
from modelwatch.store.engine import EmbeddedPostgres
from support.alert_days import FEW, HEALTH, UNMEASURED, AlertDays, alert_days, judgement, window_of
from support.killed import DONE, start, stubborn, wait
from support.postgres import migrated_database

Do = Callable[[Callable[[], object], int], object]
POLICY = "  open_after: {windows: 2, of: 3}\n  critical: 4"
MISSED = {22: 27, 23: 27, 24: 27, 33: 40, 34: 40, 35: 40}  # day -> the day it is backfilled, out of order
BACKFILLS = {27: [24, 22, 23], 40: [35, 33, 34]}


def said(day: int) -> Judgement:
    """What the checks find on each day."""
    sizes: dict[str, float] = {}
    if day == 3 or 6 <= day <= 12 or day >= 54:
        sizes["amount"] = 5 if day == 9 else 2
    if 17 <= day <= 18:
        sizes["hour"] = 0.6
    if 20 <= day <= 27:
        sizes["gender"] = 2
    if 33 <= day <= 35:
        sizes["hour"] = 3
    if 42 <= day <= 46:
        sizes |= {"country": 6, "score": 4.5}
    if day in (10, 50, 51):
        return UNMEASURED
    return FEW if day == 52 else judgement(**sizes)


def rows_of(day: int) -> int:
    return {10: 0, 50: 0, 51: 0, 52: 3}.get(day, 4_000)


# The nights on which something opens, worsens, is answered, closes or is backfilled; on the others nothing is killed.
KILLED = (7, 8, 9, 14, 27, 40, 42, 50, 53, 55)

HELD = (
    "SELECT window_end, state, excess, fingerprint FROM episode_window, episode WHERE id = episode_id ORDER BY 1,4",
    "SELECT window_end, number, run_id, verdict, page FROM evaluation ORDER BY 1, 2",
    "SELECT kind, target, sent_at IS NOT NULL FROM outbox ORDER BY id",
    "SELECT kind, by, until, reason, window_end FROM episode_event ORDER BY id",
)
# What a night does that another process must be able to take up: what it commits, and what it asks of Slack.
STEPS = {
    "store_verdict", "read_feedback", "send", "_send", "send_due",
    "chat.postMessage", "chat.postMessage in a thread", "chat.update", "conversations.history", "conversations.replies",
    "files.getUploadURLExternal", "upload", "files.completeUploadExternal",
}  # fmt: skip


def live(days: AlertDays, do: Do, twice: Callable[..., object]) -> list[Any]:
    """Sixty nights: each judges its day, sends what is due, and on some of them something is done again or late.

    Returns what the store holds after each night on which processes are killed.
    """
    held: list[Any] = []
    for day in range(60):
        with time_machine.travel(window_of(day).end + timedelta(hours=3), tick=False):
            for late in BACKFILLS.get(day, ()):
                night(days, late, do, "backfill", on=day)
            if day not in MISSED:
                night(days, day, do)
            if day in (7, 13, 21, 44):
                twice(lambda day=day: days.day(day, said(day), n_current=rows_of(day)))
            if day in (12, 30):
                night(days, day - 1, do)  # cleared
            answer(days, day)
        held += [store_of(days)] if day in KILLED else []
    return held


def night(days: AlertDays, day: int, do: Do, run_type: str = "scheduled", *, on: int | None = None) -> None:
    """The two tasks of one run; a window judged late is judged in a run of its own day."""
    run = days.run(day, run_type)
    if said(day) is not UNMEASURED or run_type == "scheduled":
        do(lambda: days.judge(run, said(day), rows_of(day)), day if on is None else on)
        do(lambda: days.send(run), day if on is None else on)


def store_of(days: AlertDays) -> list[Any]:
    """All that the store says, without clocks and Slack's numbers."""
    return [days.episodes(), *(days.rows(statement) for statement in HELD)]


def answer(days: AlertDays, day: int) -> None:
    """What people do on Slack."""
    if day == 8:
        days.slack.react(days.roots()[0]["ts"], "eyes", "U1")
    if day == 55:
        days.slack.reply(days.roots()[-1]["ts"], "snooze 3d because the rollback is under way", "U2")


@dataclass
class Lived:
    """The sixty days undisturbed and disturbed: both installations, their stores by night, the steps of the kills."""

    ideal: AlertDays
    real: AlertDays
    calm_nights: list[Any]
    rough_nights: list[Any]
    kills: list[str]


def directly(act: Callable[[], object], _: int = 0) -> None:
    act()


def persistent(act: Callable[[], object]) -> None:
    """Try it again as long as Slack refuses it."""
    for _ in range(30):
        try:
            act()
        except AlertError:
            continue
        return


@pytest.fixture(scope="module")
def two(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """The sixty days undisturbed and disturbed, and at which steps processes were killed."""
    log, kills = tmp_path_factory.mktemp("kills") / "steps.txt", []
    with (
        migrated_database(postgres) as calm,
        migrated_database(postgres) as rough,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("modelwatch.steps.chart.chart_of", lambda *_: b"drawing it is no part of this")
        with alert_days(calm, tmp_path_factory.mktemp("calm"), POLICY) as ideal:
            calm_nights = live(ideal, directly, directly)
        with alert_days(rough, tmp_path_factory.mktemp("rough"), POLICY) as real:
            real.slack.trouble = troubled(random.Random(7))
            real.slack.interval, real.slack.tiers.minute = 0.001, 1.0

            def do(act: Callable[[], object], day: int) -> None:
                if day in KILLED:
                    kills.extend(stubborn(act, rough, log))
                else:
                    persistent(act)

            def twice(act: Callable[[], object]) -> None:
                both = [start(act, rough) for _ in range(2)]
                if any(wait(one) != DONE for one in both):
                    persistent(act)

            rough_nights = live(real, do, twice)
            yield Lived(ideal, real, calm_nights, rough_nights, kills)


def troubled(chance: random.Random) -> Callable[[str], str | None]:
    """A Slack that fails one call in ten, loses one answer in ten, and now and then asks to wait."""
    limits = iter(["ratelimited"] * 3)

    def trouble(method: str) -> str | None:
        roll = chance.random()
        if roll < 0.1:
            return "http_500"
        if roll < 0.2:
            return "lost"
        return next(limits, None) if roll < 0.22 else None

    return trouble


def seen(days: AlertDays) -> list[Any]:
    """Every message as people see it, without what differs between two installations."""
    order = {ts: position for position, ts in enumerate(one["ts"] for one in days.slack.messages)}
    return [
        (
            one["channel"],
            plain(one["text"]),
            plain(str(one.get("blocks"))),
            one.get("n_edits", 0),
            order.get(one.get("thread_ts")),
        )
        for one in days.slack.messages
    ]


def plain(text: str) -> str:
    return re.sub(r"episode \d+", "episode N", text)


def test_a_process_was_killed_before_and_after_every_step(two: Lived) -> None:
    assert len(two.kills) > 150
    assert set(two.kills) >= {f"{when} {step}" for when in ("before", "after") for step in STEPS}


def test_after_each_night_of_kills_the_store_holds_what_an_undisturbed_one_leaves(two: Lived) -> None:
    for day, calm, rough in zip(KILLED, two.calm_nights, two.rough_nights, strict=True):
        assert rough == calm, f"after night {day}"


def test_each_true_episode_has_one_root_message_and_one_recovery(two: Lived) -> None:
    for days in (two.ideal, two.real):
        episodes = [
            one["text"].rsplit(", ", 1)[0] for one in days.roots() if "moved" in one["text"] or "groups" in one["text"]
        ]
        assert episodes == [
            "fraud: amount moved (closed",
            "fraud: groups differ by gender (closed",
            "fraud: country and score moved (closed",
            "fraud: amount moved (open",
        ]
        for root in days.roots():
            recoveries = [one for one in days.replies(root) if "Recovered" in one["text"]]
            assert len(recoveries) == ("(closed" in root["text"])
        assert [root["text"] for root in days.roots(HEALTH)] == [
            "fraud: could not be measured (closed, 2026-03-12)",
            "fraud: could not be measured (closed, 2026-04-23)",
            "fraud: gets too few requests (closed, 2026-04-23)",
        ]


def test_each_root_message_was_changed_once_per_night_of_its_episode(two: Lived) -> None:
    for days in (two.ideal, two.real):
        edits = [one.get("n_edits", 0) for one in days.roots() if "moved" in one["text"] or "groups" in one["text"]]
        # amount: nights 8 to 14, and the eyes; gender: 25 (after the gap) to 29; amount: 56 to 59, and the snooze.
        assert edits == [8, 5, 6, 5]


def test_backfills_were_silent_but_for_their_summary(two: Lived) -> None:
    for days in (two.ideal, two.real):
        summaries = [one for one in days.roots() if "a backfill judged" in one["text"]]
        assert len(summaries) == 1, "both backfills of these twelve hours share it"
        assert not any("hour moved" in one["text"] for one in days.roots())
        assert ("feature_drift:hour", "closed") in days.rows("SELECT fingerprint, status FROM episode")


def test_the_snooze_is_kept_and_its_end_is_told(two: Lived) -> None:
    for days in (two.ideal, two.real):
        thread = [one["text"] for one in days.replies(days.roots()[-1])]
        assert sum("snooze is over" in text for text in thread) == 1
        kinds = [kind for (kind,) in days.rows("SELECT kind FROM episode_event ORDER BY id")]
        assert (kinds.count("acknowledged"), kinds.count("snoozed"), kinds.count("snooze_ended")) == (1, 1, 1)


def test_people_saw_and_the_store_holds_what_an_undisturbed_run_leaves(two: Lived) -> None:
    assert seen(two.real) == seen(two.ideal)
    assert store_of(two.real) == store_of(two.ideal)


def test_nothing_is_left_to_be_said(two: Lived, tmp_path: Path) -> None:
    for days in (two.ideal, two.real):
        assert days.rows("SELECT key FROM outbox WHERE sent_at IS NULL") == []
