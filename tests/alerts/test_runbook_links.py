"""Every kind of message leads to its own section of the runbook."""

import json
import re
from datetime import timedelta

import pytest

from modelwatch import steps
from modelwatch.domain import Judgement, Measurement, Result, Window
from modelwatch.report.runbook import SECTIONS
from modelwatch.settings import Settings
from support.alert_days import CHANNEL, FEW, HEALTH, UNMEASURED, AlertDays, judgement, window_of

BASE = "https://wiki.example.com/fraud"
METRICS = {
    "quality": "missing_share",
    "feature_drift": "psi",
    "multivariate_drift": "auc_domain",
    "prediction_drift": "psi",
    "performance": "false_positive_rate",
    "fairness": "demographic_parity_difference",
}
BLIND = Judgement("insufficient_data", "no group is large enough", (), ())


def alarm(check: str) -> Judgement:
    """A single finding of a check."""
    measured = Measurement(check, METRICS[check], 0.9, 30_000, 4_000, feature="amount", effect=0.9, p_value=1e-9)
    found = Result(measured, "alert", 0.25, 1e-9)
    return Judgement("alert", None, (found,), (found,))


def section_of_newest(days: AlertDays, channel: str = CHANNEL) -> str:
    (section,) = set(re.findall(rf"{BASE}#([\w-]+)", json.dumps(days.roots(channel)[-1]["blocks"])))
    return section


@pytest.fixture
def linked(days: AlertDays) -> AlertDays:
    days.more = f"  runbook: {BASE}"
    return days


def test_the_check_that_leads_an_episode_names_the_section(linked: AlertDays) -> None:
    for linked.name in METRICS:
        linked.day(0, alarm(linked.name))
        assert section_of_newest(linked) == SECTIONS[linked.name]


def test_every_kind_of_outage_has_a_section(linked: AlertDays) -> None:
    outages = {"not_measured": (UNMEASURED, 0), "empty": (FEW, 0), "below_minimum": (FEW, 3), "blind": (BLIND, 4_000)}
    for linked.name, (judged, n_current) in outages.items():
        for day in range(3):
            linked.day(day, judged, n_current=n_current)
        assert section_of_newest(linked, HEALTH) == SECTIONS[f"health:{linked.name}"]
    assert len(linked.roots(HEALTH)) == len(outages), "one message each, not one a day"
    linked.day(3, judgement())
    assert "(closed" in linked.roots(HEALTH)[-1]["text"]


def test_what_the_watchdog_tells_has_a_section(linked: AlertDays) -> None:
    settings = Settings(linked.folder, linked.folder, linked.folder.as_uri(), linked.url)
    linked.day(0, judgement())
    late = window_of(1).end + timedelta(hours=6)
    steps.check_schedules(settings, linked.connect, late)
    assert section_of_newest(linked, HEALTH) == SECTIONS["health:missed"]
    path = linked.folder / "fraud.yaml"
    path.write_text(path.read_text().replace("amount: numeric", "amount: numerical"))
    steps.check_schedules(settings, linked.connect, late)
    assert section_of_newest(linked, HEALTH) == SECTIONS["health:config"]


def test_digest_summary_silence_and_a_single_window_have_sections(linked: AlertDays) -> None:
    linked.more += "\n  silences: [{reason: known, until: 2026-03-01, feature: hour}]"
    linked.day(3, judgement(amount=0.6))
    assert section_of_newest(linked) == SECTIONS["digest"]
    assert section_of_newest(linked, HEALTH) == SECTIONS["silence"]
    linked.day(1, judgement(amount=2), "backfill")
    assert section_of_newest(linked) == SECTIONS["summary"]
    start = window_of(0).start
    afternoon = Window(start, start + timedelta(hours=6))
    linked.day(0, judgement(gender=2), "manual", window=afternoon)
    assert section_of_newest(linked) == SECTIONS["fairness"]
