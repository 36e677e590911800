"""The fingerprint of a categorical feature: what became of the names, then of their shares."""

import re
import unicodedata

import numpy as np
from numpy.typing import NDArray

from modelwatch.calibration.significance import chi2_p_value
from modelwatch.checks.fingerprint.cause import CERTAIN, UNKNOWN, Cause, listed, null_burst, others_as_before
from modelwatch.profile.features import CategoricalProfile
from modelwatch.words import change, percent

Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]

LEAST = 0.005  # share of current values from which new names are worth a claim
MOST = 0.8  # of the new names' share must be explained by one story
FAR = 5.0  # standard errors at which a share has changed
NEAR = 3.5  # standard errors within which two shares are the same
SWAPPED, APART = 2.0, 0.2  # as a ratio or a difference: shares nearer to each other change places by themselves


class Shares:
    """Both profiles' shares of the present values.

    Attributes:
        r, c: counts of the known categories, rare ones as the last; n, m: all present values.
        new: unseen names with their counts, most frequent first.
    """

    def __init__(self, reference: CategoricalProfile, current: CategoricalProfile) -> None:
        self.names = [*reference.cells.categories, "(rare categories)"]
        self.r, self.c = reference.counts[:-2], current.counts[:-2]
        self.n, self.m = reference.n - reference.n_missing, current.n - current.n_missing
        self.n_new = current.n_unseen
        self.new = dict(sorted(current.unseen.items(), key=lambda item: (-item[1], item[0])))
        self.before, self.after = self.r / self.n, self.c / self.m

    def errors(self, before: Floats, after: Floats) -> Floats:
        """Standard errors of the difference of shares of the two samples."""
        pooled = np.clip((before * self.n + after * self.m) / (self.n + self.m), 1 / (self.n + self.m), None)
        errors: Floats = np.sqrt(pooled * (1 - np.minimum(pooled, 0.99)) * (1 / self.n + 1 / self.m))
        return errors

    @property
    def moves(self) -> Floats:
        """Each known category's change in standard errors."""
        moves: Floats = (self.after - self.before) / self.errors(self.before, self.after)
        return moves

    def same(self, before: float, after: float) -> bool:
        """Whether two shares agree: within noise, or within a twentieth."""
        error = float(self.errors(np.array([before]), np.array([after]))[0])
        return abs(after - before) <= max(NEAR * error, 0.05 * max(before, after))

    def others_kept_their_mix(self, apart: Marks) -> bool:
        """Whether the categories not set apart are as frequent among themselves as before."""
        r, c = self.r[~apart], self.c[~apart]
        if r.sum() == 0 or c.sum() == 0 or len(r) < 2:
            return True
        gap = np.abs(r / r.sum() - c / c.sum()).sum() / 2
        return bool(gap <= 0.02 or chi2_p_value(r, c) > 1e-3)


def categorical_cause(reference: CategoricalProfile, current: CategoricalProfile) -> Cause:
    """Why a categorical feature moved; ``unknown`` when no single story fits."""
    if reference.n == 0 or current.n == 0:
        return UNKNOWN
    missing = null_burst(reference, current)
    if reference.n == reference.n_missing or current.n == current.n_missing:
        return missing or UNKNOWN
    shares = Shares(reference, current)
    nothing = np.zeros(len(shares.r), dtype=np.bool_)
    if missing is not None and shares.n_new < LEAST * shares.m and shares.others_kept_their_mix(nothing):
        return others_as_before(missing)
    found = _stuck(shares) or _recased(shares) or _renamed(shares) or _new(shares) or _swapped(shares)
    return found or missing or _described(shares)


def _stuck(shares: Shares) -> Cause | None:
    counts = [*zip(shares.names, shares.c.tolist(), shares.before.tolist(), strict=True)]
    counts += [(name, count, 0.0) for name, count in list(shares.new.items())[:1]]
    name, most, before = max(counts, key=lambda item: item[1])
    if most < shares.m or before**shares.m > CERTAIN:
        return None
    return Cause("stuck", f"every value is {listed([name])} ({percent(before)} before)")


def _recased(shares: Shares) -> Cause | None:
    """New names that are known ones but for case, spaces, hyphens or accents."""
    known = {_plain(name): name for name in reversed(shares.names)}
    pairs = {name: known[_plain(name)] for name in shares.new if _plain(name) in known}
    told = sum(shares.new[name] for name in pairs)
    if not _is_worth_telling(shares, told):
        return None
    first = next(iter(pairs))
    more = f", and {len(pairs) - 1} more" if len(pairs) > 1 else ""
    written = f"'{pairs[first][:40]}' is now written '{first[:40]}'{more}"
    return Cause("recased_category", f"{written} ({percent(told / shares.m)} of values)")


def _renamed(shares: Shares) -> Cause | None:
    """New names that hold just what known categories lost, all others as before."""
    if not _is_worth_telling(shares, shares.n_new):
        return None
    lost = shares.moves < -FAR
    if not lost.any():
        return None
    loss = float((shares.before - shares.after)[lost].sum())
    gone = [name for name, is_lost in zip(shares.names, lost.tolist(), strict=True) if is_lost]
    took_most = shares.after[lost].sum() <= 0.9 * shares.before[lost].sum()
    if not (took_most and shares.same(loss, shares.n_new / shares.m) and shares.others_kept_their_mix(lost)):
        return None
    if _is_proportional_loss(shares, lost):
        return None
    told = f"{listed(list(shares.new))} took the place of {listed(gone)} ({percent(shares.n_new / shares.m)} of values)"
    return Cause("renamed_category", told)


def _is_proportional_loss(shares: Shares, lost: Marks) -> bool:
    """A newcomer takes from everyone in proportion; then nobody was renamed."""
    expected = shares.before[lost] * (1 - shares.n_new / shares.m)
    errors = shares.errors(expected, shares.after[lost])
    return bool(np.all(np.abs(shares.after[lost] - expected) <= NEAR * errors))


def _new(shares: Shares) -> Cause | None:
    """New names are the larger part of what changed, or all of it that chance does not explain."""
    part = shares.n_new / shares.m
    distance = (float(np.abs(shares.before - shares.after).sum()) + part) / 2
    if not _is_worth_telling(shares, shares.n_new):
        return None
    if part < distance / 2 and not shares.others_kept_their_mix(np.zeros(len(shares.r), dtype=np.bool_)):
        return None
    kind = "new category" if len(shares.new) == 1 else "new categories"
    return Cause("new_category", f"{kind} {listed(list(shares.new))}: {change(0.0, part)}")


def _swapped(shares: Shares) -> Cause | None:
    """Two categories changed places and nothing else happened."""
    moved = np.flatnonzero(np.abs(shares.moves) > FAR)
    if len(moved) != 2:
        return None
    a, b = (int(i) for i in moved)
    before, after = shares.before, shares.after
    large, small = max(before[a], before[b]), min(before[a], before[b])
    if large < SWAPPED * small and large - small < APART:
        return None
    crossed = shares.same(before[a], after[b]) and shares.same(before[b], after[a])
    if not crossed or not shares.others_kept_their_mix(np.isin(np.arange(len(before)), moved)):
        return None
    rates = f"{change(before[a], after[a])} and {change(before[b], after[b])}"
    return Cause("swapped_categories", f"{listed([shares.names[a], shares.names[b]])} changed places ({rates})")


def _described(shares: Shares) -> Cause:
    """The mix of known categories moved: which gained and which lost most."""
    moves = shares.after - shares.before
    up, down = int(np.argmax(moves)), int(np.argmin(moves))
    if np.abs(shares.moves).max() < FAR or shares.names[up] == shares.names[down]:
        return UNKNOWN
    told = [f"{listed([shares.names[i]])} {change(shares.before[i], shares.after[i])}" for i in (up, down)]
    return Cause("shift", f"the mix moved: {', '.join(told)}")


def _is_worth_telling(shares: Shares, count: int) -> bool:
    return count >= max(LEAST * shares.m, FAR) and count >= MOST * shares.n_new


def _plain(name: str) -> str:
    """The name without what a changed encoder or a typing hand alters; "A" and "A+", "1" and "-1" stay two names."""
    letters = unicodedata.normalize("NFKD", name.strip().casefold())
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"(?<=[^\W_])[\s_-]+(?=[^\W_])", "", re.sub(r"(?<=\d)\.0+$", "", letters))
