"""Figures for people."""


def percent(share: float) -> str:
    """A share for people: ``"0.1 %"``, ``"12.3 %"``."""
    return f"{100 * share:.1f} %" if share >= 0.0005 or share == 0 else f"{100 * share:.2g} %"


def change(before: float, after: float) -> str:
    """Two shares for people: ``"0.1 % -> 12.3 %"``."""
    return f"{percent(before)} -> {percent(after)}"
