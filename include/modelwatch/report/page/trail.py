"""Who did what to a model's monitor, when and why: answers to episodes, runs by hand, backfills."""

from collections.abc import Iterable, Sequence

from modelwatch.domain import iso
from modelwatch.history import Act
from modelwatch.report.page.tables import Table
from modelwatch.report.page.words import moment_words, person_words, window_words


def merged(stored: Iterable[Act], asked: Iterable[Act]) -> tuple[Act, ...]:
    """Newest first. A run that Airflow knows as well is told as Airflow tells it: with who asked for it, and why."""
    known = list(asked)
    runs = {act.of for act in known if act.kind == "run"}
    rest = [act for act in stored if act.kind != "run" or act.of not in runs]
    return tuple(sorted([*known, *rest], key=lambda act: (act.at, act.kind, act.of), reverse=True))


def act_words(act: Act) -> str:
    """What was done, such as ``snoozed episode 4 until 2 Dec 2026 09:00 UTC``."""
    if act.kind == "snoozed" and act.until:
        return f"snoozed episode {act.of} until {moment_words(act.until)}"
    if act.kind == "acknowledgement_removed":
        return f"took back the acknowledgement of episode {act.of}"
    if act.kind in ("run", "backfill"):
        done = "ran" if act.kind == "run" else "backfilled"
        return f"{done} {window_words(act.window)}" if act.window else f"{done} the newest window"
    return f"{act.kind.replace('_', ' ')} episode {act.of}"


def who_words(act: Act) -> str:
    """Who did it, as far as it was written down."""
    return person_words(act.by) if act.by else "somebody at a terminal" if act.kind == "run" else "not written down"


def trail_table(acts: Sequence[Act]) -> Table:
    """The trail as rows, newest first."""
    columns = ("at", "by", "kind", "of", "window_start", "window_end", "until", "reason")
    rows = tuple(
        (
            iso(act.at),
            act.by,
            act.kind,
            act.of,
            iso(act.window.start) if act.window else None,
            iso(act.window.end) if act.window else None,
            iso(act.until) if act.until else None,
            act.reason,
        )
        for act in acts
    )
    return Table("trail", columns, rows)
