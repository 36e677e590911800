"""Hypotheses under which every value was changed by one rule: another unit, sign, zero point or time zone."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

from modelwatch.calibration.significance import pool_thin
from modelwatch.checks.fingerprint.cause import Cause
from modelwatch.checks.fingerprint.curve import Floats, Hypothesis, Pair
from modelwatch.metrics.drift import chi2
from modelwatch.profile.features import NumericProfile
from modelwatch.words import number

FACTORS = {"x10": 10.0, "x100": 100.0, "x1000": 1000.0, "div10": 0.1, "div100": 0.01, "div1000": 0.001}
HOURS = 24
MOST_HOURS = 20  # counts from 0 to 14 are no hours
FAR = 1.5  # deviations; populations seldom move this far with their shape intact, changed zero points do
HEAP = 0.2  # a value this frequent shows by itself whether it moved
CLEARLY = 15.0  # how much better in chi-square (twice the log-likelihood) one hour must fit than every other


def transformed(pair: Pair) -> Cause | None:
    """The one rule that turns the reference into the current values, if there is one."""
    if pair.reference.low == pair.reference.high or pair.unchanged <= pair.noise:
        return None
    by = _offset(pair)
    found = _scaled(pair) or _sign_flipped(pair, is_offset=by is not None)
    if found is not None or by is None:
        return found
    if abs(by) < FAR * pair.deviation and not _heap_moved(pair, by):
        return None
    return Cause("offset", f"every value moved by about {'+' if by > 0 else ''}{number(by, digits=6)}")


def hours_moved(pair: Pair) -> Cause | None:
    """An hour of the day, 0 to 23, moved around the clock."""
    before, after = _by_hour(pair.reference), _by_hour(pair.current)
    if before is None or after is None or np.count_nonzero(before) < MOST_HOURS:
        return None
    tables = [pool_thin(np.roll(before, hours), after) for hours in range(HOURS)]
    misfits = np.array([chi2(r, c) if len(r) > 1 else 0.0 for r, c in tables])
    best, second = (int(i) for i in np.argsort(misfits, kind="stable")[:2])
    bins = len(tables[best][0])
    excess = (misfits[best] - (bins - 1)) * (1 / pair.n + 1 / pair.m)
    is_fit = excess <= 0.02 or float(special.chdtrc(bins - 1, misfits[best])) >= 1e-3
    if best == 0 or not is_fit or misfits[second] - misfits[best] < CLEARLY:
        return None
    hours = best if best <= HOURS // 2 else best - HOURS
    return Cause("hour_shift", f"the hours moved by {hours:+d} h around the clock: a changed time zone?")


def _by_hour(profile: NumericProfile) -> NDArray[np.int64] | None:
    values, held = profile.buckets.lower, profile.buckets.counts
    if not profile.buckets.exact or np.any(values != np.floor(values)) or values[0] < 0 or values[-1] >= HOURS:
        return None
    return np.bincount(values.astype(np.int64), weights=held, minlength=HOURS).astype(np.int64)


def _scaled(pair: Pair) -> Cause | None:
    fits = {word: _improved(pair, _scale(pair, factor)) for word, factor in FACTORS.items()}
    word = min(fits, key=lambda name: fits[name])
    if fits[word] > pair.limit:
        return None
    size = f"{word[1:]} times as large" if word[0] == "x" else f"1/{word[3:]} of what they were"
    return Cause(f"scale_{word}", f"values are {size}: a changed unit?")


def _sign_flipped(pair: Pair, *, is_offset: bool) -> Cause | None:
    """Around zero a natural move can look like a flipped sign: there an offset must not explain it as well."""
    below_zero = float(pair.before.below(np.zeros(1))[0])
    if is_offset and 0.05 < below_zero < 0.95:
        return None
    is_fit = _improved(pair, lambda points: 1.0 - pair.before.below(-points)) <= pair.limit
    return Cause("sign_flip", "values have the opposite sign") if is_fit else None


def _offset(pair: Pair) -> float | None:
    """The roundest among the amounts that fit best.

    An end of the range that is itself a heap, such as zero, gives the amount exactly; the quantiles give it about.
    """
    before, after = pair.quantiles
    ends = [(pair.reference.low, pair.current.low), (pair.reference.high, pair.current.high)]
    by_ends = [end - start for start, end in ends if start is not None and end is not None]
    candidates = [*_rounded(float(np.median(after - before)), pair.deviation), *filter(math.isfinite, by_ends), 0.0]
    fits = [_improved(pair, _moved(pair, by), slack=abs(by)) for by in candidates]
    best = min(fits)
    if best > pair.limit:
        return None
    return next(by for by, fit in zip(candidates, fits, strict=True) if fit <= best + 0.003)


def _rounded(amount: float, deviation: float) -> list[float]:
    """The amount to one digit, two ..., until a digit is worth less than a thousandth of the deviation; then itself."""
    if not 0 < deviation < math.inf or amount == 0 or not math.isfinite(amount):
        return []
    digits = math.ceil(math.log10(abs(amount)) - math.log10(deviation)) + 4
    return [*(float(f"{amount:.{d}g}") for d in range(1, min(digits, 12))), amount]


def _heap_moved(pair: Pair, by: float) -> bool:
    """The most frequent value is gone from its place and as frequent at the new one."""
    cells = pair.reference.finite[1::2]
    heap, value = cells.max() / pair.n, pair.reference.cells.grid[int(np.argmax(cells))]
    stayed, arrived = pair.share_after(value), pair.share_after(value + by)
    return bool(heap >= HEAP and stayed < heap / 4 and abs(arrived - heap) <= pair.limit)


def _improved(pair: Pair, hypothesis: Hypothesis, *, slack: float = 0.0) -> float:
    """The hypothesis' distance; infinite unless it explains at least half of the change."""
    distance = pair.distance(hypothesis, slack=slack)
    return distance if distance <= pair.unchanged / 2 else math.inf


def _scale(pair: Pair, factor: float) -> Hypothesis:
    def scaled(points: Floats) -> Floats:
        return pair.before.below(points / factor)

    return scaled


def _moved(pair: Pair, by: float) -> Hypothesis:
    def moved(points: Floats) -> Floats:
        return pair.before.below(points - by)

    return moved
