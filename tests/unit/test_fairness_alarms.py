"""How often fairness pages: hardly ever without a cause, and reliably with one. Seeded."""

import numpy as np
import pytest

from modelwatch.checks.fairness import AcrossGroups
from modelwatch.checks.groups import Groups
from modelwatch.domain import Outcome
from modelwatch.profile.groups import GroupTable
from modelwatch.verdict import judge
from support.groups import drawn, rules

Rates = dict[str, tuple[float, int]]


def verdict(current: GroupTable, reference: GroupTable, outcome: Outcome) -> str:
    """Of the metrics across groups, those with thresholds; the lines of single groups have none by default."""
    found = AcrossGroups(Groups(current, reference, 0.01, "extremes", outcome)).measurements()
    return judge(found, rules(outcome), n_current=10_000).verdict


def paged(n_windows: int, now: Rates, *, outcome: Outcome, before: Rates | None = None, seed: int = 1) -> int:
    rng = np.random.default_rng(seed)
    reference = drawn(rng, {name: (rate, 5 * n) for name, (rate, n) in (before or now).items()})
    return sum(verdict(drawn(rng, now), reference, outcome) == "alert" for _ in range(n_windows))


@pytest.mark.parametrize("outcome", ["favourable", "adverse"])
def test_equal_rates_page_in_none_of_two_thousand_windows(outcome: Outcome) -> None:
    rng = np.random.default_rng(20)
    alerts = 0
    for _ in range(1_000):
        sizes = np.exp(rng.uniform(np.log(100), np.log(5_000), rng.integers(2, 7))).astype(int)
        now: Rates = {f"g{i}": (0.02, int(n)) for i, n in enumerate(sizes)}
        reference = drawn(rng, {name: (rate, 5 * n) for name, (rate, n) in now.items()})
        alerts += verdict(drawn(rng, now), reference, outcome) == "alert"
    assert alerts == 0


@pytest.mark.parametrize("outcome", ["favourable", "adverse"])
def test_a_ratio_of_six_tenths_at_a_rate_of_a_fifth_pages(outcome: Outcome) -> None:
    assert paged(150, {"a": (0.2, 5_000), "b": (0.12, 5_000)}, outcome=outcome) == 150


def test_a_ratio_of_exactly_four_fifths_pages_hardly_ever() -> None:
    assert paged(300, {"a": (0.2, 5_000), "b": (0.16, 5_000)}, outcome="favourable") <= 5


def test_flags_that_few_people_get_do_not_page_for_their_ratio_alone() -> None:
    rare: Rates = {"a": (0.02, 100_000), "b": (0.012, 100_000)}
    assert paged(50, rare, outcome="adverse") == 0
    assert paged(50, rare, outcome="favourable") == 50


def test_a_gap_that_opens_pages_before_it_is_large() -> None:
    before: Rates = {"a": (0.5, 10_000), "b": (0.5, 10_000)}
    now: Rates = {"a": (0.54, 10_000), "b": (0.45, 10_000)}
    assert paged(50, now, before=before, outcome="favourable") >= 45
    assert paged(50, now, outcome="favourable") == 0
