"""What one judged window says of each problem: the one place that decides which findings are the same problem."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from modelwatch.domain import WAITING, Judgement, Result, VerdictName, Window
from modelwatch.metrics.registry import METRICS, WITH_LABELS

Level = Literal["alert", "warning", "unclear"]
Outage = Literal["not_measured", "empty", "below_minimum", "blind"]
MEASURED = ("ok", "warning", "alert")
MOST = 1e6
# Problems of one family that begin together have one cause more often than not, and are one episode.
FAMILIES = {"fairness": "fairness", "performance": "performance", "health": "health"}


@dataclass(frozen=True)
class Problem:
    """One feature or group of one check that is not quiet in a window.

    Attributes:
        key: ``check:feature``, ``check:group`` or ``check:metric``.
        level: the worst of its judged results; "unclear" when not one of them could have shown a breach.
        excess: the worst effect in multiples of the threshold it crossed, at most a million; 0 when none was.
        cause: the fingerprint of the change in one word, where one is known.
    """

    key: str
    level: Level
    excess: float = 0.0
    cause: str | None = None


@dataclass(frozen=True)
class JudgedWindow:
    """A judged window as episodes see it.

    Attributes:
        problems: every problem that is not quiet; one that is missing here was measured and is fine.
        outage: why the window was not watched as it should be, None when it was.
        is_live: judged as it came, not by a backfill.
        awaits_labels: what needs labels could not be judged yet, and is neither quiet nor a problem.
    """

    window: Window
    verdict: VerdictName
    problems: tuple[Problem, ...] = ()
    outage: Outage | None = None
    is_live: bool = True
    awaits_labels: bool = False

    @property
    def is_measured(self) -> bool:
        """Whether the window counts: only then can it open a problem or be a quiet one."""
        return self.verdict in MEASURED


def judged_window(
    window: Window, judgement: Judgement, *, n_current: int, is_live: bool = True, awaits_labels: bool = False
) -> JudgedWindow:
    """A judgement as episodes see it."""
    problems = problems_of(judgement.results) if judgement.verdict in MEASURED else ()
    return JudgedWindow(window, judgement.verdict, problems, _outage(judgement, n_current), is_live, awaits_labels)


def problem_key(result: Result) -> str:
    """What makes findings the same problem: the check and the feature or group, whatever the metric.

    What fairness needs labels for is a problem of performance: it is known when that is, and not before.
    """
    m = result.measurement
    check = "performance" if m.metric in WITH_LABELS else m.check
    return f"{check}:{m.feature or m.group or m.metric}"


def problems_of(results: Iterable[Result]) -> tuple[Problem, ...]:
    """The problems among the results, by key; results without a threshold say nothing here."""
    by_key: dict[str, list[Result]] = {}
    for result in results:
        if result.threshold is not None and result.measurement.metric != "row_count":
            by_key.setdefault(problem_key(result), []).append(result)
    found = (_problem(key, by_key[key]) for key in sorted(by_key))
    return tuple(problem for problem in found if problem is not None)


def family(key: str) -> str:
    """Which problems may share an episode: what arrives and what the model makes of it are one family ("data")."""
    return FAMILIES.get(key.partition(":")[0], "data")


def _problem(key: str, results: Sequence[Result]) -> Problem | None:
    for level in ("alert", "warning"):
        crossed = [result for result in results if result.status == level]
        if crossed:
            worst = max(crossed, key=_excess)
            return Problem(key, level, _excess(worst), worst.measurement.cause)
    statuses = {result.status for result in results if result.measurement.reason not in WAITING}
    return Problem(key, "unclear") if statuses and "ok" not in statuses else None


def _excess(result: Result) -> float:
    m, threshold = result.measurement, result.threshold or 0.0
    effect = m.effect or 0.0
    above, below = (threshold, effect) if METRICS[m.metric].lower_is_worse else (effect, threshold)
    return min(MOST, above / below) if below > 0 else MOST


def _outage(judgement: Judgement, n_current: int) -> Outage | None:
    if judgement.verdict == "not_measured":
        return "not_measured"
    if judgement.verdict != "insufficient_data":
        return None
    counts = [one for one in judgement.results if one.measurement.metric == "row_count"]
    if n_current == 0:
        return "empty"
    return "below_minimum" if any(one.status == "insufficient_data" for one in counts) else "blind"
