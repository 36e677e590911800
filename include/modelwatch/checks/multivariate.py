"""Multivariate drift: the rows of the window against rows of the reference, by the monitor's detector."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from modelwatch.checks.correlation import measure_correlations
from modelwatch.checks.rows import join_rows
from modelwatch.domain import FeatureKind, Measurement

Detector = Literal["domain_classifier", "classifier_drift", "mmd_drift"]


@dataclass(frozen=True)
class Options:
    """How rows are compared.

    Attributes:
        alpha: the significance a single test must reach, e.g. the false discovery rate over the number of columns.
        confidence: of the intervals.
        permutations: for `mmd_drift`; None: as many as ``alpha`` needs, at least 500.
    """

    detector: Detector
    alpha: float
    confidence: float
    permutations: int | None = None


def measure_multivariate(
    reference: pa.Table, current: pa.Table, features: Mapping[str, FeatureKind], options: Options
) -> list[Measurement]:
    """The change of the pairs' correlations, and what the detector says.

    Args:
        reference, current: bounded samples of rows, in an order that chance decided (by hash).
        features: the columns to look at, and their kinds.
        options: the detector and its limits.

    Raises:
        SettingsError: the detector needs a package that is not installed.
    """
    rows = join_rows(reference, current, features)
    pairs = measure_correlations(rows, alpha=options.alpha)
    if options.detector == "domain_classifier":
        from modelwatch.checks.domain_classifier import measure_domain_auc

        return [pairs, measure_domain_auc(rows, alpha=options.alpha, confidence=options.confidence)]
    from modelwatch.checks.alibi import classifier_drift, mmd_drift  # the only module that imports alibi-detect

    if options.detector == "classifier_drift":
        return [pairs, classifier_drift(rows, alpha=options.alpha, confidence=options.confidence)]
    return [pairs, mmd_drift(rows, alpha=options.alpha, permutations=options.permutations)]
