"""What a fingerprint says: one word for machines, one phrase for people."""

from dataclasses import dataclass, replace

from modelwatch.calibration.significance import proportion_p_value
from modelwatch.profile.features import FeatureProfile
from modelwatch.words import change, percent

MISSING = 0.01  # a rise of the missing share from which it is worth a claim
CERTAIN = 1e-6

UNSPECIFIC = frozenset({"shift", "spread", "unknown"})


@dataclass(frozen=True)
class Segment:
    """The requests that have one value in one column, and their share of the window."""

    column: str
    value: str
    share: float

    @property
    def words(self) -> str:
        """``only where channel is 'online' (55.7 % of requests)``."""
        return f"only where {self.column} is '{self.value[:40]}' ({percent(self.share)} of requests)"


@dataclass(frozen=True)
class Cause:
    """Why a feature moved.

    Attributes:
        word: ``scale_x100``, ``sign_flip``, ``shift`` ...; ``unknown`` when nothing fits.
        phrase: the same for people, with the figures; empty for ``unknown``.
        segment: where the change is, when it is in one segment only; the phrase begins with its words.
    """

    word: str
    phrase: str = ""
    segment: Segment | None = None


UNKNOWN = Cause("unknown")


def listed(names: list[str]) -> str:
    """At most three names in quotes, cut to 40 characters."""
    shown = ", ".join(f"'{name[:40]}'" for name in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


def null_burst(reference: FeatureProfile, current: FeatureProfile) -> Cause | None:
    """More values are missing than before, for certain and enough to be worth a claim; both have rows."""
    risen = more_of(reference.n_missing, reference.n, current.n_missing, current.n)
    return Cause("null_burst", f"more values are missing ({risen})") if risen else None


def more_of(x: int, n: int, y: int, m: int) -> str | None:
    """How a share rose from ``x / n`` to ``y / m``, in words; None unless for certain and by enough for a claim."""
    if y / m - x / n < MISSING or proportion_p_value(x, n, y, m) >= CERTAIN:
        return None
    return change(x / n, y / m)


def others_as_before(cause: Cause) -> Cause:
    """The cause when all other values were seen to be as before."""
    return replace(cause, phrase=f"{cause.phrase}, the others are as before")
