"""From labelled rows of both sides to the facts that name a drift, and the story told with the name."""

from collections.abc import Sequence

from modelwatch.checks.drift_kind import MEANING, Facts, Kind, fault_of, inputs_moved, kind_of, performance_fell
from modelwatch.checks.relation import classes_changed, rate_changed, relation
from modelwatch.checks.reweighting import FEWEST, Areas, Labelled, areas, as_before, reweighted
from modelwatch.checks.score_shift import score_moved_with
from modelwatch.domain import Result
from modelwatch.words import joined


def drift_of(results: Sequence[Result], labelled: Labelled, *, visible: float) -> tuple[Kind | None, str | None]:
    """The kind of drift and its story; two times None when nothing happened.

    Args:
        results: of the window, judged: what moved, what fell, what arrived broken.
        labelled: rows of the reference and the window.
        visible: the fall of the area under the ROC curve that must be excluded before performance is said to have held.
    """
    facts, found = facts_of(results, labelled, visible=visible)
    kind = kind_of(facts)
    if kind is None:
        return None, None
    fault = f" ({facts.fault})" if kind == "data_fault" else ""
    headline = f"{kind.replace('_', ' ')}: {MEANING[kind]}{fault}"
    return kind, joined(headline, found.told() if found else None, score_moved_with(labelled))


def facts_of(results: Sequence[Result], labelled: Labelled, *, visible: float) -> tuple[Facts, Areas | None]:
    """What is known of the window, and its areas under the ROC curve beside the reference's.

    Where inputs moved, the reference is weighted like the window first; with too few rows for that nothing is known of
    the relation.
    """
    inputs = inputs_moved(results)
    is_weighted = inputs == "yes" and min(labelled.rows.sizes) >= FEWEST
    expected = reweighted(labelled) if is_weighted else as_before(labelled)
    found = relation(labelled, expected) if is_weighted or inputs != "yes" else None
    three = areas(labelled, expected)
    facts = Facts(
        inputs=inputs,
        performance=performance_fell(results, has_held=three is not None and three.has_held(visible)),
        rate=rate_changed(labelled),
        relation="unclear" if found is None else found.shape(),
        level="unclear" if found is None else found.level(),
        classes=classes_changed(labelled),
        fault=fault_of(results),
    )
    return facts, three
