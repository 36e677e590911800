"""Fairness at its edges: who is compared with whom, and what is said of groups that are too few, too small or odd."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from modelwatch.config import Monitor, load_monitor
from modelwatch.domain import Levels, Schema, Sensitive, Window
from modelwatch.metrics.registry import METRICS
from modelwatch.profile.groups import GroupTable, count_groups
from modelwatch.report.meaning import meaning
from modelwatch.report.slack import Alert, alert_blocks
from support.groups import judged, selected
from support.rows import text

MONITORS_INVALID = Path(__file__).resolve().parents[1] / "monitors_invalid"
DIFFERENCE, RATIO = "demographic_parity_difference", "demographic_parity_ratio"
CHANGE = "demographic_parity_difference_change"


def statuses(table: GroupTable, **options: object) -> dict[str, str]:
    judgement, _ = judged(table, **options)  # type: ignore[arg-type]
    return {r.measurement.metric: r.status for r in judgement.results if r.measurement.group == table.attribute}


@pytest.mark.parametrize(
    ("selected_of_m", "verdict"), [(45_000, "alert"), (47_000, "alert"), (48_000, "ok"), (51_000, "ok")]
)
def test_four_fifths_as_the_eeoc_counts_it(selected_of_m: int, verdict: str) -> None:
    found = statuses(selected({"best": (60_000, 100_000), "group": (selected_of_m, 100_000)}))
    assert found[RATIO] == verdict


def test_the_four_fifths_rule_of_an_adverse_decision_is_about_not_being_selected() -> None:
    table = selected({"F": (3_500, 10_000), "M": (1_000, 10_000)})
    judgement, found = judged(table, outcome="adverse")
    assert found["favourable_parity_ratio", "gender"].value == pytest.approx(0.65 / 0.9)
    assert found[RATIO, "gender"].value == pytest.approx(0.1 / 0.35)
    assert found["favourable_impact_ratio", "gender=F"].value == pytest.approx(0.65 / 0.9)
    assert found["impact_ratio", "gender=M"].value == pytest.approx(0.1 / 0.35)
    assert judgement.verdict == "alert"
    assert ("favourable_parity_ratio", "gender") not in judged(table)[1]


def test_a_warning_says_that_the_adverse_rates_are_close() -> None:
    judgement, _ = judged(selected({"F": (1_200, 100_000), "M": (2_000, 100_000)}), outcome="adverse")
    assert [(r.measurement.metric, r.status) for r in judgement.findings] == [(RATIO, "warning")]
    assert judgement.findings[0].reason == "a warning only: the rates are 0.008 apart, less than 0.05"


def test_each_group_is_compared_with_the_rest_or_with_the_group_that_is_named() -> None:
    table = selected({"a": (300, 1_000), "b": (200, 1_000), "c": (100, 1_000)})
    rest, named = (judged(table, compare=compare)[1] for compare in ("rest", {"gender": "b"}))
    assert rest["statistical_parity_difference", "gender=a"].value == pytest.approx(0.3 - 0.15)
    assert named["statistical_parity_difference", "gender=a"].value == pytest.approx(0.1)
    assert named["impact_ratio", "gender=c"].value == pytest.approx(0.5)
    assert named["impact_ratio", "gender=c"].evidence == "against gender=b, 0.2 (n=1000)"
    assert ("impact_ratio", "gender=b") not in named
    for found in (rest, named, judged(table)[1]):
        assert found[DIFFERENCE, "gender"].value == pytest.approx(0.2)


def test_more_attributes_and_more_groups_widen_every_interval() -> None:
    two = judged(selected({"a": (300, 1_000), "b": (200, 1_000)}))[1][DIFFERENCE, "gender"]
    many = selected({"a": (300, 1_000), "b": (200, 1_000), **{f"c{i}": (250, 1_000) for i in range(8)}})
    wide = judged(many)[1][DIFFERENCE, "gender"]
    assert two.value == wide.value == pytest.approx(0.1)
    assert wide.ci_low is not None and two.ci_low is not None and wide.ci_low < two.ci_low - 0.01


def test_a_named_group_that_is_too_small_is_said() -> None:
    table = selected({"a": (300, 1_000), "b": (200, 1_000), "c": (2, 9)})
    assert statuses(table, compare={"gender": "c"})[RATIO] == "insufficient_data"
    reason = judged(table, compare={"gender": "c"})[1][RATIO, "gender"].reason
    assert reason == "gender=c, the reference group, has not the 40 requests needed"


def test_each_rate_needs_events_and_non_events_of_its_own_denominator() -> None:
    cube = np.array([[900, 10, 0], [100, 90, 0]], dtype=np.int64)
    table = GroupTable(("gender",), {("F",): cube, ("M",): cube})
    _, found = judged(table)
    assert found["false_positive_rate", "gender=F"].sufficient
    rate = found["true_positive_rate", "gender=F"]
    assert (rate.n_current, rate.sufficient) == (100, True)
    few = GroupTable(("gender",), {("F",): cube // 2, ("M",): cube})
    rate = judged(few)[1]["true_positive_rate", "gender=F"]
    assert (rate.n_current, rate.sufficient) == (50, False)
    assert rate.reason == "50 positives; about 98 are needed for 10 non-events"


def test_the_group_whose_gap_moved_is_named() -> None:
    before = selected({"F": (2_000, 10_000), "M": (2_000, 10_000), "X": (2_000, 10_000)})
    now = selected({"F": (3_000, 10_000), "M": (2_010, 10_000), "X": (2_000, 10_000)})
    judgement, found = judged(now, before)
    change = found[CHANGE, "gender"]
    assert change.value == pytest.approx(0.1)
    assert change.evidence is not None and change.evidence.startswith("gender=F 0.2 -> 0.3 (n=10000) moved; gender=X")
    assert CHANGE in {r.measurement.metric for r in judgement.findings}


def test_a_gap_that_closed_is_no_alarm() -> None:
    before = selected({"F": (4_000, 10_000), "M": (2_000, 10_000)})
    judgement, found = judged(selected({"F": (2_010, 10_000), "M": (2_000, 10_000)}), before)
    assert judgement.verdict == "ok"
    assert found[CHANGE, "gender"].value == pytest.approx(-0.199)
    turned = judged(selected({"F": (1_990, 10_000), "M": (2_000, 10_000)}), before)[1]
    assert turned[CHANGE, "gender"].value == pytest.approx(0.001)


def test_groups_the_reference_does_not_have_are_not_compared_with_it() -> None:
    before, now = selected({"F": (2_000, 10_000)}), selected({"F": (2_000, 10_000), "M": (2_000, 10_000)})
    change = judged(now, before)[1][CHANGE, "gender"]
    assert (change.value, change.sufficient) == (None, False)
    assert change.reason is not None and change.reason.startswith("1 of 2 groups have the 50 requests needed both now")


def test_a_group_without_one_event_breaks_the_rule_and_divides_nothing_by_zero() -> None:
    judgement, found = judged(selected({"F": (0, 1_000), "M": (200, 1_000)}))
    ratio = found[RATIO, "gender"]
    assert (ratio.value, ratio.ci_low) == (0.0, 0.0)
    assert ratio.ci_high is not None and ratio.ci_high < 0.1
    assert judgement.verdict == "alert"


def test_when_nobody_or_everybody_is_selected_the_difference_is_known_and_the_ratio_is_not() -> None:
    for n_selected in (0, 5_000):
        judgement, found = judged(selected({"F": (n_selected, 5_000), "M": (n_selected, 5_000), "X": (0, 0)}))
        by_metric = {r.measurement.metric: r.status for r in judgement.results if r.measurement.group == "gender"}
        assert (by_metric[DIFFERENCE], by_metric[RATIO]) == ("ok", "insufficient_data")
        assert found[DIFFERENCE, "gender"].value == 0.0
        assert judgement.verdict == "ok"


def test_few_people_without_an_event_prove_nothing() -> None:
    judgement, _ = judged(selected({"F": (0, 150), "M": (0, 150)}))
    assert (judgement.verdict, judgement.reason) == ("insufficient_data", "not enough evidence for fairness")


def test_a_single_group_is_compared_with_nobody() -> None:
    judgement, found = judged(selected({"F": (200, 1_000)}))
    assert found[DIFFERENCE, "gender"].reason == "a single group: nothing to compare it with"
    assert (found["selection_rate", "gender=F"].value, judgement.verdict) == (0.2, "insufficient_data")


def test_an_empty_window_measures_nothing_and_fails_on_nothing() -> None:
    judgement, found = judged(GroupTable(("gender",), {}))
    assert judgement.verdict == "insufficient_data"
    assert {m.value for m in found.values()} == {None}


def test_missing_values_are_a_group() -> None:
    rows = pa.table({"gender": text(["F", None, "F", None]), "flagged": [True, True, False, True]})
    table = count_groups(rows, Schema((), {}, decision="flagged", sensitive=(Sensitive("gender"),)))["gender"]
    assert judged(table)[1]["selection_rate", "gender=(missing)"].value == 1.0


def test_a_huge_number_of_levels_is_listed_up_to_fifty_and_counted_to_the_last() -> None:
    rng = np.random.default_rng(3)
    cities = {f"city {i}": (int(rng.binomial(20, 0.2)), 20) for i in range(30_000)}
    table = selected({"Berlin": (3_000, 10_000), "Paris": (2_000, 10_000), **cities}, "city")
    _, found = judged(table)
    lines = [m for (metric, _), m in found.items() if metric == "selection_rate"]
    assert len(lines) == 51
    other = found["selection_rate", "city=(other)"]
    assert (other.n_current, other.evidence) == (29_952 * 20, "the 29952 smallest groups together")
    assert found[DIFFERENCE, "city"].value == pytest.approx(0.1)


def test_combinations_that_nobody_has_cost_nothing() -> None:
    names = [f"n{i}" for i in range(20_000)]
    rows = pa.table({"a": names, "b": names[::-1], "d": [i % 3 == 0 for i in range(20_000)]})
    schema = Schema((), {}, decision="d", sensitive=(Sensitive("a"), Sensitive("b")), intersections=(("a", "b"),))
    both = count_groups(rows, schema)["a & b"]
    assert len(both.counts) == 20_000
    assert both.counts["n0", "n19999"].tolist() == [[0, 0, 0], [0, 0, 1]]


def test_small_groups_of_an_intersection_are_drawn_towards_what_their_features_predict() -> None:
    cells = {("F", "old"): (200, 1_000), ("M", "old"): (200, 1_000), ("F", "young"): (4, 8), ("M", "young"): (180, 900)}
    cubes = {level: np.array([[0, 0, n - x], [0, 0, x]], dtype=np.int64) for level, (x, n) in cells.items()}
    _, found = judged(GroupTable(("gender", "age"), dict(sorted(cubes.items()))))
    small, large = (found["selection_rate", f"gender={g} & age=young"] for g in "FM")
    assert small.value == 0.5 and small.effect is not None and small.effect < 0.25
    assert small.evidence is not None and small.evidence.endswith("that gender and age alone predict")
    assert large.value == pytest.approx(0.2) and large.effect == pytest.approx(0.2, abs=0.01)
    assert not small.sufficient


def test_a_markup_in_a_groups_name_reaches_nobody_as_markup() -> None:
    name = "<!channel> & <https://evil.example|pay>"
    judgement, _ = judged(selected({name: (3_000, 10_000), "M": (1_000, 10_000)}))
    window = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
    blocks = alert_blocks(Alert("fraud", window, judgement, 1, 1, None, ""))
    told = str([block.to_dict() for block in blocks])
    assert "&lt;!channel&gt;" in told
    assert "<!channel>" not in told and "<https://evil" not in told


def test_every_fairness_metric_that_can_be_measured_is_registered() -> None:
    cube = np.array([[900, 100, 0], [100, 90, 0]], dtype=np.int64)
    table = GroupTable(("gender",), {("F",): cube, ("M",): cube})
    measured = {metric for metric, _ in judged(table, outcome="adverse")[1]}
    of_scores = {"calibration_gap", "calibration_difference"}
    assert measured == {name for name, info in METRICS.items() if "fairness" in info.checks} - of_scores


@pytest.mark.parametrize(
    ("written", "meant"), [("rest", "rest"), ("{gender: M}", {"gender": "M"}), ("{gender: 1}", {"gender": "1"})]
)
def test_a_monitor_file_says_who_is_compared_with_whom(written: str, meant: object, tmp_path: Path) -> None:
    example = (MONITORS_INVALID / "compare_word.yaml").read_text().replace("compare_word", "example")
    file = tmp_path / "example.yaml"
    file.write_text(example.replace("compare: others", f"compare: {written}"))
    monitor = load_monitor(file)
    assert monitor.fairness is not None and monitor.fairness.compare == meant
    assert monitor.sha256 != load_monitor_of(example, tmp_path).sha256


def load_monitor_of(example: str, folder: Path) -> Monitor:
    """The same file with the default."""
    (folder / "example.yaml").write_text(example.replace("  compare: others\n", ""))
    return load_monitor(folder / "example.yaml")


def test_a_level_that_is_left_out_is_off_and_a_metric_that_is_left_out_has_its_default(tmp_path: Path) -> None:
    example = (MONITORS_INVALID / "compare_word.yaml").read_text().replace("compare_word", "example")
    levels = load_monitor_of(example, tmp_path).rules().levels
    assert levels[RATIO] == Levels(warning=0.8)
    assert levels["favourable_parity_ratio"] == Levels(alert=0.8)
    assert "equal_opportunity_difference" not in levels


def test_a_standing_gap_is_told_from_a_new_one() -> None:
    table, alike = selected({"F": (3_000, 10_000), "M": (1_000, 10_000)}), selected({"F": (100, 500), "M": (100, 500)})
    assert "a standing gap" in meaning(judged(table)[0])
    assert "a standing gap" not in meaning(judged(table, alike)[0])
