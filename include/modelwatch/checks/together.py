"""Features that moved for one reason: in the same segment, from the same cause, or one as the other's move entails."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from modelwatch.calibration.effects import smallest_psi
from modelwatch.checks.binned_rows import Counts, bins_of_rows, drift_of
from modelwatch.checks.fingerprint import UNSPECIFIC, Cause
from modelwatch.metrics.bins import fit_bins
from modelwatch.profile.cells import Cells
from modelwatch.profile.features import count

EXPLAINED = 0.5  # of a feature's drift, by how it goes together with another one
SEEN = 1e-3  # the significance at which the rows must be able to show the drift that is explained


@dataclass(frozen=True, eq=False)
class Moved:
    """A feature that moved: why, and the bin of its value in each row of the reference and of the window."""

    name: str
    cause: Cause
    before: Counts
    now: Counts
    n_bins: int


def shared_reasons(
    reference: pa.Table, current: pa.Table, causes: Mapping[str, Cause], cells: Mapping[str, Cells]
) -> dict[str, str]:
    """What features that moved for one reason have in common: the same words for each of them.

    Each feature joins the first before it with which it shares a reason; one that joins none stays for itself.

    Args:
        reference, current: rows (samples will do) with the features.
        causes: why each feature moved, the largest change first.
        cells: of the features, fitted on the reference.

    Returns:
        Feature -> reason, for those that have company only.
    """
    companies: list[tuple[Moved, dict[str, str]]] = []
    for name, cause in causes.items():
        moved = _moved(name, cause, reference, current, cells[name])
        reasons = ((others, _shared(first, moved)) for first, others in companies)
        joined = next(((others, reason) for others, reason in reasons if reason), None)
        if joined is None:
            companies.append((moved, {}))
        else:
            joined[0][name] = joined[1]
    found: dict[str, str] = {}
    for first, others in companies:
        if others:
            found |= dict.fromkeys([first.name, *others], "; ".join(dict.fromkeys(others.values())))
    return found


def _moved(name: str, cause: Cause, reference: pa.Table, current: pa.Table, cells: Cells) -> Moved:
    bins = fit_bins(count(reference[name], cells))
    before, now = (bins_of_rows(rows[name], cells, bins) for rows in (reference, current))
    return Moved(name, cause, before, now, len(bins.labels))


def _shared(first: Moved, other: Moved) -> str | None:
    """Why the other feature moved with the first, in words; None when nothing says that it did."""
    one, two = first.cause.segment, other.cause.segment
    if one and two and (one.column, one.value) == (two.column, two.value):
        return one.words
    if one and one.column == other.name:
        return one.words
    if two and two.column == first.name:
        return two.words
    if not (one or two) and first.cause.word == other.cause.word and first.cause.word not in UNSPECIFIC:
        return f"the same happened to each of them: {first.cause.word.replace('_', ' ')}"
    return f"as they go together with {first.name} in the reference" if _follows(first, other) else None


def _follows(first: Moved, other: Moved) -> bool:
    """Whether the first one's change alone would have brought at least half of the other's.

    The reference's rows are weighted so that the first feature is distributed as it is now: what the other feature
    then looks like is what goes with that change, and no more. Values that the reference never had go with nothing.
    """
    shape = first.n_bins, other.n_bins
    joint = np.bincount(first.before * other.n_bins + other.before, minlength=shape[0] * shape[1]).reshape(shape)
    of_first = joint.sum(axis=1)
    weights = np.bincount(first.now, minlength=shape[0]) / np.maximum(of_first, 1)
    expected = (weights[:, None] * joint).sum(axis=0)
    before, now = joint.sum(axis=0), np.bincount(other.now, minlength=other.n_bins)
    if not (expected.sum() and now.sum()):
        return False
    drift = drift_of(before, now)
    expected = np.rint(expected * before.sum() / expected.sum()).astype(np.int64)
    is_seen = drift > 0 and drift >= smallest_psi(before, now, alpha=SEEN)
    return is_seen and drift_of(expected, now) <= (1 - EXPLAINED) * drift
