"""Fairness on random tables: fairlearn's values, intervals around them, and nothing that depends on names or order."""

import warnings

import numpy as np
import pytest
from fairlearn import metrics as fairlearn
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwatch.calibration.gaps import change_gap, difference_gap, ratio_gap
from modelwatch.calibration.group_counts import GroupCounts
from modelwatch.calibration.shrinkage import shrunken_rates
from modelwatch.checks.fairness import measure_fairness
from modelwatch.domain import Measurement
from modelwatch.metrics.registry import METRICS
from modelwatch.profile.groups import GroupTable

Table = dict[tuple[str, ...], np.ndarray]

counts = st.lists(st.integers(0, 60), min_size=4, max_size=4)
groups = st.lists(counts, min_size=1, max_size=5)
large = st.lists(st.lists(st.integers(40, 300), min_size=4, max_size=4), min_size=2, max_size=5)
pairs = st.lists(st.tuples(st.integers(1, 3_000), st.floats(0, 1)), min_size=2, max_size=7)


def table(cells: list[list[int]]) -> GroupTable:
    """Groups g0, g1 ... of (decision x label) counts, all labels known."""
    cubes = {(f"g{i}",): np.array([[*four[:2], 0], [*four[2:], 0]], dtype=np.int64) for i, four in enumerate(cells)}
    return GroupTable(("x",), {key: cube for key, cube in cubes.items() if cube.any()})


def measured(current: GroupTable, **options: object) -> dict[tuple[str, str | None], Measurement]:
    found = measure_fairness({"x": current}, {"x": current}, alpha=0.01, **options)  # type: ignore[arg-type]
    return {(m.metric, m.group): m for m in found}


def rows(current: GroupTable) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One row per request: label, decision, group."""
    cells = [
        (label, decision, level[0], cube[decision, label])
        for level, cube in current.counts.items()
        for decision in (0, 1)
        for label in (0, 1)
    ]
    label, decision, group, weight = (np.array(column) for column in zip(*cells, strict=True))
    return np.repeat(label, weight), np.repeat(decision, weight), np.repeat(group, weight)


@settings(max_examples=10, deadline=None)
@given(cells=large)
def test_values_are_fairlearns_on_the_full_rows(cells: list[list[int]]) -> None:
    current = table(cells)
    label, decision, group = rows(current)
    found = measured(current, outcome="adverse")
    arguments = {"sensitive_features": group}
    for name in ("demographic_parity_difference", "demographic_parity_ratio", "equalized_odds_difference"):
        assert found[name, "x"].value == pytest.approx(getattr(fairlearn, name)(label, decision, **arguments))
    for name in ("equal_opportunity_difference", "false_positive_rate_difference"):
        assert found[name, "x"].value == pytest.approx(getattr(fairlearn, name)(label, decision, **arguments))
    favourable = fairlearn.demographic_parity_ratio(label, 1 - decision, **arguments)
    assert found["favourable_parity_ratio", "x"].value == pytest.approx(favourable)
    for name in ("selection_rate", "true_positive_rate", "false_positive_rate", "false_negative_rate"):
        frame = fairlearn.MetricFrame(
            metrics=getattr(fairlearn, name), y_true=label, y_pred=decision, sensitive_features=group
        )
        for level, value in frame.by_group.items():
            assert found[name, f"x={level}"].value == pytest.approx(value)


@settings(max_examples=40, deadline=None)
@given(cells=groups, compare=st.sampled_from(["extremes", "rest", {"x": "g0"}, {"x": "nobody"}]))
def test_any_table_gives_numbers_in_range_inside_their_intervals(cells: list[list[int]], compare: object) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = measured(table(cells), compare=compare, outcome="adverse")
    for (metric, _), m in found.items():
        info = METRICS[metric]
        for number in (m.value, m.effect, m.ci_low, m.ci_high, m.smallest_detectable):
            assert number is None or np.isfinite(number)
        if m.value is None:
            assert m.reason
            continue
        assert (info.low is None or m.value >= info.low) and (info.high is None or m.value <= info.high)
        if m.ci_low is not None and m.ci_high is not None:
            assert m.ci_low - 1e-9 <= m.value <= m.ci_high + 1e-9


@settings(max_examples=40, deadline=None)
@given(sizes=pairs)
def test_gaps_do_not_depend_on_the_order_of_the_groups(sizes: list[tuple[int, float]]) -> None:
    n = np.array([size for size, _ in sizes])
    x = np.array([round(size * rate) for size, rate in sizes])
    forth, back = GroupCounts(x, n), GroupCounts(x[::-1], n[::-1])
    for against in ("extremes", "rest"):
        one, other = (difference_gap(counts, against, alpha=0.01) for counts in (forth, back))
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))
        ratios = [ratio_gap(counts, against, alpha=0.01) for counts in (forth, back)]
        if ratios[0] is not None and ratios[1] is not None and len(set(x / n)) == len(n):
            assert (ratios[0].low, ratios[0].high) == pytest.approx((ratios[1].low, ratios[1].high))


@settings(max_examples=40, deadline=None)
@given(sizes=pairs)
def test_an_unchanged_gap_is_no_change_and_the_whole_gap_is_new_where_there_was_none(
    sizes: list[tuple[int, float]],
) -> None:
    n = np.array([size for size, _ in sizes])
    now = GroupCounts(np.array([round(size * rate) for size, rate in sizes]), n)
    same = change_gap(now, now, "extremes", alpha=0.01)
    assert same.value == pytest.approx(0, abs=1e-12)
    assert same.low <= 1e-12
    alike = GroupCounts(n, 2 * n)
    assert change_gap(now, alike, "extremes", alpha=0.01).value == pytest.approx(np.ptp(now.rates))


@settings(max_examples=40, deadline=None)
@given(n=st.lists(st.integers(1, 5_000), min_size=6, max_size=6), seed=st.integers(0, 10**6))
def test_a_shrunken_rate_lies_between_the_groups_own_and_the_predicted_one(n: list[int], seed: int) -> None:
    codes = np.array([(a, b) for a in range(2) for b in range(3)])
    size = np.array(n)
    x = np.random.default_rng(seed).binomial(size, np.random.default_rng(seed + 1).uniform(0, 1, 6))
    shrunken, predicted = shrunken_rates(x, size, codes)
    own = x / size
    assert ((shrunken >= np.minimum(own, predicted) - 1e-12) & (shrunken <= np.maximum(own, predicted) + 1e-12)).all()
    assert ((predicted > 0) & (predicted < 1)).all()
