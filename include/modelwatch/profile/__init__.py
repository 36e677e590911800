"""Profiles: all that the metrics see of a window is integer counts in cells fitted once on the reference."""

from modelwatch.profile.cells import CategoricalCells, NumericCells
from modelwatch.profile.codec import (
    cells_digest,
    decode_groups,
    decode_outcomes,
    decode_profile,
    decode_reference,
    encode_profile,
    encode_reference,
)
from modelwatch.profile.features import CategoricalProfile, FeatureProfile, NumericProfile
from modelwatch.profile.groups import GroupTable
from modelwatch.profile.outcomes import Outcomes, count_outcomes
from modelwatch.profile.window import CellSet, Profile, fit_cells, profile_rows

__all__ = [
    "CategoricalCells",
    "CategoricalProfile",
    "CellSet",
    "FeatureProfile",
    "GroupTable",
    "NumericCells",
    "NumericProfile",
    "Outcomes",
    "Profile",
    "cells_digest",
    "count_outcomes",
    "decode_groups",
    "decode_outcomes",
    "decode_profile",
    "decode_reference",
    "encode_profile",
    "encode_reference",
    "fit_cells",
    "profile_rows",
]
