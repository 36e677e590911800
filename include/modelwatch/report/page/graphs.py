"""A model's charts over time: score and decisions, volume, fairness by group with intervals and thresholds."""

from modelwatch.domain import Window
from modelwatch.history import ESTIMATED, About, Mark, Point
from modelwatch.metrics.registry import METRICS
from modelwatch.report.charts.lines import Limit, Line, TimeChart

RATES = {
    "selection_rate": "demographic_parity_difference",
    "true_positive_rate": "equal_opportunity_difference",
    "false_positive_rate": "equalized_odds_difference",
}
"""Each group's rate, and the gap between groups that is judged by a threshold."""
LEVELS = ("warning", "alert")
MOST_GROUPS = 8


def charts_of(shown: list[Mark], points: list[Point], about: About) -> list[TimeChart]:
    """Every chart of a model that has something to draw."""
    charts = [
        _prediction(shown, points, about),
        _volume(shown, about),
        *_performance(shown, points),
        *_fairness(shown, points),
    ]
    return [chart for chart in charts if chart.lines]


def _prediction(shown: list[Mark], points: list[Point], about: About) -> TimeChart:
    """How far the score and the decision have moved, each by its strongest metric's debiased effect."""
    mine = [p for p in points if p.check == "prediction_drift" and p.metric == "psi"]
    names = [name for name in (about.score, about.decision) if any(p.feature == name for p in mine)]
    lines = tuple(_line(name or "", shown, [p for p in mine if p.feature == name], of_effect=True) for name in names)
    title = "Drift of score and decisions (PSI, debiased)"
    return TimeChart("prediction", title, _windows(shown), lines, _limits(mine))


def _performance(shown: list[Mark], points: list[Point]) -> list[TimeChart]:
    """Each measure of how right the model was, by labels, and what it may come to while they are coming.

    What was estimated without labels is drawn beside what came true, and its chart says how good it has been.
    """
    mine = [p for p in points if p.check == "performance" and p.group in (None, ESTIMATED) and p.feature is None]
    worsened = {p.metric for p in mine if p.status in LEVELS}  # what did not, the metric's own line shows as well
    mine = [p for p in mine if not p.metric.endswith("_worsening") or p.metric in worsened]
    charts = []
    for metric in dict.fromkeys(p.metric for p in mine if p.value is not None):
        found = [p for p in mine if p.metric == metric and p.value is not None]
        kinds = ((metric, None), (f"{metric}, while labels are coming", ESTIMATED))
        lines = [_line(name, shown, known) for name, kind in kinds if (known := [p for p in found if p.group == kind])]
        came = [p for p in mine if metric == f"estimated_{p.metric}" and p.group is None]
        lines += [_line(came[0].metric, shown, came)] if came else []
        name, title = f"performance-{metric.replace('_', '-')}", metric.replace("_", " ").capitalize()
        limits = _limits([_at_its_value(point) for point in found if point.group is None])
        charts.append(TimeChart(name, title, _windows(shown), tuple(lines), limits, note=_how_good(found, came)))
    return charts


def _how_good(estimated: list[Point], came: list[Point]) -> str:
    """How often what came true was within the estimate's interval, and how far off the estimate was on average."""
    true = {point.window: point.value for point in came if point.value is not None}
    both = [
        (abs(true[p.window] - p.value), p.ci_low <= true[p.window] <= p.ci_high)
        for p in estimated
        if p.window in true and p.value is not None and p.ci_low is not None and p.ci_high is not None
    ]
    if not both:
        return ""
    off, held = sum(one for one, _ in both) / len(both), sum(is_within for _, is_within in both)
    return (
        f"What came true was within the estimate's interval in {held} of {len(both)} windows, {off:.2g} off on average."
    )


def _at_its_value(point: Point) -> Point:
    """The point with its threshold, which is for a fall or a rise against the reference, where the value would be."""
    worsens = METRICS[point.metric].worsens
    if worsens is None or point.value is None or point.effect is None or point.threshold is None:
        return point
    sign = -1 if worsens == "falls" else 1
    return point._replace(threshold=point.value + sign * (point.threshold - point.effect))


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
        charts += _rates(shown, mine, attribute, i)
    return charts


def _rates(shown: list[Mark], points: list[Point], attribute: str, number: int) -> list[TimeChart]:
    charts = []
    for rate, gap in RATES.items():
        mine = [p for p in points if p.metric == rate and _attribute(p.group) == attribute]
        groups = list(dict.fromkeys(p.group for p in mine if p.group))
        lines = [_line(_levels(group), shown, [p for p in mine if p.group == group]) for group in groups]
        seen = [line for line in lines if any(value is not None for value in line.values)]
        if seen:
            drawn = _furthest_apart(seen)
            note = f"The {len(drawn)} groups furthest apart, of {len(seen)}." if len(drawn) < len(seen) else ""
            title = f"{rate.replace('_', ' ').capitalize()} by {attribute}"
            name = f"rates-{rate.replace('_', '-')}-{number}"
            limits = _above_the_lowest(seen, [p for p in points if p.metric == gap and p.group == attribute], shown)
            charts.append(TimeChart(name, title, _windows(shown), drawn, limits, percent=True, note=note))
    return charts


def _furthest_apart(lines: list[Line]) -> tuple[Line, ...]:
    """All of few groups; of many those whose newest values are lowest and highest."""
    if len(lines) <= MOST_GROUPS:
        return tuple(lines)
    newest = [next(v for v in reversed(line.values) if v is not None) for line in lines]
    ranked = sorted(range(len(lines)), key=newest.__getitem__)
    kept = {*ranked[: MOST_GROUPS // 2], *ranked[-(MOST_GROUPS // 2) :]}
    return tuple(line for i, line in enumerate(lines) if i in kept)


def _above_the_lowest(lines: list[Line], gaps: list[Point], shown: list[Mark]) -> tuple[Limit, ...]:
    """Where a group's rate makes the gap to the lowest group cross its threshold; the lowest moves, so this does."""
    found = []
    for limit in _limits(gaps):
        values = [_lowest(lines, i) for i in range(len(shown))]
        moved = tuple(None if value is None else value + limit.value for value in values)
        newest = next((value for value in reversed(moved) if value is not None), None)
        if newest is not None:
            found.append(Limit(limit.level, newest, moved))
    return tuple(found)


def _lowest(lines: list[Line], i: int) -> float | None:
    """The lowest rate of a group with enough requests in one window."""
    sure = [line.values[i] for line in lines if line.statuses[i] != "insufficient_data"]
    return min((value for value in sure if value is not None), default=None)


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
