"""What to ask: a fixed list within the budget, in an order in which each beginning is already a fair part.

Half of the stored requests are those nearest to the decision, where a version that decides differently shows first;
the other half is drawn from the rest by hash. Every part takes them in the same order, so the answers of the replay
serve the others as what their changed copies are compared with.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

import numpy as np

from modelwatch.redeploy.asking import Ask, Kind, StoredRequest, Value, Values

UNSEEN = "modelwatch-unseen"
EXTREME = 1e12
STRESSED_ROWS = 5
# How the budget is shared; what a part has no use for goes to the others.
WEIGHTS: Mapping[Kind, float] = {
    "replay": 0.35,
    "repeat": 0.1,
    "counterfactual": 0.15,
    "proxy": 0.2,
    "sweep": 0.1,
    "stress": 0.05,
    "attribution": 0.05,
}


@dataclass(frozen=True)
class Questions:
    """What shall be found out about two versions.

    Attributes:
        budget: requests at most.
        old: the version to compare with; None when it cannot be asked and its logged answers stand for it.
        labels: for each sensitive feature the group of each stored request.
        groups: for each sensitive feature its groups, each with the value that a request of it has.
        proxies: for each sensitive feature the features that may stand for it.
        sweeps: for each feature with a declared direction the ascending values it is tried at.
        numeric, categorical: the features that are put under stress.
        donors: for each drifted feature, whose share of the score's shift is wanted, values it has in the reference.
    """

    new: str
    old: str | None
    budget: int
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    proxies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sweeps: Mapping[str, Sequence[float]] = field(default_factory=dict)
    numeric: Sequence[str] = ()
    categorical: Sequence[str] = ()
    donors: Mapping[str, Sequence[Value]] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """The stored requests in the order in which they are asked about, and which of them were chosen as the nearest."""

    rows: tuple[int, ...]
    near: frozenset[int]


def order_of(requests: Sequence[StoredRequest]) -> Order:
    """The nearest to the decision and the others in turn; only as given where no score and decision are logged."""
    nearest = _by_distance(requests)
    near = nearest[: len(nearest) // 2]
    chosen = set(near)
    others = [i for i in range(len(requests)) if i not in chosen]
    turns = zip_longest(near, others)
    return Order(tuple(i for pair in turns for i in pair if i is not None), frozenset(near))


def _by_distance(requests: Sequence[StoredRequest]) -> list[int]:
    """Positions by how many requests lie between them and the decision, on the scale of the logged score."""
    known = [i for i, one in enumerate(requests) if one.score is not None and one.decision is not None]
    selected = sum(bool(requests[i].decision) for i in known)
    if selected in (0, len(known)):
        return []
    ranked = sorted(known, key=lambda i: (requests[i].score or 0.0, i))
    means = [
        np.mean([requests[i].score or 0.0 for i in known if requests[i].decision is side]) for side in (True, False)
    ]
    boundary = len(known) - selected if means[0] >= means[1] else selected
    distance = {row: abs(rank + 0.5 - boundary) for rank, row in enumerate(ranked)}
    return sorted(known, key=lambda row: (distance[row], row))


def plan(requests: Sequence[StoredRequest], order: Order, questions: Questions) -> list[Ask]:
    """The asks in their order, each once, never more than the budget."""
    units: dict[Kind, Iterator[list[Ask]]] = {
        "replay": (_both("replay", row, questions) for row in order.rows),
        "repeat": (_replayed(row, questions) + _both("repeat", row, questions) for row in order.rows),
        "counterfactual": _counterfactuals(order, questions),
        "proxy": _proxies(requests, order, questions),
        "sweep": _sweeps(order, questions),
        "stress": _stress(order, questions),
        "attribution": _attributions(order, questions),
    }
    asked: dict[str, Ask] = {}
    spent = dict.fromkeys(units, 0)
    while units:
        kind = min(units, key=lambda one: spent[one] / WEIGHTS[one])
        unit = next(units[kind], None)
        new = {ask.key: ask for ask in unit or [] if ask.key not in asked}
        if unit is None or len(asked) + len(new) > questions.budget:
            del units[kind]
            continue
        asked |= new
        spent[kind] += max(1, len(new))
    return list(asked.values())


def _both(
    kind: Kind, row: int, questions: Questions, changed: Values | None = None, subject: str = "", level: str = ""
) -> list[Ask]:
    versions = [questions.new] if questions.old is None else [questions.old, questions.new]
    # Each is first as often as the other: a cache that the first one warms must not flatter the second.
    ordered = versions if row % 2 else versions[::-1]
    return [Ask(kind, version, row, changed or {}, subject, level) for version in ordered]


def _replayed(row: int, questions: Questions) -> list[Ask]:
    return _both("replay", row, questions)


def _counterfactuals(order: Order, questions: Questions) -> Iterator[list[Ask]]:
    """Each request in one other group, which is the next one for every second request: one that is near to the
    decision and one that is not.
    """
    for turn, row in enumerate(order.rows):
        for name, groups in questions.groups.items():
            others = [(label, value) for label, value in groups.items() if label != questions.labels[name][row]]
            if others:
                label, value = others[turn // 2 % len(others)]
                yield [
                    *_replayed(row, questions),
                    Ask("counterfactual", questions.new, row, {name: value}, name, label),
                ]


def _proxies(requests: Sequence[StoredRequest], order: Order, questions: Questions) -> Iterator[list[Ask]]:
    """The proxies alone, and together with the sensitive feature, as a request of another group has them.

    Every group is asked about as often as the others, however few requests are of it.
    """
    for turn, (name, row) in enumerate(_in_turn(order, questions)):
        own = questions.labels[name][row]
        donors = [
            i for i, label in enumerate(questions.labels[name]) if label != own and label in questions.groups[name]
        ]
        if not donors:
            continue
        donor, proxies = requests[donors[turn % len(donors)]].values, questions.proxies[name]
        changed = {proxy: donor.get(proxy) for proxy in proxies}
        subject = " + ".join(proxies)
        alone = _both("proxy", row, questions, changed, f"{subject} for {name}")
        together = _both("proxy", row, questions, {**changed, name: donor.get(name)}, f"{name} + {subject}")
        yield [*_replayed(row, questions), *alone, *together]


def _in_turn(order: Order, questions: Questions) -> Iterator[tuple[str, int]]:
    turns = zip_longest(*(((name, row) for row in _by_group(order, questions, name)) for name in questions.proxies))
    return (one for turn in turns for one in turn if one is not None)


def _by_group(order: Order, questions: Questions, name: str) -> Iterator[int]:
    """The stored requests in their order, of each group in turn."""
    labels = questions.labels[name]
    turns = zip_longest(*([row for row in order.rows if labels[row] == label] for label in questions.groups[name]))
    return (row for turn in turns for row in turn if row is not None)


def _sweeps(order: Order, questions: Questions) -> Iterator[list[Ask]]:
    for row in order.rows:
        for name, values in questions.sweeps.items():
            yield [
                Ask("sweep", questions.new, row, {name: value}, name, str(step)) for step, value in enumerate(values)
            ]


def _stress(order: Order, questions: Questions) -> Iterator[list[Ask]]:
    """Each feature missing, extreme or unseen, on a few requests."""
    trials: list[tuple[str, str, Values]] = []
    for name in questions.numeric:
        trials += [
            (name, level, {name: value})
            for level, value in (("missing", None), ("extreme", EXTREME), ("negative", -EXTREME))
        ]
    for name in questions.categorical:
        trials += [(name, level, {name: value}) for level, value in (("missing", None), ("unseen", UNSEEN))]
    for row in order.rows[:STRESSED_ROWS]:
        for name, level, changed in trials:
            yield [Ask("stress", questions.new, row, changed, name, level)]


def _attributions(order: Order, questions: Questions) -> Iterator[list[Ask]]:
    for turn, row in enumerate(order.rows):
        for name, donors in questions.donors.items():
            ask = Ask("attribution", questions.new, row, {name: donors[turn % len(donors)]}, name)
            yield [*_replayed(row, questions), ask]
