"""What a fingerprint says: one word for machines, one phrase for people."""

from dataclasses import dataclass

from modelwatch.words import change

UNSPECIFIC = frozenset({"shift", "spread", "unknown"})


@dataclass(frozen=True)
class Cause:
    """Why a feature moved.

    Attributes:
        word: ``scale_x100``, ``sign_flip``, ``shift`` ...; ``unknown`` when nothing fits.
        phrase: the same for people, with the figures; empty for ``unknown``.
    """

    word: str
    phrase: str = ""


UNKNOWN = Cause("unknown")


def listed(names: list[str]) -> str:
    """At most three names in quotes, cut to 40 characters."""
    shown = ", ".join(f"'{name[:40]}'" for name in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


def null_burst(before: float, after: float) -> Cause:
    """More missing values; the rest is as it was."""
    return Cause("null_burst", f"more values are missing ({change(before, after)}), the others are as before")
