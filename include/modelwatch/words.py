"""Numbers as people read them; the one place that rounds."""

from collections.abc import Sequence


def percent(share: float) -> str:
    """A share: ``"0.1 %"``, ``"12.3 %"``, ``"0.0042 %"``."""
    return f"{100 * share:.1f} %" if share >= 0.0005 or share == 0 else f"{100 * share:.2g} %"


def number(value: float, *, digits: int = 4) -> str:
    """A value without a power of ten where it need not be: ``"0.2247"``, ``"30,550"``."""
    rounded = float(f"{value:.{digits}g}")
    return f"{rounded:,.0f}" if 10**digits <= abs(rounded) < 1e15 else f"{rounded:,.{digits}g}"


def change(before: float, after: float) -> str:
    """Two shares: ``"0.1 % -> 12.3 %"``."""
    return f"{percent(before)} -> {percent(after)}"


def listed(names: Sequence[str], *, most: int = 3) -> str:
    """``"a, b and c"``; ``"a, b, c and 4 more"``."""
    more = [f"{len(names) - most} more"] if len(names) > most else []
    *first, last = [*names[:most], *more]
    return f"{', '.join(first)} and {last}" if first else last


def without(said: str, reasons: str | None) -> str:
    """What is said, less the reasons (parts joined by "; ") that introduce it."""
    for reason in (reasons or "").split("; "):
        said = said.replace(f"{reason}: ", "") if reason else said
    return said


def joined(*parts: str | None) -> str | None:
    """The parts as one sentence, without what an earlier part has said already; None when nothing is left."""
    said: list[str] = []
    for part in "; ".join(part for part in parts if part).split("; "):
        if part and not any(part.replace(":", "") in one.replace(":", "") for one in said):
            said.append(part)
    return "; ".join(said) or None
