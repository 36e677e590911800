"""One attribute's groups: their counts, which of them are large enough to be compared, and their names in words."""

from functools import cached_property
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from modelwatch.calibration.gaps import Against, needed
from modelwatch.calibration.group_counts import GroupCounts
from modelwatch.domain import Compare, Outcome
from modelwatch.metrics.fairness import TRIALS, Cube, Rate, counts_of
from modelwatch.profile.groups import GroupTable

Mask = NDArray[np.bool_]

MAX_LISTED = 50  # groups of an attribute that get lines of their own, as many as lint allows a sensitive feature
OTHER = "(other)"


class Groups:
    """One sensitive feature's (or intersection's) groups in the window, beside the same groups in the reference.

    Attributes:
        alpha: one minus the confidence of this attribute's comparisons together.
        levels: the groups, in the table's order; counts have the same order.
    """

    def __init__(
        self, table: GroupTable, reference: GroupTable | None, alpha: float, compare: Compare, outcome: Outcome
    ) -> None:
        self.table, self.alpha, self.is_adverse = table, alpha, outcome == "adverse"
        self.levels = list(table.counts)
        self.cubes = _stacked(list(table.counts.values()))
        self.has_labels = bool(self.cubes[:, :, :2].any())
        self._reference, self._compare = reference, compare
        self._counts: dict[Rate, GroupCounts] = {}

    def measures(self, rate: Rate) -> bool:
        """Whether there is anything to compute the rate from."""
        return self.has_labels or rate == "selection_rate"

    def counts(self, rate: Rate) -> GroupCounts:
        """Of every group; a group without anyone to divide by has ``n = 0``."""
        if rate not in self._counts:
            self._counts[rate] = GroupCounts(*counts_of(self.cubes, rate))
        return self._counts[rate]

    def reference_counts(self, rate: Rate) -> GroupCounts | None:
        """The same groups in the reference, zeros for those it does not have; None without a reference."""
        return None if self._reference_cubes is None else GroupCounts(*counts_of(self._reference_cubes, rate))

    @cached_property
    def _reference_cubes(self) -> Cube | None:
        if self._reference is None:
            return None
        empty = np.zeros((2, 3), dtype=np.int64)
        cubes = [self._reference.counts.get(levels, empty) for levels in self.levels]
        return _stacked(cubes)

    @cached_property
    def reference_group(self) -> tuple[str, ...] | None:
        """The group that the monitor names for every one of the attributes, or None."""
        if isinstance(self._compare, str) or not all(name in self._compare for name in self.table.attributes):
            return None
        return tuple(self._compare[name] for name in self.table.attributes)

    def comparable(self, rate: Rate) -> tuple[Mask, Against | None]:
        """Which groups have enough events and non-events, and what they are compared with; see `against_within`."""
        counts = self.counts(rate)
        chosen = counts.n >= needed(counts)
        return chosen, self.against_within(chosen)

    def against_within(self, chosen: Mask) -> Against | None:
        """What the chosen groups are compared with: "extremes", "rest", or the place of the named group among them.

        None when the named group is not among them.
        """
        if self.reference_group is None:
            return "rest" if self._compare == "rest" else "extremes"
        names = [levels for levels, is_chosen in zip(self.levels, chosen, strict=True) if is_chosen]
        return names.index(self.reference_group) if self.reference_group in names else None

    def why_not(self, rate: Rate, chosen: Mask | None = None) -> str:
        """Why the groups cannot be compared."""
        counts = self.counts(rate)
        need, large = needed(counts), (counts.n >= needed(counts)) if chosen is None else chosen
        if self.reference_group is not None and self.against_within(large) is None:
            name = self.table.group(self.reference_group)
            return f"{name}, the reference group, has not the {need} {TRIALS[rate]} needed"
        return f"{int(large.sum())} of {len(self.levels)} groups have the {need} {TRIALS[rate]} needed"

    def two(self, low: int, high: int, counts: GroupCounts) -> str:
        """Two groups' rates in words, the lower first."""
        return f"{self._rate(low, counts)} (n={counts.n[low]}), {self._rate(high, counts)} (n={counts.n[high]})"

    def moved(self, first: int, second: int, now: GroupCounts, before: GroupCounts) -> str:
        """Two groups' rates then and now, the one that moved more first; the second may be the rest (-1)."""
        sides = [self._then_and_now(one, now, before) for one in ((first,) if second < 0 else (first, second))]
        sides.sort(key=lambda side: -abs(side[0]))
        others = "; ".join(text for _, text in sides[1:]) or "measured against the rest"
        return f"{sides[0][1]} moved; {others}"

    def label(self, index: int) -> str:
        """``"gender=F"``."""
        return self.table.group(self.levels[index])

    def _rate(self, index: int, counts: GroupCounts) -> str:
        return f"{self.label(index)} {counts.x[index] / counts.n[index]:.3g}"

    def _then_and_now(self, index: int, now: GroupCounts, before: GroupCounts) -> tuple[float, str]:
        then, today = before.x[index] / before.n[index], now.x[index] / now.n[index]
        return float(today - then), f"{self.label(index)} {then:.3g} -> {today:.3g} (n={now.n[index]})"

    @cached_property
    def listed(self) -> list[int]:
        """The groups with a line of their own: all, or the largest ones."""
        n = self.counts("selection_rate").n
        if len(n) <= MAX_LISTED:
            return list(range(len(n)))
        largest = np.argsort(-n, kind="stable")
        named = (int(i) for i in largest if set(self.levels[i]) != {OTHER})
        return sorted(islice(named, MAX_LISTED))

    @cached_property
    def pooled(self) -> Cube | None:
        """The counts of the groups without a line of their own, together."""
        rest = np.ones(len(self.levels), dtype=bool)
        rest[self.listed] = False
        return np.asarray(self.cubes[rest].sum(axis=0)) if rest.any() else None


def _stacked(cubes: list[Cube]) -> Cube:
    """``(k, 2, 3)`` from k cubes, fifty times as fast as numpy stacks many small arrays by itself."""
    return np.asarray(np.concatenate([np.zeros((0, 3), dtype=np.int64), *cubes]).reshape(-1, 2, 3))
