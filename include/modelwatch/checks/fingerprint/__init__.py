"""The fingerprint of a change: for a drifted feature, why it moved, or "unknown" rather than a guess."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from modelwatch.checks.fingerprint.categorical import categorical_cause
from modelwatch.checks.fingerprint.cause import UNKNOWN, UNSPECIFIC, Cause, Segment
from modelwatch.checks.fingerprint.numeric import numeric_cause
from modelwatch.domain import Measurement
from modelwatch.profile.features import CategoricalProfile, FeatureProfile, NumericProfile
from modelwatch.words import joined

__all__ = ["UNKNOWN", "UNSPECIFIC", "Cause", "Segment", "explain", "fingerprint"]

ALL_SAID = frozenset({"new_category", "null_burst"})


def fingerprint(reference: FeatureProfile, current: FeatureProfile) -> Cause:
    """Why a feature moved, from its two profiles in the same cells.

    Pure and deterministic. Costs about a millisecond, whatever the number of rows.
    """
    if isinstance(reference, NumericProfile) and isinstance(current, NumericProfile):
        with np.errstate(over="ignore", invalid="ignore"):  # 1.8e308 as a filler has no distance to other values
            return numeric_cause(reference, current)
    if isinstance(reference, CategoricalProfile) and isinstance(current, CategoricalProfile):
        return categorical_cause(reference, current)
    return UNKNOWN


def explain(
    measured: Sequence[Measurement], reference: FeatureProfile, current: FeatureProfile, *, alpha: float
) -> list[Measurement]:
    """The measurements of one column with the cause of its change, when one of them is significant at ``alpha``.

    The phrase goes first in each one's evidence, or in its place where it says the same. Without significance nothing
    moved, and nothing is asked.
    """
    if not any(m.p_value is not None and m.p_value <= alpha for m in measured):
        return list(measured)
    cause = fingerprint(reference, current)
    return [replace(m, cause=cause.word, evidence=_sentence(cause, m.evidence)) for m in measured]


def _sentence(cause: Cause, evidence: str | None) -> str | None:
    return cause.phrase if cause.word in ALL_SAID else joined(cause.phrase, evidence)
