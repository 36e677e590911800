"""The fingerprint of a numeric feature: specific hypotheses first, a plain description of the move if none fits."""

import numpy as np

from modelwatch.checks.fingerprint.bursts import burst, clipped, stuck
from modelwatch.checks.fingerprint.cause import UNKNOWN, Cause, more_of, null_burst, others_as_before
from modelwatch.checks.fingerprint.curve import Pair
from modelwatch.checks.fingerprint.transforms import hours_moved, transformed
from modelwatch.profile.features import NumericProfile
from modelwatch.words import number

FEWEST = 100  # finite values; with fewer almost any hypothesis fits


def numeric_cause(reference: NumericProfile, current: NumericProfile) -> Cause:
    """Why a numeric feature moved; ``unknown`` when no single hypothesis fits."""
    if reference.n == 0 or current.n == 0:
        return UNKNOWN
    missing = null_burst(reference, current)
    n, m = reference.n_finite, current.n_finite
    if n < FEWEST or m < FEWEST:
        return missing or UNKNOWN
    pair = Pair(reference, current)
    if missing is not None and pair.unchanged <= pair.limit:
        return others_as_before(missing)
    infinite = _more_infinite(reference, current)
    if infinite is not None and pair.unchanged <= pair.limit:
        return others_as_before(infinite)
    for hypothesis in (stuck, hours_moved, transformed, clipped, burst):
        cause = hypothesis(pair)
        if cause is not None:
            return cause
    return missing or _described(pair)


def _more_infinite(reference: NumericProfile, current: NumericProfile) -> Cause | None:
    risen = more_of(reference.n_nonfinite, reference.n, current.n_nonfinite, current.n)
    return Cause("sentinel_burst", f"infinity stands in for values ({risen})") if risen else None


def _described(pair: Pair) -> Cause:
    """Which way the distribution moved, if it moved one way: a description that claims no mechanism."""
    gap = pair.seen - pair.before.below(pair.moved())
    lower, higher = float(gap.max()), float(-gap.min())
    if max(lower, higher) <= pair.noise:
        return UNKNOWN
    if min(lower, higher) <= max(lower, higher) / 4:
        way = "higher" if higher > lower else "lower"
        return Cause("shift", f"values are {way}")
    if min(lower, higher) <= pair.noise / 2:
        return UNKNOWN
    wider = int(np.argmax(gap)) < int(np.argmin(gap))
    widths = [float(np.diff(curve.quantile(np.array([0.25, 0.75])))[0]) for curve in (pair.before, pair.after)]
    if wider != (widths[1] > widths[0]):
        return UNKNOWN
    way = "wider" if wider else "narrower"
    return Cause("spread", f"values spread {way}: the middle half spans {number(widths[0])} -> {number(widths[1])}")
