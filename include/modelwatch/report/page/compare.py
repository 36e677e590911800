"""One feature, one sample against another, from the counts of both in the reference's cells."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwatch.metrics.bins import fit_bins
from modelwatch.metrics.drift import psi_terms, smooth
from modelwatch.profile import CategoricalProfile, FeatureProfile, NumericProfile, Profile
from modelwatch.report.charts.bars import BinBar
from modelwatch.report.page.tables import Table

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_BINS = 24
MOST_CATEGORIES = 12


@dataclass(frozen=True)
class Shift:
    """One quantile of both samples, in the feature's own unit."""

    quantile: float
    reference: float | None
    current: float | None


@dataclass(frozen=True)
class Moved:
    """One category's share in both samples."""

    category: str
    reference: float
    current: float


@dataclass(frozen=True)
class Comparison:
    """One feature in two samples.

    Attributes:
        bins: the bins of the PSI in order; of very many only those that moved most, the rest summed as one.
        shifts: for numbers; moved: for categories, what changed most first.
    """

    feature: str
    bins: tuple[BinBar, ...]
    psi: float
    shifts: tuple[Shift, ...]
    moved: tuple[Moved, ...]

    def table(self) -> Table:
        """The bins as rows."""
        rows = tuple((b.label, b.reference, b.current, b.n_reference, b.n_current, b.contribution) for b in self.bins)
        columns = ("bin", "reference_share", "current_share", "n_reference", "n_current", "psi_contribution")
        return Table("bins", columns, rows)


def comparisons(reference: Profile, current: Profile, names: Sequence[str]) -> list[Comparison]:
    """The named columns of both, in this order; those that one of the two lacks are left out."""
    return [
        compare(name, reference.columns[name], current.columns[name])
        for name in names
        if name in reference.columns
        and name in current.columns
        and reference.columns[name].n
        and current.columns[name].n
    ]


def compare(name: str, reference: FeatureProfile, current: FeatureProfile) -> Comparison:
    """One feature of two samples with at least one value each."""
    bins = fit_bins(reference)
    was, now = bins.counts(reference), bins.counts(current)
    filled = np.flatnonzero(was + now)
    was, now, labels = was[filled], now[filled], [bins.labels[i] for i in filled]
    terms = psi_terms(smooth(was), smooth(now))
    bars = [
        BinBar(label, float(a) / reference.n, float(b) / current.n, float(term), int(a), int(b))
        for label, a, b, term in zip(labels, was, now, terms, strict=True)
    ]
    return Comparison(
        name, _readable(bars), float(terms.sum()), _shifts(reference, current), _moved(reference, current)
    )


def quantile(profile: NumericProfile, share: float) -> float | None:
    """The value below which this share of the finite values lies, to the width of a cell; None without values."""
    total = profile.n_finite
    if total == 0 or len(profile.cells.grid) == 0:
        return profile.low
    at = int(np.searchsorted(np.cumsum(profile.finite), share * total, side="left"))
    return float(_edges(profile)[min(at, len(profile.finite) - 1)])


def _edges(profile: NumericProfile) -> NDArray[np.float64]:
    """A value for each cell: a grid point for its own cell, the right edge for a gap, the extreme for the last."""
    grid = profile.cells.grid
    values = np.empty(2 * len(grid) + 1)
    values[1::2], values[0:-1:2] = grid, grid
    values[-1] = profile.high if profile.high is not None else grid[-1]
    return values


def _readable(bars: list[BinBar]) -> tuple[BinBar, ...]:
    """All bins when they are few, else those that moved most and one line for the rest."""
    if len(bars) <= MOST_BINS:
        return tuple(bars)
    strongest = sorted(range(len(bars)), key=lambda i: -bars[i].contribution)[: MOST_BINS - 1]
    rest = [bar for i, bar in enumerate(bars) if i not in set(strongest)]
    others = BinBar(
        f"{len(rest)} others",
        sum(b.reference for b in rest),
        sum(b.current for b in rest),
        sum(b.contribution for b in rest),
        sum(b.n_reference for b in rest),
        sum(b.n_current for b in rest),
    )
    return (*(bars[i] for i in sorted(strongest)), others)


def _shifts(reference: FeatureProfile, current: FeatureProfile) -> tuple[Shift, ...]:
    if not isinstance(reference, NumericProfile) or not isinstance(current, NumericProfile):
        return ()
    return tuple(Shift(share, quantile(reference, share), quantile(current, share)) for share in QUANTILES)


def _moved(reference: FeatureProfile, current: FeatureProfile) -> tuple[Moved, ...]:
    """The categories whose share changed most, new ones by their names."""
    if not isinstance(reference, CategoricalProfile) or not isinstance(current, CategoricalProfile):
        return ()
    known = [
        Moved(category, int(reference.counts[i]) / reference.n, int(current.counts[i]) / current.n)
        for i, category in enumerate(reference.cells.categories)
    ]
    new = [Moved(name, 0.0, times / current.n) for name, times in current.unseen.items()]
    ranked = sorted([*known, *new], key=lambda one: (-abs(one.current - one.reference), one.category))
    return tuple(one for one in ranked[:MOST_CATEGORIES] if one.current != one.reference)
