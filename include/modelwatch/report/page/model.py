"""One model: its story, its map, and how its score, its groups and its volume went."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from modelwatch.domain import Window, iso
from modelwatch.history import About, Episode, Mark, Point, Strongest
from modelwatch.report.charts.lines import Limit, Line, TimeChart
from modelwatch.report.page.heat import Heat, columns_of, heat_map
from modelwatch.report.page.story import Problem, problems
from modelwatch.report.page.tables import Table, of_chart
from modelwatch.report.privacy import shown_point

SPANS = (30, 60, 90, 180, 365, 730)
DEFAULT_SPAN = 60
RATES = ("selection_rate", "true_positive_rate", "false_positive_rate")
LEVELS = ("warning", "alert")


@dataclass(frozen=True)
class ModelView:
    """All that the page of one model shows."""

    about: About
    shown: tuple[Mark, ...]
    heat: Heat
    quality: Heat
    problems: tuple[Problem, ...]
    charts: tuple[TimeChart, ...]
    episodes: tuple[Episode, ...] = ()

    @property
    def open_episodes(self) -> tuple[Episode, ...]:
        """Those that are not closed."""
        return tuple(episode for episode in self.episodes if episode.closed is None)

    @property
    def open_by_episode(self) -> list[tuple[Episode | None, list[Problem]]]:
        """The open problems by the open episode they belong to, worst first; those without one come last."""
        found: dict[int, tuple[Episode | None, list[Problem]]] = {one.id: (one, []) for one in self.open_episodes}
        alone: list[Problem] = []
        for problem in self.open_problems:
            mine = next((one.id for one in self.open_episodes if problem.key in one.members), None)
            (found[mine][1] if mine is not None else alone).append(problem)
        place = {problem.key: i for i, problem in enumerate(self.open_problems)}
        groups = sorted(found.values(), key=lambda one: place[one[1][0].key] if one[1] else len(place))
        return [*groups, (None, alone)] if alone else groups

    @property
    def open_problems(self) -> tuple[Problem, ...]:
        """Those of the newest measured window."""
        return tuple(problem for problem in self.problems if problem.is_open)

    @property
    def past_problems(self) -> tuple[Problem, ...]:
        """Those that went away."""
        return tuple(problem for problem in self.problems if not problem.is_open)

    def chart(self, name: str) -> TimeChart | None:
        """The chart of this name."""
        return next((chart for chart in self.charts if chart.name == name), None)

    def tables(self) -> dict[str, Table]:
        """Everything that can be exported, by name."""
        tables = [windows_table(self.shown), heat_table(self.heat, "drift"), heat_table(self.quality, "quality")]
        return {table.name: table for table in [*tables, *(of_chart(chart) for chart in self.charts)]}


def model_view(
    about: About,
    shown: Sequence[Mark],
    *,
    strongest: Sequence[Strongest],
    series: Iterable[Point],
    crossed: Iterable[Point],
    episodes: Sequence[Episode] = (),
) -> ModelView:
    """The page of one model over these windows.

    Args:
        strongest: of every feature and column of `columns_of` what says most.
        series: what is drawn over time; crossed: every finding; episodes: those of this span.
    """
    columns, rate = columns_of(shown), about.false_discovery_rate
    drift = [one for one in strongest if one.check != "quality"]
    quality = [one for one in strongest if one.check == "quality"]
    visible = [shown_point(point) for point in series]
    return ModelView(
        about=about,
        shown=tuple(shown),
        heat=heat_map(columns, drift, false_discovery_rate=rate),
        quality=heat_map(columns, quality, false_discovery_rate=rate),
        problems=tuple(problems(shown, crossed)),
        charts=tuple(_charts(list(shown), visible, about)),
        episodes=tuple(episodes),
    )


def windows_table(shown: Sequence[Mark]) -> Table:
    """The windows with their verdicts."""
    columns = ("window_start", "window_end", "evaluation", "verdict", "page", "n_current", "coverage")
    rows = tuple(
        (iso(m.window.start), iso(m.window.end), m.number, m.verdict, m.page, m.n_current, m.coverage) for m in shown
    )
    return Table("windows", columns, rows)


def heat_table(heat: Heat, name: str) -> Table:
    """The map as rows of feature and window."""
    rows = tuple(
        (row.name, heat.columns[i].start.date().isoformat(), cell.level, cell.significant, cell.words)
        for row in heat.rows
        for i, cell in enumerate(row.cells)
        if cell is not None
    )
    return Table(name, ("feature", "day", "level", "significant", "strongest"), rows)


def _charts(shown: list[Mark], points: list[Point], about: About) -> list[TimeChart]:
    charts = [_prediction(shown, points, about), _volume(shown, about), *_fairness(shown, points)]
    return [chart for chart in charts if chart.lines]


def _prediction(shown: list[Mark], points: list[Point], about: About) -> TimeChart:
    """How far the score and the decision have moved, each by its strongest metric's debiased effect."""
    mine = [p for p in points if p.check == "prediction_drift" and p.metric == "psi"]
    names = [name for name in (about.score, about.decision) if any(p.feature == name for p in mine)]
    lines = tuple(_line(name or "", shown, [p for p in mine if p.feature == name], of_effect=True) for name in names)
    title = "Drift of score and decisions (PSI, debiased)"
    return TimeChart("prediction", title, _windows(shown), lines, _limits(mine))


def _fairness(shown: list[Mark], points: list[Point]) -> list[TimeChart]:
    """Per sensitive attribute: the gap between its groups, then each group's own rate."""
    mine = [p for p in points if p.check == "fairness"]
    attributes = dict.fromkeys(p.group for p in mine if p.group and "=" not in p.group)
    charts = []
    for i, attribute in enumerate(attributes):
        for metric in ("demographic_parity_difference", "equalized_odds_difference"):
            gap = [p for p in mine if p.group == attribute and p.metric == metric]
            if any(p.value is not None for p in gap):
                title = f"{metric.replace('_', ' ').capitalize()} by {attribute}"
                lines = (_line(metric, shown, gap),)
                name = f"fairness-{metric.replace('_', '-')}-{i}"
                charts.append(TimeChart(name, title, _windows(shown), lines, _limits(gap), percent=True))
        charts += _rates(shown, mine, attribute or "", i)
    return charts


def _rates(shown: list[Mark], points: list[Point], attribute: str, number: int) -> list[TimeChart]:
    charts = []
    for rate in RATES:
        mine = [p for p in points if p.metric == rate and _attribute(p.group) == attribute]
        groups = list(dict.fromkeys(p.group for p in mine if p.group))
        lines = tuple(_line(_levels(group), shown, [p for p in mine if p.group == group]) for group in groups)
        drawn = tuple(line for line in lines if any(value is not None for value in line.values))
        if drawn and len(drawn) <= 8:
            title = f"{rate.replace('_', ' ').capitalize()} by {attribute}"
            name = f"rates-{rate.replace('_', '-')}-{number}"
            charts.append(TimeChart(name, title, _windows(shown), drawn, percent=True))
    return charts


def _volume(shown: list[Mark], about: About) -> TimeChart:
    values = tuple(float(mark.n_current) for mark in shown)
    limits = (Limit("minimum", float(about.minimum)),) if about.minimum else ()
    lines = (Line("requests judged", values),) if shown else ()
    return TimeChart("volume", "Requests judged per window", _windows(shown), lines, limits, bars=True)


def _line(name: str, shown: list[Mark], points: list[Point], *, of_effect: bool = False) -> Line:
    """The points of one thing, by window."""
    by_window: dict[Window, Point] = {}
    for point in points:
        by_window.setdefault(point.window, point)
    found = [by_window.get(mark.window) for mark in shown]
    has_interval = any(p is not None and p.ci_low is not None for p in found)
    return Line(
        name=name,
        values=tuple(None if p is None else (p.effect if of_effect else p.value) for p in found),
        lows=tuple(None if p is None else p.ci_low for p in found) if has_interval else (),
        highs=tuple(None if p is None else p.ci_high for p in found) if has_interval else (),
        statuses=tuple(None if p is None else p.status for p in found),
    )


def _limits(points: list[Point]) -> tuple[Limit, ...]:
    """The thresholds as the newest windows had them: each result carries the level it crossed, else the nearest."""
    found: dict[str, float] = {}
    for point in points:
        if point.threshold is not None:
            found["alert" if point.status == "alert" else "warning"] = point.threshold
    return tuple(Limit(level, found[level]) for level in LEVELS if level in found)


def _windows(shown: list[Mark]) -> tuple[Window, ...]:
    return tuple(mark.window for mark in shown)


def _attribute(group: str | None) -> str:
    """``gender & age_band`` of ``gender=F & age_band=18-24``."""
    return " & ".join(part.partition("=")[0] for part in (group or "").split(" & "))


def _levels(group: str) -> str:
    """``F & 18-24`` of ``gender=F & age_band=18-24``."""
    return " & ".join(part.partition("=")[2] for part in group.split(" & "))
