"""Features that moved for one reason are told once, the worst first; those that moved for themselves are not."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from jsonschema import validate

from modelwatch.checks.fingerprint import Cause
from modelwatch.checks.together import shared_reasons
from modelwatch.domain import Measurement, Result, Window
from modelwatch.history import Mark, Point
from modelwatch.profile.cells import fit_categorical, fit_numeric
from modelwatch.report.changes import changes_of
from modelwatch.report.document import document
from modelwatch.report.page.story import problems
from modelwatch.report.table import evaluation_table
from support.payments import checked, requests

SHIFT = Cause("shift")


def traffic(n: int, seed: int, mean: float = 0.0) -> dict[str, np.ndarray]:
    """``net`` and ``tax`` follow ``amount``; ``age`` does not."""
    rng = np.random.default_rng(seed)
    amount = rng.normal(mean, 1, n)
    net = 0.8 * amount + rng.normal(0, 0.5, n)
    return {"amount": amount, "net": net, "band": np.where(amount > 0.5, "high", "low"), "age": rng.normal(40, 9, n)}


def reasons(current: dict[str, np.ndarray], *names: str, cause: Cause = SHIFT) -> dict[str, str]:
    before, now = pa.table(traffic(5_000, 1)), pa.table(current)
    cells = {name: (fit_categorical if name == "band" else fit_numeric)(before[name]) for name in names}
    return shared_reasons(before, now, dict.fromkeys(names, cause), cells)


def test_what_goes_with_a_feature_in_the_reference_is_told_with_it() -> None:
    for seed in range(2, 12):
        found = reasons(traffic(2_000, seed, mean=0.7), "amount", "band", "net")
        assert found == dict.fromkeys(("amount", "band", "net"), "as they go together with amount in the reference")


def test_what_moved_the_other_way_or_by_itself_is_not() -> None:
    for seed in range(2, 12):
        moved = traffic(2_000, seed, mean=0.7)
        assert reasons({**moved, "net": -moved["net"]}, "amount", "net") == {}
        assert reasons({**moved, "age": moved["age"] + 9}, "amount", "age") == {}
    still = traffic(2_000, 12)
    assert reasons({**still, "net": still["net"] + 1}, "net", "amount") == {}


def test_the_same_specific_cause_is_one_reason_a_mere_shift_is_none() -> None:
    moved = traffic(2_000, 3)
    both = {**moved, "amount": 100 * moved["amount"], "age": 100 * moved["age"]}
    said = "the same happened to each of them: scale x100"
    assert reasons(both, "amount", "age", cause=Cause("scale_x100")) == {"amount": said, "age": said}
    assert reasons(both, "amount", "age") == {}


def test_values_the_reference_never_had_go_with_nothing() -> None:
    moved = traffic(2_000, 4, mean=0.7)
    assert reasons({**moved, "band": np.full(2_000, "new")}, "band", "net") == {}


def test_one_segments_change_is_one_change_in_document_and_table(tmp_path: Path) -> None:
    """New customers come through one channel: three features moved for one reason, and the channel with them."""
    rng, current = np.random.default_rng(5), requests(6_000, 5)
    campaign = {"age": rng.uniform(18, 24, 6_000), "amount": rng.lognormal(1.5, 0.5, 6_000)}
    young = (current["channel"] == "ios") | (rng.random(6_000) < 0.3)
    current["channel"] = np.where(young, "ios", current["channel"])
    current |= {name: np.where(young, values, current[name]) for name, values in campaign.items()}

    evaluation = checked(tmp_path, current)

    said = document(evaluation)
    validate(said, SCHEMA)
    (together,) = [one for one in said["changes"] if one["reason"]]
    assert set(together["features"]) == {"age", "amount", "channel"}
    assert together["reason"].startswith("only where channel is 'ios' (")
    mine = [said["findings"][i] for i in together["findings"]]
    assert {one["shared_reason"] for one in mine} == {together["reason"]}
    assert sorted(i for one in said["changes"] for i in one["findings"]) == list(range(len(said["findings"])))
    assert f"moved together: {together['reason']}" in evaluation_table(evaluation)


def finding(feature: str, check: str = "feature_drift", **more: str | None) -> Result:
    measured = Measurement(check, "psi", 1.0, 9, 9, feature=feature, effect=1.0, **more)  # type: ignore[arg-type]
    return Result(measured, "alert", 0.25)


def test_a_change_says_each_thing_once() -> None:
    place = "only where channel is 'ios' (55.7 % of requests)"
    drift = finding("age", evidence=f"{place}: values are lower; below 13: 4 % -> 51 %", shared_reason=place)
    quality = finding("age", "quality", evidence="values are lower; range 14 to 90 -> 0 to 70", shared_reason=place)
    alone, together = changes_of([quality, drift]), changes_of([quality, drift, finding("fee", shared_reason=place)])
    assert together[0].words("age") == "values are lower; below 13: 4 % -> 51 %; range 14 to 90 -> 0 to 70"
    assert alone[0].words("age") == f"{place}: {together[0].words('age')}"
    assert (together[0].title, alone[0].title) == ("age (with 1 more)", "age")


def test_a_models_page_tells_them_once_too() -> None:
    place = "only where channel is 'ios' (55.7 % of requests)"
    start = datetime(2026, 3, 5, tzinfo=UTC)
    mark = Mark(1, Window(start, start + timedelta(days=1)), 1, "alert", True, 10, 1.0)

    def point(name: str, words: str, reason: str | None) -> Point:
        figures = (2.0, 2.0, None, None, 0.25, "alert", 10)
        return Point(mark.window, "feature_drift", "psi", name, None, *figures, words, None, reason)  # type: ignore[arg-type]

    crossed = [point("age", f"{place}: lower", place), point("hour", "later", None), point("fee", "higher", place)]
    together, alone = problems([mark], crossed)
    assert (together.names, together.reason, alone.names) == (("age", "fee"), place, ("hour",))
    assert [together.words_of(part) for part in together.parts] == ["lower", "higher"]
    (single,) = problems([mark], crossed[:1])
    assert (single.reason, single.words) == (None, f"{place}: lower")


@pytest.mark.parametrize("reason", [None, "why"])
def test_findings_without_a_feature_stay_for_themselves(reason: str | None) -> None:
    gap = Measurement("fairness", "demographic_parity_difference", 0.2, 9, 9, group="gender", effect=0.2)
    joint = Measurement("multivariate_drift", "correlation_shift", 0.5, 9, 9, effect=0.5)
    findings = [finding("a", shared_reason=reason), *(Result(m, "alert", 0.1) for m in (gap, joint))]
    assert [one.names for one in changes_of(findings)] == [("a",), ("gender",), ("features together",)]
    assert changes_of([]) == []


SCHEMA = json.loads((Path(__file__).parents[2] / "include/modelwatch/report/schema/window.json").read_text())
