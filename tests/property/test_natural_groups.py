"""Gaps between groups and new values that differ from day to day: quiet days stay quiet, what is really new is told."""

from functools import reduce
from operator import add

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.calibration.gap_spread import group_variations, spread_of_gaps
from modelwatch.calibration.natural import decode_variations, encode_variations, natural_variation
from modelwatch.calibration.variation import NONE, Novelty, Variation
from modelwatch.checks.fairness import AcrossGroups
from modelwatch.checks.groups import Groups
from modelwatch.checks.quality import measure_quality
from modelwatch.domain import Measurement
from modelwatch.profile import Profile
from modelwatch.profile.cells import Cells, fit_categorical, fit_numeric
from modelwatch.profile.features import FeatureProfile, count
from modelwatch.profile.groups import GroupTable

Day = dict[str, GroupTable]


def day(rng: np.random.Generator, together: float, apart: float, more: float = 0.0, n: int = 1_000) -> Day:
    """Two groups whose log odds move from day to day, together and each by itself; the second's rate by ``more``."""
    odds = -1.4 + together * rng.normal() + apart * rng.normal(size=2)
    selected = rng.binomial(n, 1 / (1 + np.exp(-odds)) + (0.0, more))
    cubes = [np.array([[0, 0, n - x], [0, 0, x]]) for x in selected]
    return {"gender": GroupTable(("gender",), {("F",): cubes[0], ("M",): cubes[1]})}


def change(windows: list[Day], now: Day, *, widened: bool = True) -> Measurement:
    before = {"gender": reduce(add, [window["gender"] for window in windows])}
    variation = group_variations(windows, by_steps=False) if widened else {}
    groups = Groups(now["gender"], before["gender"], 0.01, "extremes", "favourable")
    found = {m.metric: m for m in AcrossGroups(groups, variation).measurements()}
    return found["demographic_parity_difference_change"]


def test_a_gap_that_differs_from_day_to_day_is_no_change() -> None:
    alarms = {True: 0, False: 0}
    for seed in range(30):
        rng = np.random.default_rng(seed)
        windows = [day(rng, 0.1, 0.3) for _ in range(14)]
        now = day(rng, 0.1, 0.3)
        for widened in alarms:
            alarms[widened] += (change(windows, now, widened=widened).ci_low or 0.0) > 0.05
    assert alarms[True] == 0 and alarms[False] >= 3


def test_what_all_groups_do_together_costs_a_change_nothing() -> None:
    rng = np.random.default_rng(1)
    windows = [day(rng, 0.5, 0.0) for _ in range(14)]
    assert all(one.of_change == 0 for one in group_variations(windows, by_steps=False).values())
    found = change(windows, day(rng, 0.5, 0.0, more=0.2))
    assert found.ci_low is not None and found.ci_low > 0.05


def test_a_gap_that_creeps_is_in_no_step() -> None:
    rng = np.random.default_rng(2)
    windows = [day(rng, 0.0, 0.0, more=0.02 * i) for i in range(14)]
    between, steps = (group_variations(windows, by_steps=by_steps)["gender=M"] for by_steps in (False, True))
    assert between.distribution.typical > 0 and steps.distribution.typical == 0


@given(
    gaps=st.lists(st.floats(-1, 1), max_size=12),
    error=st.floats(1e-6, 1),
    by_steps=st.booleans(),
)
def test_a_spread_of_gaps_is_never_negative_and_its_bound_never_below_it(
    gaps: list[float], error: float, by_steps: bool
) -> None:
    found = spread_of_gaps(np.array(gaps), np.full(len(gaps), error), by_steps=by_steps)
    assert 0 <= found.typical <= found.bound <= found.bound_of_one < np.inf


def test_the_spread_is_dersimonian_and_lairds() -> None:
    from statsmodels.stats.meta_analysis import combine_effects

    rng = np.random.default_rng(3)
    gaps, errors = rng.normal(0, 0.3, 20), rng.uniform(0.001, 0.01, 20)
    expected = combine_effects(gaps, errors, method_re="dl").tau2
    assert spread_of_gaps(gaps, errors, by_steps=False).typical == pytest.approx(expected)


def shops(rng: np.random.Generator, number: int, crowd: int) -> pa.ChunkedArray:
    """1,000 customers of a day, 2 % of them in shops that nobody knew, ``crowd`` in each."""
    new = [f"{number}.{i}" for i in range(rng.poisson(20 / crowd)) for _ in range(crowd)]
    return pa.chunked_array([[*new, *rng.choice([f"shop {i}" for i in range(50)], 1_000 - len(new))]])


def novelty_of(days: list[FeatureProfile], *, are_reference: bool) -> Novelty:
    windows = [Profile(one.n, {"x": one}) for one in days]
    return natural_variation(windows, are_reference=are_reference).get("x", NONE).novelty


def unseen(days: list[pa.ChunkedArray], now: pa.ChunkedArray, cells: Cells, natural: Novelty) -> Measurement:
    before = reduce(add, [count(one, cells) for one in days])  # type: ignore[arg-type]  # one column, so one class
    profiles = [Profile(side.n, {"x": side}) for side in (before, count(now, cells))]
    found = measure_quality(profiles[0], profiles[1], alpha=0.01, variation={"x": Variation(novelty=natural)})
    return next(m for m in found if m.metric in ("unseen_share", "out_of_range_share"))


def test_newcomers_that_come_in_crowds_every_day_are_no_news_and_a_larger_crowd_is() -> None:
    alarms = {"quiet": 0, "unwidened": 0, "renamed": 0}
    for seed in range(20):
        rng = np.random.default_rng(seed)
        days = [shops(rng, i, crowd=10) for i in range(14)]
        cells = fit_categorical(pa.chunked_array([chunk for one in days for chunk in one.chunks]))
        natural = novelty_of([count(one, cells) for one in days], are_reference=True)
        quiet = shops(rng, 14, crowd=10)
        renamed = pa.chunked_array([*quiet.chunks, pa.array(["renamed"] * 200)])
        for name, now, known in (
            ("quiet", quiet, natural),
            ("unwidened", quiet, Novelty()),
            ("renamed", renamed, natural),
        ):
            found = unseen(days, now, cells, known)
            alarms[name] += (found.p_value or 0.0) <= 0.01 and (found.effect or 0.0) >= 0.015
    assert alarms["quiet"] == 0 and alarms["unwidened"] >= 10 and alarms["renamed"] == 20


def test_a_range_that_every_day_widens_is_known_to() -> None:
    rng = np.random.default_rng(4)
    days = [pa.chunked_array([100.0 * i + rng.uniform(0, 250, 500)]) for i in range(14)]
    cells = fit_numeric(pa.chunked_array([chunk for one in days for chunk in one.chunks]))
    natural = novelty_of([count(one, cells) for one in days], are_reference=True)
    assert 0 < natural.typical < natural.bound <= 1
    steady = [pa.chunked_array([rng.uniform(0, 250, 500)]) for _ in range(14)]
    profiles: list[FeatureProfile] = [count(one, fit_numeric(steady[0])) for one in steady]
    assert novelty_of(profiles, are_reference=False).typical < 0.01


def test_days_with_categories_of_their_own_leave_new_ones_unjudged() -> None:
    """A reference of seven weekdays: every one of them was new once."""
    days = [pa.chunked_array([[f"weekday {i}"] * 500]) for i in range(7)]
    cells = fit_categorical(pa.chunked_array([chunk for one in days for chunk in one.chunks]))
    natural = novelty_of([count(one, cells) for one in days], are_reference=True)
    found = unseen(days, pa.chunked_array([["weekday 8"] * 500]), cells, natural)
    assert (natural.typical, natural.bound, found.effect) == (1.0, 1.0, 0.0)
    assert novelty_of([count(one, cells) for one in days[:3]], are_reference=True) == NONE.novelty


def test_they_are_kept_as_they_are() -> None:
    rng = np.random.default_rng(5)
    known = dict(group_variations([day(rng, 0.1, 0.3) for _ in range(9)], by_steps=False))
    known["shop"] = Variation(novelty=Novelty(0.02, 0.07))
    assert decode_variations(encode_variations(known)) == known
