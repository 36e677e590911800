"""Replaying judged windows into episodes: the state after a window depends on it and those before it, nothing else.

So the order in which windows are judged, re-runs and interrupted runs do not matter: whoever replays the same windows
gets the same episodes.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from modelwatch.domain import Window
from modelwatch.episodes.policy import Policy
from modelwatch.episodes.problems import JudgedWindow, Problem, family

State = Literal["critical", "alert", "warning", "unclear", "quiet"]
Severity = Literal["alert", "critical"]
ORDER = ("quality", "feature_drift", "multivariate_drift", "prediction_drift", "performance", "fairness")


@dataclass(frozen=True)
class Trace:
    """What one window said of an episode; ``excess`` is in multiples of the threshold that was crossed."""

    window: Window
    state: State
    excess: float
    is_live: bool


@dataclass(frozen=True)
class Episode:
    """One problem from beginning to end.

    Attributes:
        fingerprint: the key of its leading problem when it opened, ``check:name``.
        members: the keys of all its problems, sorted.
        severity: the worst it has been.
        first: the earliest of the windows that opened it; ``opened``: the one that did; ``last``: where it was last
            at level alert; ``closed``: the quiet window that closed it, None while it is open.
        pages: the windows at which on-call is told: where it opens, and where it becomes critical.
        traces: every window from ``opened`` on.
    """

    fingerprint: str
    members: tuple[str, ...]
    severity: Severity
    cause: str | None
    peak: float
    first: Window
    opened: Window
    last: Window
    closed: Window | None
    pages: tuple[Window, ...]
    traces: tuple[Trace, ...]

    @property
    def check(self) -> str:
        """The check that leads it; "health" when it is about watching itself."""
        return self.fingerprint.partition(":")[0]


@dataclass
class _Running:
    fingerprint: str
    members: set[str]
    cause: str | None
    first: Window
    opened: Window
    last: Window
    severity: Severity = "alert"
    peak: float = 0.0
    quiet: int = 0
    closed: Window | None = None
    is_told: bool = False
    pages: list[Window] = field(default_factory=list)
    traces: list[Trace] = field(default_factory=list)

    def frozen(self) -> Episode:
        return Episode(
            self.fingerprint,
            tuple(sorted(self.members)),
            self.severity,
            self.cause,
            self.peak,
            self.first,
            self.opened,
            self.last,
            self.closed,
            tuple(self.pages),
            tuple(self.traces),
        )


class Replay:
    """The episodes of the windows added so far; add them oldest first."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._all: list[_Running] = []
        self._recent: deque[tuple[Window, Mapping[str, Problem]]] = deque(maxlen=policy.of)
        self._forget: dict[str, Window] = {}

    def add(self, judged: JudgedWindow) -> bool:
        """Take the next window; True when it pages."""
        self._watch_health(judged)
        now = {problem.key: problem for problem in judged.problems} if judged.is_measured else {}
        new: list[_Running] = []
        if judged.is_measured:
            self._recent.append((judged.window, {key: one for key, one in now.items() if one.level == "alert"}))
            new = self._opened(judged.window, now)
        for episode in [one for one in self._all if one.closed is None and family(one.fingerprint) != "health"]:
            self._observe(episode, judged, now)
        for episode in new:
            self._all.append(episode)
            self._observe(episode, judged, now)
        return any(one.pages and one.pages[-1] == judged.window for one in self._all)

    def episodes(self) -> tuple[Episode, ...]:
        """All episodes, in the order they opened."""
        return tuple(one.frozen() for one in self._all)

    def _opened(self, window: Window, now: Mapping[str, Problem]) -> list[_Running]:
        """Let problems that have become due join the episode they began with, and open episodes for the rest."""
        running = [one for one in self._all if one.closed is None]
        held = {key for one in running for key in one.members}
        groups: dict[str, list[tuple[Problem, Window]]] = {}
        for key in sorted(set(now) - held):
            first = self._due(now[key])
            if first is None:
                continue
            home = next((one for one in running if _belongs(key, first, one)), None)
            if home is None:
                groups.setdefault(family(key), []).append((now[key], first))
            else:
                home.members.add(key)
        return [_begin(window, groups[name]) for name in sorted(groups)]

    def _due(self, problem: Problem) -> Window | None:
        """The first of the windows that make the problem due in the newest one, None when it is not."""
        if problem.level != "alert":
            return None
        forget = self._forget.get(problem.key)
        seen = [window for window, alerts in self._recent if problem.key in alerts]
        if forget is not None:
            seen = [window for window in seen if (window.end, window.start) > (forget.end, forget.start)]
        is_due = problem.excess >= self.policy.critical or len(seen) >= self.policy.windows
        return seen[0] if is_due else None

    def _observe(self, episode: _Running, judged: JudgedWindow, now: Mapping[str, Problem]) -> None:
        window = judged.window
        mine = [now[key] for key in sorted(episode.members) if key in now]
        is_told = judged.is_measured and (mine or is_judged(judged, episode.fingerprint))
        state, excess = self._state(mine) if is_told else ("unclear", 0.0)
        episode.traces.append(Trace(window, state, excess, judged.is_live))
        if state in ("critical", "alert"):
            episode.last, episode.quiet = window, 0
            self._seen(episode, window, state, excess, mine)
        elif state == "warning":
            episode.quiet = 0
        elif state == "quiet":
            episode.quiet += 1
            if episode.quiet >= self.policy.close_after:
                episode.closed = window
                self._forget.update(dict.fromkeys(episode.members, window))

    def _seen(self, episode: _Running, window: Window, state: State, excess: float, mine: list[Problem]) -> None:
        worst = max(mine, key=lambda one: (one.level == "alert", one.excess))
        if excess > episode.peak:
            episode.peak, episode.cause = excess, worst.cause
        is_worse = state == "critical" and episode.severity == "alert"
        if is_worse:
            episode.severity = "critical"
        heard = any(one.level == "alert" and not self.policy.is_silenced(one.key, window.start) for one in mine)
        if heard and (is_worse or not episode.is_told):
            episode.is_told = True
            episode.pages.append(window)

    def _state(self, mine: list[Problem]) -> tuple[State, float]:
        for level in ("alert", "warning", "unclear"):
            excess = max((one.excess for one in mine if one.level == level), default=None)
            if excess is not None:
                return ("critical" if level == "alert" and excess >= self.policy.critical else level), excess
        return "quiet", 0.0

    def _watch_health(self, judged: JudgedWindow) -> None:
        """Outages open at once and close with the first window that was watched again; they page nobody here."""
        window, key = judged.window, f"health:{judged.outage}"
        running = [one for one in self._all if one.closed is None and family(one.fingerprint) == "health"]
        for episode in running:
            is_over = judged.outage is None or (judged.outage == "blind" and episode.fingerprint != key)
            state: State = "alert" if episode.fingerprint == key else "quiet" if is_over else "unclear"
            episode.traces.append(Trace(window, state, 0.0, judged.is_live))
            if state == "alert":
                episode.last = window
            elif state == "quiet":
                episode.closed = window
        if judged.outage is not None and all(one.fingerprint != key for one in running):
            begun = _Running(key, {key}, None, window, window, window)
            begun.traces.append(Trace(window, "alert", 0.0, judged.is_live))
            self._all.append(begun)


def is_judged(judged: JudgedWindow, fingerprint: str) -> bool:
    """Whether the window says anything of the problem: it was measured, and has the labels that it takes."""
    return judged.is_measured and not (judged.awaits_labels and family(fingerprint) == "performance")


def episodes_of(history: Iterable[JudgedWindow], policy: Policy) -> tuple[Episode, ...]:
    """The episodes of these windows, whatever their order; of a window given twice the later one counts."""
    by_window = {judged.window: judged for judged in history}
    replay = Replay(policy)
    for window in sorted(by_window, key=lambda one: (one.end, one.start)):
        replay.add(by_window[window])
    return replay.episodes()


def _belongs(key: str, first: Window, episode: _Running) -> bool:
    """A problem belongs to the episode that holds its feature already, or that was opening when it was first seen."""
    if family(key) != family(episode.fingerprint):
        return False
    names = {member.partition(":")[2] for member in episode.members}
    return key.partition(":")[2] in names or first <= episode.opened


def _begin(window: Window, due: list[tuple[Problem, Window]]) -> _Running:
    leading = min((problem for problem, _ in due), key=lambda one: (_rank(one.key), -one.excess, one.key))
    members = {problem.key for problem, _ in due}
    first = min((start for _, start in due), key=lambda one: (one.end, one.start))
    return _Running(leading.key, members, leading.cause, first, window, window)


def _rank(key: str) -> int:
    check = key.partition(":")[0]
    return ORDER.index(check) if check in ORDER else len(ORDER)
