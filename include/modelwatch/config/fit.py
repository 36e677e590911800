"""Whether the parts of a monitor file fit each other: a column plays one part, and fairness has what it compares."""

from datetime import timedelta
from typing import TYPE_CHECKING

from modelwatch.config.base import Place, duration_text
from modelwatch.errors import did_you_mean

if TYPE_CHECKING:
    from modelwatch.config.monitor import Monitor

DAY = timedelta(days=1)
MAX_PARTS = 1000  # of a window; Airflow maps a task 1,024 times at most
Problems = list[tuple[Place, str]]


def columns_problems(monitor: "Monitor") -> Problems:
    """Columns that play two parts which exclude each other."""
    problems: Problems = []
    roles: dict[str, str] = {}
    for role, name in monitor.columns:
        if name is None:
            continue
        if name in roles:
            problems.append((("columns", role), f"'{name}' is columns.{roles[name]} already"))
        if name in monitor.features:
            text = f"is columns.{role} too; a model's own output is not its input: remove one of the two"
            problems.append((("features", name), text))
        roles.setdefault(name, role)
    return problems + _paths_used_twice(monitor)


def _paths_used_twice(monitor: "Monitor") -> Problems:
    problems: Problems = []
    first: dict[str, str] = {}
    for name, feature in monitor.features.items():
        path = feature.path or name
        if path in first:
            problems.append((("features", name), f"reads '{path}', as features.{first[path]} does"))
        first.setdefault(path, name)
    return problems


def fairness_problems(monitor: "Monitor") -> Problems:
    """Fairness without decisions, over columns that cannot be groups, or over a window that no windows make up."""
    fairness = monitor.fairness
    if fairness is None:
        return []
    problems: Problems = []
    if monitor.columns.decision is None:
        problems.append((("fairness",), "compares decisions between groups: set columns.decision"))
    roles = {name: role for role, name in monitor.columns if name is not None}
    for i, name in enumerate(fairness.sensitive):
        if name in roles:
            problems.append((("fairness", "sensitive", i), f"'{name}' is columns.{roles[name]}, not a group of people"))
    for name in fairness.bands:
        if name in monitor.features and monitor.features[name].type == "categorical":
            text = f"bands cut a number, but features.{name} is categorical; make it numeric or remove the bands"
            problems.append((("fairness", "bands", name), text))
    if fairness.window is not None and fairness.window % monitor.window:
        length, window = duration_text(fairness.window), duration_text(monitor.window)
        problems.append((("fairness", "window"), f"{length} is not made up of whole windows of {window}"))
    return problems


def performance_problems(monitor: "Monitor") -> Problems:
    """A part of performance without the columns it is made of, or made of a column that plays another part."""
    spec, columns = monitor.performance, monitor.columns
    needs: list[tuple[str, object, tuple[str, ...]]] = [
        ("queue", spec.queue, ("score", "label", "timestamp")),
        ("costs", spec.costs, ("decision", "label")),
        ("traffic", spec.traffic, ("decision", "label")),
        ("propensity", spec.propensity, ("decision", "label")),
    ]
    problems: Problems = [
        (("performance", part), f"needs columns.{role}: set it")
        for part, given, roles in needs
        for role in roles
        if given is not None and getattr(columns, role) is None
    ]
    roles = {name: role for role, name in columns if name is not None}
    taken = "is columns.{} already"
    named: list[tuple[Place, str | None]] = [
        (("performance", "queue", "entity"), spec.queue.entity if spec.queue else None),
        (("performance", "traffic", "column"), spec.traffic.column if spec.traffic else None),
        (("performance", "propensity"), spec.propensity),
    ]
    return problems + [(place, f"'{name}' {taken.format(roles[name])}") for place, name in named if name in roles]


def lookback_problems(monitor: "Monitor") -> Problems:
    """A lookback that no windows make up, or that would compare windows with themselves."""
    problems: Problems = []
    reference, window, lookback = monitor.reference, monitor.window, monitor.lookback
    if reference.type == "same_weekday" and window > DAY:
        text = f"compares windows of one weekday; windows of {duration_text(window)} have none"
        problems.append((("reference", "type"), text))
    if lookback is not None and (lookback % window or lookback == window):
        text = f"{duration_text(lookback)} is not made up of two or more whole windows of {duration_text(window)}"
        problems.append((("lookback",), text))
    return problems + _overlaps(monitor)


def source_problems(monitor: "Monitor") -> Problems:
    """Requests read by several workers that cannot be told apart, and parts that do not make up a window."""
    if monitor.source.type == "spark":
        return _needed_columns(monitor, ("source", "type"))
    split, window = monitor.split, monitor.window
    if split is None:
        return []
    place: Place = ("source", "split")
    if split >= window or window % split or (split % DAY and DAY % split):
        text = f"{duration_text(split)} is no part of a window of {duration_text(window)}; write a length that divides"
        return [(place, f"{text} it, of whole days or dividing a day")]
    if window // split > MAX_PARTS:
        text = f"a window of {duration_text(window)} has {window // split} parts of {duration_text(split)}"
        return [(place, f"{text}; {MAX_PARTS} at most")]
    return _needed_columns(monitor, place)


def _needed_columns(monitor: "Monitor", place: Place) -> Problems:
    roles = [("id", "the sample is chosen by it"), ("timestamp", "it tells which requests belong to what is read")]
    return [(place, f"needs columns.{role}: {why}") for role, why in roles if getattr(monitor.columns, role) is None]


def _overlaps(monitor: "Monitor") -> Problems:
    """Windows that reach back into the windows which they are compared with."""
    reference, window = monitor.reference, monitor.window
    if reference.type == "file":
        return []
    longest = reference.n_skipped * window + window if reference.type == "rolling" else 7 * DAY
    fix = "raise reference.offset or shorten it" if reference.type == "rolling" else "shorten it"
    spans: list[tuple[Place, timedelta | None]] = [
        (("lookback",), monitor.lookback),
        (("fairness", "window"), monitor.fairness.window if monitor.fairness else None),
    ]
    text = (
        f"reaches into the windows of the {reference.type} reference; it may be {duration_text(longest)} at most; {fix}"
    )
    return [(place, f"{duration_text(span)} {text}") for place, span in spans if span is not None and span > longest]


def silences_problems(monitor: "Monitor") -> Problems:
    """Silences of a column or a group that is not watched: they would silence nothing."""
    columns = [*monitor.features, *filter(None, (monitor.columns.score, monitor.columns.decision))]
    fairness = monitor.fairness
    groups = [*fairness.sensitive, *(" & ".join(one) for one in fairness.intersections)] if fairness else []
    problems: Problems = []
    for i, silence in enumerate(monitor.alerts.silences):
        for key, name, known in (("feature", silence.feature, columns), ("group", silence.group, groups)):
            if name is not None and name not in known:
                text = f"'{name}' is not watched; watched: {', '.join(known) or 'none'}{did_you_mean(name, known)}"
                problems.append((("alerts", "silences", i, key), text))
    return problems


def probe_problems(monitor: "Monitor") -> Problems:
    """Probes that cannot be made: of features that are not there, or of a model whose answers name no version."""
    probe = monitor.probe
    if probe is None:
        return []
    numeric = [name for name, feature in monitor.features.items() if feature.type == "numeric"]
    categorical = [name for name in monitor.features if name not in numeric]
    sensitive = monitor.fairness.sensitive if monitor.fairness else []
    wanted: list[tuple[Place, str, list[str], str]] = [
        *((("monotonic", name), name, numeric, "a numeric feature") for name in probe.monotonic),
        *((("numbers", i), name, categorical, "a categorical feature") for i, name in enumerate(probe.numbers)),
        *((("proxies", name), name, sensitive, "in fairness.sensitive") for name in probe.proxies),
        *(
            (("proxies", name, i), proxy, list(monitor.features), "a feature")
            for name, proxies in probe.proxies.items()
            for i, proxy in enumerate(proxies)
        ),
    ]
    problems: Problems = [
        (("probe", *place), f"'{name}' is not {what}{did_you_mean(name, known)}")
        for place, name, known, what in wanted
        if name not in known
    ]
    roles = monitor.columns
    if roles.model_version is None:
        problems.append((("probe",), "compares versions of the model: set columns.model_version"))
    if roles.score is None and roles.decision is None:
        problems.append((("probe",), "compares what the versions answer: set columns.score or columns.decision"))
    return problems
