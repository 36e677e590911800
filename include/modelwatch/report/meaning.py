"""What a set of findings may mean, in two sentences for someone who was asleep a minute ago."""

from modelwatch.domain import Judgement


def meaning(judgement: Judgement) -> str:
    """The likeliest reading of which checks fired together, and where to look first; never a claim of certainty."""
    fired = {result.measurement.check for result in judgement.findings}
    sentences = [text for checks, text in _READINGS if checks <= fired]
    first = sentences[0] if sentences else "Open the window's results: the findings are not of a usual kind."
    if "fairness" not in fired:
        return first
    groups = _STANDING if _is_standing(judgement) else _FAIRNESS
    return groups if first == _FAIRNESS else f"{first} {groups}"


def _is_standing(judgement: Judgement) -> bool:
    """Whether every gap that was found was there in the reference already."""
    gaps = {result.measurement.group for result in judgement.findings if result.measurement.check == "fairness"}
    known = {
        result.measurement.group
        for result in judgement.results
        if result.measurement.metric == "demographic_parity_difference_change" and result.status == "ok"
    }
    return gaps <= known


_FAIRNESS = (
    "Groups are selected at different rates, beyond what their sizes explain: look at which traffic of the group is "
    "new before touching the model."
)

_STANDING = (
    "Groups are selected at different rates, beyond what their sizes explain, and no more so than in the reference: a "
    "standing gap of the model, for its owner rather than for the night."
)

# The first reading whose checks all fired is the one that is told.
_READINGS: tuple[tuple[set[str], str], ...] = (
    (
        {"quality", "feature_drift", "prediction_drift"},
        "Data arrives differently (see the quality findings) and the score follows: suspect upstream first.",
    ),
    (
        {"quality", "feature_drift"},
        "Data arrives differently (see the quality findings), the score does not: suspect the upstream pipeline.",
    ),
    ({"quality"}, "Data arrives differently: suspect the upstream pipeline before the model."),
    (
        {"feature_drift", "prediction_drift"},
        "Inputs moved and the score moved with them: either an upstream change or a different population.",
    ),
    (
        {"feature_drift"},
        "Inputs moved, the score did not: often benign, but check that each is still what it was.",
    ),
    (
        {"prediction_drift"},
        "The score moved while no single input did: was the model redeployed, or did inputs change together?",
    ),
    (
        {"multivariate_drift"},
        "Features no longer move together as they did; each alone looks the same: suspect a join or mapping upstream.",
    ),
    ({"fairness"}, _FAIRNESS),
)
