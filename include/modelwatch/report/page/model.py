"""One model: its story, its map, and how its score, its groups and its volume went."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from modelwatch.domain import iso
from modelwatch.history import About, Act, Episode, Mark, Point, Redeployed, Strongest
from modelwatch.report.charts.lines import TimeChart
from modelwatch.report.page.graphs import charts_of
from modelwatch.report.page.headline import Headline, headline
from modelwatch.report.page.heat import Heat, columns_of, heat_map
from modelwatch.report.page.story import Problem, problems
from modelwatch.report.page.tables import Table, of_chart
from modelwatch.report.page.trail import trail_table
from modelwatch.report.page.versions import Versions
from modelwatch.report.privacy import shown_point

SPANS = (30, 60, 90, 180, 365, 730)
DEFAULT_SPAN = 60


@dataclass(frozen=True)
class ModelView:
    """All that the page of one model shows.

    Attributes:
        acts: what people did; redeploys: the versions that were compared; newest first.
        versions: the two that were compared last.
    """

    about: About
    shown: tuple[Mark, ...]
    heat: Heat
    quality: Heat
    problems: tuple[Problem, ...]
    charts: tuple[TimeChart, ...]
    headline: Headline
    episodes: tuple[Episode, ...] = ()
    acts: tuple[Act, ...] = ()
    redeploys: tuple[Redeployed, ...] = ()
    versions: Versions | None = None

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
        tables = [
            windows_table(self.shown),
            heat_table(self.heat, "drift"),
            heat_table(self.quality, "quality"),
            problems_table(self.problems),
            trail_table(self.acts),
            redeploys_table(self.redeploys),
            *(self.versions.tables() if self.versions is not None else ()),
            *(of_chart(chart) for chart in self.charts),
        ]
        return {table.name: table for table in tables}


def model_view(
    about: About,
    shown: Sequence[Mark],
    *,
    strongest: Sequence[Strongest],
    series: Iterable[Point],
    crossed: Iterable[Point],
    episodes: Sequence[Episode] = (),
    acts: Sequence[Act] = (),
    redeploys: Sequence[Redeployed] = (),
) -> ModelView:
    """The page of one model over these windows.

    Args:
        strongest: of every feature and column of `columns_of` what says most.
        series: what is drawn over time; crossed: every finding; episodes, acts, redeploys: those of this span.
    """
    columns, rate = columns_of(shown), about.false_discovery_rate
    drift = [one for one in strongest if one.check != "quality"]
    quality = [one for one in strongest if one.check == "quality"]
    visible = [shown_point(point) for point in series]
    story = problems(shown, map(shown_point, crossed))
    return ModelView(
        about=about,
        shown=tuple(shown),
        heat=heat_map(columns, drift, false_discovery_rate=rate),
        quality=heat_map(columns, quality, false_discovery_rate=rate),
        problems=tuple(story),
        charts=tuple(charts_of(list(shown), visible, about)),
        headline=headline(
            shown, [one for one in story if one.is_open], visible, [one for one in episodes if one.closed is None]
        ),
        episodes=tuple(episodes),
        acts=tuple(acts),
        redeploys=tuple(redeploys),
    )


def windows_table(shown: Sequence[Mark]) -> Table:
    """The windows with their verdicts."""
    columns = ("window_start", "window_end", "evaluation", "verdict", "page", "n_current", "coverage")
    rows = tuple(
        (iso(m.window.start), iso(m.window.end), m.number, m.verdict, m.page, m.n_current, m.coverage) for m in shown
    )
    return Table("windows", columns, rows)


def problems_table(found: Sequence[Problem]) -> Table:
    """Every problem of the span, open ones first; those that were told together each in its own row."""
    columns = ("name", "check", "status", "is_open", "first_window_start", "last_window_start", "windows", "evidence")
    rows = tuple(
        (
            one.name,
            one.worst.check,
            one.status,
            one.is_open,
            iso(one.first.window.start),
            iso(one.last.window.start),
            one.n_windows,
            one.words,
        )
        for told in found
        for one in told.parts
    )
    return Table("problems", columns, rows)


def redeploys_table(found: Sequence[Redeployed]) -> Table:
    """The comparisons of versions as rows, newest first."""
    return Table("redeploys", Redeployed._fields, tuple((iso(one.at), *one[1:]) for one in found))


def heat_table(heat: Heat, name: str) -> Table:
    """The map as rows of feature and window."""
    rows = tuple(
        (row.name, heat.columns[i].start.date().isoformat(), cell.level, cell.significant, cell.words)
        for row in heat.rows
        for i, cell in enumerate(row.cells)
        if cell is not None
    )
    return Table(name, ("feature", "day", "level", "significant", "strongest"), rows)
