"""How often quiet windows are alerts for the change of a gap between groups and for new values, by simulation.

    python benchmarks/natural_variation_groups.py [--histories 1000]

Each history is k days of 2,000 requests as reference and one more day, judged at the default alert thresholds, with and
without natural variation; and the same day with a real change. Seeded.
"""

import argparse
from collections.abc import Callable, Sequence
from functools import reduce
from operator import add
from typing import TypeVar

import numpy as np
import pyarrow as pa

from modelwatch.calibration.gap_spread import group_variations
from modelwatch.calibration.natural import natural_variation
from modelwatch.calibration.variation import Novelty, Variation
from modelwatch.checks.fairness import AcrossGroups
from modelwatch.checks.groups import Groups
from modelwatch.checks.quality import measure_quality
from modelwatch.profile import Profile
from modelwatch.profile.cells import fit_categorical
from modelwatch.profile.features import count
from modelwatch.profile.groups import GroupTable

SIZE, ALPHA, RATE = 2_000, 0.01, 0.2
CHANGE, NEW = 0.05, 0.015  # the default alert thresholds
Alerts = tuple[bool, bool, bool, bool]
Day, Known = TypeVar("Day"), TypeVar("Known")


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=int, default=1_000)
    histories = parser.parse_args().histories
    print("| days | k | quiet, without | quiet, with | changed, without | changed, with |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, history in KINDS.items():
        for k in (7, 28):
            rng = np.random.default_rng(k)
            shares = np.mean([history(rng, k) for _ in range(histories)], axis=0)
            print(f"| {name} | {k} | " + " | ".join(f"{100 * share:.1f} %" for share in shares) + " |", flush=True)


def gaps(together: float, apart: float) -> Callable[[np.random.Generator, int], Alerts]:
    """Two groups whose log odds of being selected move from day to day, both together and each by itself."""

    def day(rng: np.random.Generator, more: float = 0.0) -> dict[str, GroupTable]:
        odds = np.log(RATE / (1 - RATE)) + together * rng.normal() + apart * rng.normal(size=2)
        rates = 1 / (1 + np.exp(-odds)) + (0.0, more)
        selected = rng.binomial(SIZE // 2, rates)
        cubes = [np.array([[0, 0, SIZE // 2 - x], [0, 0, x]]) for x in selected]
        return {"gender": GroupTable(("gender",), {("F",): cubes[0], ("M",): cubes[1]})}

    def alerts(rng: np.random.Generator, k: int) -> Alerts:
        windows = [day(rng) for _ in range(k)]
        before = {"gender": reduce(add, [window["gender"] for window in windows])}
        varies = group_variations(windows, by_steps=False)
        quiet, changed = day(rng), day(rng, more=0.15)
        known: tuple[dict[str, Variation], ...] = ({}, dict(varies))
        return _four(lambda now, its: _change(before, now, its) > CHANGE, (quiet, changed), known)

    return alerts


def newcomers(share: float, crowd: int) -> Callable[[np.random.Generator, int], Alerts]:
    """A share of each day's values is of shops nobody knew, each with a crowd of customers that day."""

    def day(rng: np.random.Generator, number: int, more: float = 0.0) -> pa.ChunkedArray:
        n_shops = rng.poisson(share * SIZE / crowd)
        new = [f"day {number} shop {i}" for i in range(n_shops) for _ in range(crowd)]
        new += ["renamed"] * int(more * SIZE)
        return pa.chunked_array([pa.array(new, pa.string()), pa.array(rng.choice(KNOWN, SIZE - len(new)))])

    def alerts(rng: np.random.Generator, k: int) -> Alerts:
        days = [day(rng, i) for i in range(k)]
        cells = fit_categorical(pa.chunked_array([chunk for one in days for chunk in one.chunks]))
        windows = [count(one, cells) for one in days]
        before = reduce(add, windows)  # type: ignore[arg-type]  # one column, so one class
        profiles = [Profile(one.n, {"shop": one}) for one in windows]
        varies = natural_variation(profiles, are_reference=True)["shop"].novelty
        sides = [count(day(rng, k, more), cells) for more in (0.0, 0.12)]
        profile = Profile(k * SIZE, {"shop": before})
        return _four(
            lambda now, its: _is_new(profile, Profile(SIZE, {"shop": now}), its), tuple(sides), (Novelty(), varies)
        )

    return alerts


def _four(is_alert: Callable[[Day, Known], bool], days: Sequence[Day], known: Sequence[Known]) -> Alerts:
    first, second, third, fourth = (is_alert(day, its) for day in days for its in known)
    return first, second, third, fourth


def _change(before: dict[str, GroupTable], now: dict[str, GroupTable], varies: dict[str, Variation]) -> float:
    groups = Groups(now["gender"], before["gender"], ALPHA, "extremes", "favourable")
    (change,) = [
        m for m in AcrossGroups(groups, varies).measurements() if m.metric == "demographic_parity_difference_change"
    ]
    return change.ci_low or 0.0


def _is_new(before: Profile, now: Profile, natural: Novelty) -> bool:
    measured = measure_quality(before, now, alpha=ALPHA, variation={"shop": Variation(novelty=natural)})
    (unseen,) = [m for m in measured if m.metric == "unseen_share"]
    return (unseen.p_value or 0.0) <= ALPHA and (unseen.effect or 0.0) >= NEW


KNOWN = np.array([f"shop {i}" for i in range(200)])
KINDS: dict[str, Callable[[np.random.Generator, int], Alerts]] = {
    "gap: independent requests": gaps(0.0, 0.0),
    "gap: both groups together, 0.3": gaps(0.3, 0.0),
    "gap: each group by itself, 0.1": gaps(0.0, 0.1),
    "gap: each group by itself, 0.3": gaps(0.0, 0.3),
    "new: no newcomers": newcomers(0.0, 1),
    "new: 2 %, one by one": newcomers(0.02, 1),
    "new: 2 %, in crowds of 10": newcomers(0.02, 10),
    "new: 2 %, in crowds of 40": newcomers(0.02, 40),
}

if __name__ == "__main__":
    main()
