"""The newest comparison of two versions on the page of its model: their scores, and what they make of who asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelwatch.metrics.drift import psi_terms, smooth
from modelwatch.report.charts.bars import BinBar
from modelwatch.report.page.tables import Table
from modelwatch.report.probed import Probed, probed


@dataclass(frozen=True)
class Versions:
    """Two versions that were asked the same.

    Attributes:
        bins: of their scores of the same requests; none where the model was not asked.
        probed: what each changed feature did to the new version's answers.
    """

    old: str
    new: str
    n_scored: int
    bins: tuple[BinBar, ...]
    probed: tuple[Probed, ...]

    def tables(self) -> list[Table]:
        """The numbers behind what is shown."""
        scores = tuple((one.label, one.n_reference, one.n_current) for one in self.bins)
        columns = ("metric", "feature", "group", "value", "ci_low", "ci_high", "n_current", "status", "reason")
        probes = tuple(
            tuple(found[name] for name in columns)
            for one in self.probed
            for found in (one.overall, *one.groups, *one.segments, *one.too_few)
        )
        return [
            Table("version_scores", ("bin", "old", "new"), scores),
            Table("version_probes", columns, probes),
        ]


def versions_of(document: Mapping[str, Any] | None) -> Versions | None:
    """What a comparison's document shows; None without one, or where neither scores nor probes are in it."""
    if document is None:
        return None
    scores, found = document.get("scores") or [], probed(document.get("results") or [])
    if not scores and not found:
        return None
    old, new = (np.asarray([one[side] for one in scores], dtype=np.int64) for side in ("old", "new"))
    terms = psi_terms(smooth(old), smooth(new)) if scores else ()
    bins = tuple(
        BinBar(one["label"], one["old"] / old.sum(), one["new"] / new.sum(), float(term), one["old"], one["new"])
        for one, term in zip(scores, terms, strict=True)
    )
    return Versions(document["old_version"], document["new_version"], int(old.sum()), bins, tuple(found))
