"""Which drift it is: inputs, labels, or the relation of the two; named only where all of it is clear."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from modelwatch.checks.relation import Answer
from modelwatch.domain import Result

Kind = Literal["covariate_shift", "concept_drift", "both", "label_shift", "data_fault", "benign", "undetermined"]

# Fingerprints of a change that no population makes, and the quality metrics that say the same.
FAULTS = (
    "scale_", "sign_flip", "hour_shift", "stuck", "sentinel_burst", "zero_burst", "null_burst", "renamed_category",
    "recased_category", "swapped_categories",
)  # fmt: skip
FAULTY = ("missing_share", "type_error_share")
INPUTS = ("feature_drift", "multivariate_drift")
MEANING: dict[Kind, str] = {
    "covariate_shift": "the inputs moved to where the model is weaker; what they mean is as before",
    "concept_drift": "inputs are stable, what they mean has changed",
    "both": "the inputs moved, and what they mean has changed too",
    "label_shift": "positives are rarer or more frequent; what sets them apart is as before",
    "data_fault": "data arrives broken",
    "benign": "the inputs moved, the performance did not",
    "undetermined": "what is known does not allow one name",
}


@dataclass(frozen=True)
class Facts:
    """What is known of a window; "no" is said only where a change would have been seen.

    Attributes:
        inputs: whether features moved.
        performance: whether any metric got worse.
        rate: whether the share of positives changed.
        relation: whether it changed given the inputs, by more than one factor on the odds.
        level: whether it changed given the inputs by such a factor.
        classes: whether positives or negatives look different among themselves.
        fault: the feature that arrives broken, and how; None when none does.
    """

    inputs: Answer
    performance: Answer
    rate: Answer
    relation: Answer
    level: Answer
    classes: Answer
    fault: str | None = None


def kind_of(facts: Facts) -> Kind | None:
    """The name that the facts allow; None when nothing happened.

    A factor on the odds of a positive, the same for all inputs, is what a changed share of positives makes. With stable
    inputs it has no other reading; where inputs moved it is a label shift only when each class looks as it did.
    """
    if facts.fault is not None:
        return "data_fault"
    if "yes" not in (facts.inputs, facts.performance, facts.rate):
        return None
    if facts.relation == "yes":
        return {"yes": "both", "no": "concept_drift", "unclear": "undetermined"}[facts.inputs]  # type: ignore[return-value]
    if "unclear" in (facts.relation, facts.level):
        return "undetermined"
    return _by_level(facts) if facts.level == "yes" else _same_relation(facts)


def _by_level(facts: Facts) -> Kind:
    if facts.inputs == "no" or facts.classes == "no":
        return "label_shift"
    return "both" if facts.inputs == "yes" and facts.classes == "yes" else "undetermined"


def _same_relation(facts: Facts) -> Kind:
    """Given its inputs a request is as likely positive as before."""
    if facts.inputs == "yes":
        return {"yes": "covariate_shift", "no": "benign", "unclear": "undetermined"}[facts.performance]  # type: ignore[return-value]
    return "label_shift" if facts.inputs == "no" and facts.rate == "yes" else "undetermined"


def inputs_moved(results: Sequence[Result]) -> Answer:
    """Whether any feature, or the features together, crossed a threshold; "no" when each could have shown it."""
    statuses: dict[str, set[str]] = {}
    for result in results:
        m = result.measurement
        if m.check in INPUTS and result.threshold is not None:
            statuses.setdefault(m.feature or m.metric, set()).add(result.status)
    if any(found & {"alert", "warning"} for found in statuses.values()):
        return "yes"
    features = [found for found in statuses.values() if found != {"insufficient_data"}]
    return "no" if features and all("ok" in found for found in statuses.values()) else "unclear"


def performance_fell(results: Sequence[Result], *, has_held: bool) -> Answer:
    """Whether a metric crossed its threshold; "no" when none did and the ranking has held."""
    fell = {r.status for r in results if r.measurement.check == "performance"} & {"alert", "warning"}
    return "yes" if fell else "no" if has_held else "unclear"


def fault_of(results: Sequence[Result]) -> str | None:
    """``"amount: scale_x100"`` of the first finding that is a fault of the data rather than of the world."""
    for result in results:
        m = result.measurement
        if result.status not in ("alert", "warning") or m.check not in (*INPUTS, "quality"):
            continue
        if m.metric in FAULTY or (m.cause or "").startswith(FAULTS):
            return f"{m.feature}: {m.evidence or m.cause or m.metric}"
    return None
