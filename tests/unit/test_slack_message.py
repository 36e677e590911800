"""The message stays within Slack's limits and says what an on-call engineer needs."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from modelwatch.domain import Judgement, Measurement, Result, Window
from modelwatch.report.policy import may_notify
from modelwatch.report.slack import Alert, alert_blocks, alert_text

WINDOW = Window(datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 6, tzinfo=UTC))


def finding(feature: str, value: float = 2.3, *, check: str = "feature_drift") -> Result:
    measurement = Measurement(
        check,
        "psi",
        value,
        30_000,
        4_012,
        feature=feature,
        effect=value,
        p_value=1e-12,
        evidence="(9, inf): 10 % -> 95 %",
    )
    return Result(measurement, "alert", 0.25, 1e-10)


def message(findings: list[Result]) -> list[dict]:
    judgement = Judgement("alert", None, tuple(findings), tuple(findings))
    links = (("Open the run", "https://airflow.example.com/run"), ("Runbook", "https://wiki.example.com"))
    alert = Alert("fraud", WINDOW, judgement, 30_000, 4_012, 1.0, "payments-ml", "@payments-oncall", links=links)
    assert alert_text(alert).startswith("fraud: alert for 2026-03-05: ")
    return [block.to_dict() for block in alert_blocks(alert)]


def texts(blocks: list[dict]) -> str:
    return "\n".join(str(block) for block in blocks)


def test_it_says_model_window_size_value_threshold_and_links() -> None:
    said = texts(message([finding("amount")]))
    for part in (
        "fraud",
        "2026-03-05",
        "4,012",
        "*2.3 (alert at 0.25)*",
        "10 % -&gt; 95 %",
        "Runbook",
        "payments-oncall",
    ):
        assert part in said


def test_many_and_long_findings_stay_within_slacks_limits() -> None:
    blocks = message([finding(f"feature {i} " + "x" * 5_000) for i in range(400)])
    assert len(blocks) <= 50
    for block in blocks:
        if block["type"] == "section":
            assert len(block["text"]["text"]) <= 3000
        if block["type"] == "header":
            assert len(block["text"]["text"]) <= 150
    assert "and 392 more" in texts(blocks)


def test_features_that_moved_for_one_reason_are_one_paragraph() -> None:
    why = "only where channel is 'ios' (55.7 % of requests)"
    alone, *together = (finding(f"f{i}") for i in range(9))
    shared = [replace(one, measurement=replace(one.measurement, shared_reason=why)) for one in together]
    said = [block["text"]["text"] for block in message([*shared, alone]) if block["type"] == "section"]
    assert said[1].startswith(":red_circle: *f1* with f2, f3, f4 and 4 more · feature drift")
    assert said[1].count(why) == 1 and said[1].endswith("• and 2 more")
    assert said[2].startswith(":red_circle: *f0* · feature drift")


def test_a_category_cannot_ping_the_channel() -> None:
    assert "<!channel>" not in texts(message([finding("<!channel>")]))


def test_what_it_may_mean_follows_from_which_checks_fired() -> None:
    pipeline = texts(message([finding("a", check="quality"), finding("a")]))
    population = texts(message([finding("a"), finding("score", check="prediction_drift")]))
    assert "upstream pipeline" in pipeline
    assert "different population" in population


@pytest.mark.parametrize(
    ("run_type", "notify", "expected"),
    [
        ("scheduled", None, True),
        ("manual", None, True),
        ("backfill", None, False),
        ("cli", None, False),
        ("backfill", True, True),
        ("manual", False, False),
    ],
)
def test_backfills_stay_quiet_unless_told(run_type: str, notify: bool | None, expected: bool) -> None:
    assert may_notify(run_type, notify=notify) is expected
