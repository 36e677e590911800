"""The first lines of a model's page: what is wrong, since when, what it may mean, and what to do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from modelwatch.domain import Judgement, Measurement, Result
from modelwatch.history import Episode, Mark, Point
from modelwatch.report.meaning import meaning
from modelwatch.report.page.story import MEASURED, Problem
from modelwatch.report.page.words import VERDICT_WORDS, day_words

NAMED, LONGEST_NAME = 3, 60


@dataclass(frozen=True)
class Headline:
    """Four short answers.

    Attributes:
        what: one sentence; since: when the oldest open problem began, in words, or nothing.
        why: what it may mean, or nothing; todo: the next step.
        check: the check of the worst problem, for the section of the runbook; None when nothing is open.
    """

    what: str
    since: str
    why: str
    todo: str
    check: str | None = None


def headline(
    shown: Sequence[Mark], problems: Sequence[Problem], points: Sequence[Point], episodes: Sequence[Episode]
) -> Headline:
    """The headline of a model whose open problems these are.

    Args:
        points: fairness results, from which a standing gap is told from a new one.
    """
    newest = shown[-1] if shown else None
    if newest is None:
        return Headline("No window in this span.", "", "", "Look further back, or run a window.")
    blind = newest.verdict not in MEASURED
    if not problems:
        return _blind(newest.verdict) if blind else _quiet(episodes)
    every = [part for one in problems for part in one.parts]
    first = min(part.first.window for part in every)
    worst = "alert" if any(part.status == "alert" for part in every) else "warning"
    what = moved_words([part.name for part in every], worst)
    if blind:
        what += f" The newest window is {VERDICT_WORDS[newest.verdict]}: nobody knows whether it went on."
    since = f"{day_words(first.start)}, {_windows(max(part.n_windows for part in every))}"
    return Headline(what, since, meaning(_judgement(every, points)), _todo(worst, episodes), problems[0].worst.check)


def moved_words(every: Iterable[str], worst: str) -> str:
    """``amount, hour, channel and 2 more moved beyond an alert threshold.``."""
    names = list(dict.fromkeys(every))
    shown = [name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…" for name in names[:NAMED]]
    last = [f"{len(names) - NAMED} more"] if len(names) > NAMED else [shown.pop()]
    said = " and ".join([", ".join(shown), *last] if shown else last)
    return f"{said} moved beyond {'an' if worst == 'alert' else 'a'} {worst} threshold."


def _windows(n: int) -> str:
    return "one window so far" if n == 1 else f"{n} windows in a row"


def _todo(worst: str, episodes: Sequence[Episode]) -> str:
    unseen = [one.id for one in episodes if one.acknowledged_by is None]
    if unseen:
        said = ", ".join(map(str, unseen[:NAMED]))
        return f"Acknowledge episode{'s' if len(unseen) > 1 else ''} {said}, then follow the runbook."
    if episodes:
        return "Somebody has acknowledged it: see below who, and why."
    return (
        "No episode is open, so nobody is paged; look when you are at work."
        if worst == "warning"
        else ("No episode is open yet: one is opened when it lasts. Look at the newest window.")
    )


def _blind(verdict: str) -> Headline:
    what = f"The newest window is {VERDICT_WORDS[verdict]}: whether the model is well is not known."
    todo = (
        "Open the window: it says what failed. Then mend that, and run it again."
        if verdict == "not_measured"
        else "Open the window: it says how many requests are missing."
    )
    return Headline(what, "", "", todo)


def _quiet(episodes: Sequence[Episode]) -> Headline:
    if episodes:
        return Headline(
            "Quiet again: the newest window crossed no threshold.",
            "",
            "",
            "Nothing yet: an episode closes by itself when it has been quiet for long enough.",
        )
    return Headline(
        "Nothing is wrong: the newest window was measured, with enough evidence, and crossed no threshold.",
        "",
        "",
        "Nothing.",
    )


def _judgement(problems: Sequence[Problem], points: Sequence[Point]) -> Judgement:
    """The open problems as findings, beside the fairness results of their window."""
    findings = tuple(_result(point) for one in problems for point in one.metrics)
    newest = max(one.last.window for one in problems)
    return Judgement("alert", None, tuple(_result(point) for point in points if point.window == newest), findings)


def _result(point: Point) -> Result:
    measured = Measurement(
        point.check, point.metric, point.value, None, point.n_current, feature=point.feature, group=point.group
    )
    return Result(measured, point.status, point.threshold)
