"""The counts of past windows side by side, in bins of what they hold together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from modelwatch.metrics.bins import bins_of
from modelwatch.profile.cells import Cells, NumericCells
from modelwatch.profile.features import FeatureProfile, NumericProfile
from modelwatch.profile.window import CellSet, Profile

Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Table:
    """One column's counts in k windows.

    Attributes:
        cells: what it was counted in.
        bins: ``(k, n_bins)`` counts in the bins that are made of all windows together.
        new: ``(k,)`` values that the cells do not know: unseen categories, numbers outside the range.
    """

    cells: Cells
    bins: Counts
    new: Counts

    @cached_property
    def n(self) -> Counts:
        """``(k,)`` all values, missing ones included."""
        return np.asarray(self.bins.sum(axis=1))

    @property
    def present(self) -> Counts:
        """``(k,)`` values that are there, and finite."""
        n_special = 2 if isinstance(self.cells, NumericCells) else 1
        return np.asarray(self.bins[:, :-n_special].sum(axis=1))

    @property
    def missing(self) -> Counts:
        """``(k,)`` missing values."""
        return np.asarray(self.bins[:, -2 if isinstance(self.cells, NumericCells) else -1])


class _Counted(NamedTuple):
    """A window's counts: ``upto`` of all columns' cells one after the other, ``new`` by column."""

    upto: NDArray[Any]
    new: list[int]


class Windows:
    """The windows that were looked at last.

    The next window looks back at nearly the same ones, and what they hold together changes by those that came and went.
    """

    def __init__(self) -> None:
        self._begin({})

    def _begin(self, cells: CellSet) -> None:
        self._cells = cells
        self._starts = np.cumsum([0, *(one.size for one in cells.values())])
        self._counted: dict[Profile, _Counted] = {}
        self._total = np.zeros(self._starts[-1] + 1, dtype=np.int64)

    def tables(self, windows: Sequence[Profile]) -> Mapping[str, Table]:
        """Each column's counts in these windows, at least one, in their order; all are in the same cells."""
        if windows[0].columns.keys() != self._cells.keys():
            self._begin({name: column.cells for name, column in windows[0].columns.items()})
        self._look_at(windows)
        counts, ends = np.diff(self._total), pairwise(self._starts.tolist())
        bins = [bins_of(cells, counts[slice(*its)]) for cells, its in zip(self._cells.values(), ends, strict=True)]
        firsts = [one.first + start for one, start in zip(bins, self._starts[:-1], strict=True)]
        edges = np.concatenate([*firsts, self._starts[-1:]])
        binned = np.diff(np.array([self._counted[one].upto[edges] for one in windows], dtype=np.int64), axis=1)
        new = np.array([self._counted[one].new for one in windows])
        places = pairwise(np.cumsum([0, *(len(first) for first in firsts)]).tolist())
        return {
            name: Table(self._cells[name], np.ascontiguousarray(binned[:, slice(*place)]), new[:, column])
            for column, (name, place) in enumerate(zip(self._cells, places, strict=True))
        }

    def _look_at(self, windows: Sequence[Profile]) -> None:
        before, now = self._counted, set(windows)
        for gone in before.keys() - now:
            self._total -= before[gone].upto
        self._counted = {one: before.get(one) or self._count(one) for one in windows}
        for came in now - before.keys():
            self._total += self._counted[came].upto

    def _count(self, window: Profile) -> _Counted:
        columns = [window.columns[name] for name in self._cells]
        is_small = sum(column.n for column in columns) <= np.iinfo(np.uint32).max
        smallest = np.uint32 if is_small else np.int64  # half the memory and time
        counts = np.concatenate([[0], *(column.counts for column in columns)], dtype=smallest, casting="unsafe")
        return _Counted(np.cumsum(counts, dtype=smallest), [_new(column) for column in columns])


def _new(column: FeatureProfile) -> int:
    if isinstance(column, NumericProfile):
        return int(column.finite[0] + column.finite[-1])
    return column.n_unseen
