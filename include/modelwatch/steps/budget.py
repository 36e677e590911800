"""How often a backtest would have paged by chance alone, and thresholds that keep within a budget of pages."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from modelwatch.config import Monitor
from modelwatch.config.thresholds import OF_FEATURES, RANGES
from modelwatch.domain import Judgement, Levels, Measurement, Result, Rules
from modelwatch.episodes import Replay, judged_window, problem_key
from modelwatch.report.document import Evaluation
from modelwatch.report.thresholds import Key, Proposal
from modelwatch.steps.policy import UNDATED, policy_of
from modelwatch.steps.widen import requests_judged
from modelwatch.verdict import MEASURED, deciding_interval, judge, levels_of

MONTH = timedelta(days=365.2425 / 12)
MARGIN = 1.05  # a proposed threshold lies this much beyond the largest effect it is to keep quiet


def expected_pages(evaluations: Sequence[Evaluation], monitor: Monitor) -> float:
    """How many windows would have paged, at most, had nothing changed in any of them.

    Benjamini-Hochberg at level q gives a window without any change a discovery with probability at most q, and each of
    its M tests with at most q / M / (1 - q)^2; the intervals of one fairness metric miss with probability at most q
    together. A problem pages when it is there in enough of the last windows, taken as independent. Materiality, and
    alarms that fall into an episode that is open already, make the true number smaller.

    Source: Benjamini & Hochberg 1995; Finner & Roters 2002 for the expected number of false discoveries.
    """
    rules, open_after = monitor.rules(), monitor.alerts.open_after
    several = (1 - rules.false_discovery_rate) ** -2
    total = 0.0
    earlier: list[dict[str, float]] = []
    for evaluation in evaluations:
        if evaluation.judgement.verdict not in MEASURED:
            continue
        chances = _chances(evaluation.judgement.results, rules)
        before = earlier[: open_after.of - 1]
        pages = sum(
            several * chance * _at_least(open_after.windows - 1, [several * one.get(key, 0.0) for one in before])
            for key, chance in chances.items()
        )
        total += min(1.0, pages, sum(chances.values()))
        earlier.insert(0, chances)
    return total


def propose(evaluations: Sequence[Evaluation], monitor: Monitor, *, per_month: float) -> Proposal:
    """Raise the alert thresholds that page most, one by one, until a quiet history keeps within its budget.

    Each is raised just beyond the largest effect of the history, and none that the budget does not need. The warnings
    stay. What was stored or summed is not done again: under other thresholds a moving reference would hold other
    windows.

    Args:
        evaluations: the windows of a backtest, in order.
        monitor: its thresholds as they are.
        per_month: pages a month that are acceptable.
    """
    months = _months(evaluations)
    allowed = per_month * months
    pages, loud = _replay(evaluations, monitor, {})
    before, levels = sum(pages), dict[Key, Levels]()
    while sum(pages) > allowed and loud:
        key = min(loud, key=lambda one: (-loud[one], str(one)))
        levels[key] = _beyond_all(evaluations, monitor, key)
        pages, loud = _replay(evaluations, monitor, levels)
    for key in list(levels):
        fewer = {other: own for other, own in levels.items() if other != key}
        if sum(_replay(evaluations, monitor, fewer)[0]) <= allowed:
            levels = fewer
    measured = sum(one.judgement.verdict in MEASURED for one in evaluations)
    return Proposal(months, measured, before, sum(_replay(evaluations, monitor, levels)[0]), levels)


def _chances(results: Sequence[Result], rules: Rules) -> dict[str, float]:
    """The chance of each problem in a window without any change."""
    q, chances = rules.false_discovery_rate, defaultdict[str, float](float)
    tests = [result for result in results if result.q_value is not None]
    intervals = [
        r for r in results if r.q_value is None and deciding_interval(r.measurement) and r.threshold is not None
    ]
    of_metric = Counter(result.measurement.metric for result in intervals)
    for result in [*tests, *intervals]:
        if levels_of(result.measurement, rules).alert is not None:
            among = len(tests) if result.q_value is not None else of_metric[result.measurement.metric]
            chances[problem_key(result)] += q / among
    return chances


def _at_least(k: int, chances: Sequence[float]) -> float:
    """P(at least ``k`` of independent events)."""
    exactly = [1.0]
    for chance in chances:
        kept = [p * (1 - chance) for p in [*exactly, 0.0]]
        exactly = [stays + comes * chance for stays, comes in zip(kept, [0.0, *exactly], strict=True)]
    return sum(exactly[k:])


def _months(evaluations: Sequence[Evaluation]) -> float:
    windows = [one.window for one in evaluations if one.window]
    return (windows[-1].end - windows[0].start) / MONTH if windows else 0.0


def _replay(
    evaluations: Sequence[Evaluation], monitor: Monitor, levels: Mapping[Key, Levels]
) -> tuple[list[bool], Counter[Key]]:
    """Which windows would page under these thresholds, and in how many of those each threshold was crossed."""
    rules, replay = _with(monitor.rules(), levels), Replay(policy_of(monitor))
    pages: list[bool] = []
    loud: Counter[Key] = Counter()
    for evaluation in evaluations:
        judgement, window = _again(evaluation, rules), evaluation.window or UNDATED
        pages.append(replay.add(judged_window(window, judgement, n_current=evaluation.n_current)))
        if pages[-1]:
            loud.update({_key(one, monitor) for one in judgement.findings if one.status == "alert"})
    return pages, loud


def _again(evaluation: Evaluation, rules: Rules) -> Judgement:
    """The window judged by other rules; nothing is measured again."""
    judgement = evaluation.judgement
    measured = [result.measurement for result in judgement.results]
    unmeasured = judgement.reason if judgement.verdict == "not_measured" else None
    return judge(measured, rules, n_current=requests_judged(measured, evaluation.n_current), unmeasured=unmeasured)


def _key(result: Result, monitor: Monitor) -> Key:
    """Where the threshold of a result stands in the monitor file: beside its feature, or among the metrics."""
    m = result.measurement
    return (m.feature if m.feature in monitor.features and m.metric in OF_FEATURES else None), m.metric


def _with(rules: Rules, levels: Mapping[Key, Levels]) -> Rules:
    by_feature = {name: dict(own) for name, own in rules.by_feature.items()}
    general = dict(rules.levels)
    for (feature, metric), own in levels.items():
        (general if feature is None else by_feature.setdefault(feature, {}))[metric] = own
    return replace(rules, levels=general, by_feature=by_feature)


def _beyond_all(evaluations: Sequence[Evaluation], monitor: Monitor, key: Key) -> Levels:
    """The levels of now, with the alert beyond every finding of the history; a warning alone where no number is."""
    low, high, lower_is_worse = RANGES[key[1]]
    found = [one for e in evaluations for one in e.judgement.findings if _key(one, monitor) == key]
    now = levels_of(found[0].measurement, monitor.rules())
    deciding = [_deciding(one.measurement, lower_is_worse=lower_is_worse) for one in found]
    limit = _two_digits(min(deciding) / MARGIN, up=False) if lower_is_worse else _two_digits(max(deciding) * MARGIN)
    if limit <= low or (high is not None and limit > high):
        return Levels(warning=now.alert if now.warning is None else now.warning)
    return Levels(now.warning, limit)


def _deciding(m: Measurement, *, lower_is_worse: bool) -> float:
    """The number that is compared with the threshold: the near end of an interval, else the debiased effect."""
    interval = deciding_interval(m)
    return (m.effect or 0.0) if interval is None else interval[1] if lower_is_worse else interval[0]


def _two_digits(value: float, *, up: bool = True) -> float:
    """Rounded to two digits, away from the value's own side."""
    if value <= 0:
        return 0.0
    digits = 1 - math.floor(math.log10(value))
    scaled = value * 10.0**digits
    return round((math.ceil(scaled) if up else math.floor(scaled)) / 10.0**digits, max(0, digits))
