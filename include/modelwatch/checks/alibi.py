"""alibi-detect's detectors; the only module that imports it, and only when a monitor asks for one of them.

alibi-detect has been under the Business Source License since 0.11.5: production use needs Seldon's licence.
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from modelwatch.calibration import multivariate as calibration
from modelwatch.checks.correlation import MIN_ROWS, too_few
from modelwatch.checks.domain_classifier import boosted_trees, one_thread
from modelwatch.checks.rows import Rows, joint_measurement, scored
from modelwatch.domain import Measurement
from modelwatch.errors import SettingsError
from modelwatch.metrics.multivariate import roc_auc

MMD_ROWS = 500
"""At most this many rows of either side: the kernel matrix grows with their square, and is permuted every time."""
TESTS_PER_COLUMN = 4
"""About how many tests a column brings into the family, which a permutation p-value must be able to get below."""

Points = NDArray[np.float32]


def classifier_drift(rows: Rows, *, alpha: float, confidence: float) -> Measurement:
    """`alibi_detect.cd.ClassifierDrift`, scikit-learn backend, two stratified folds; the p-value is its own (KS).

    The value is the area under the curve of the probabilities it gives the rows held out.

    Raises:
        SettingsError: alibi-detect is not installed.
    """
    detectors = _alibi("classifier_drift")
    n, m = rows.sizes
    if min(n, m) < MIN_ROWS:
        return replace(joint_measurement("auc_domain", rows.sizes), reason=too_few(n, m), sufficient=min(n, m) == 0)
    columns = scored(rows.values)
    detector = detectors.ClassifierDrift(
        columns[~rows.is_current], boosted_trees(), backend="sklearn", p_val=alpha, n_folds=2, train_size=None, seed=0
    )
    with one_thread():
        found = detector.predict(columns[rows.is_current], return_p_val=True, return_distance=True)["data"]
    scores = np.concatenate([found["probs_ref"], found["probs_test"]])
    value, error = roc_auc(scores, rows.is_current), calibration.auc_error(scores, rows.is_current)
    reach = -float(special.ndtri((1 - confidence) / 2)) * error
    return replace(
        joint_measurement("auc_domain", rows.sizes, value),
        p_value=float(found["p_val"]),
        ci_low=max(0.0, value - reach),
        ci_high=min(1.0, value + reach),
        smallest_detectable=calibration.smallest_auc(n // 2, m // 2, alpha=alpha),
        evidence=f"alibi-detect ClassifierDrift: distance {found['distance']:.3f}",
    )


def mmd_drift(rows: Rows, *, alpha: float, permutations: int | None) -> Measurement:
    """`alibi_detect.cd.MMDDrift`, torch backend, on normal scores (missing: 0), at most `MMD_ROWS` of either side.

    alibi-detect counts the permutations that reach the value, b of B; the p-value is ``(b + 1) / (B + 1)``, which never
    is 0. The smallest detectable value is the one that is just significant.

    Raises:
        SettingsError: alibi-detect or torch is not installed.
    """
    detectors = _alibi("mmd_drift")
    n, m = rows.sizes
    if min(n, m) < MIN_ROWS:
        sizes = min(n, MMD_ROWS), min(m, MMD_ROWS)
        return replace(joint_measurement("mmd", sizes), reason=too_few(n, m), sufficient=min(n, m) == 0)
    points = np.nan_to_num(scored(rows.pairs)).astype(np.float32)
    before, now = points[~rows.is_current][:MMD_ROWS], points[rows.is_current][:MMD_ROWS]
    count = permutations or needed_permutations(alpha)
    found = _run_mmd(detectors, before, now, alpha, count)
    p_value = (round(found["p_val"] * count) + 1) / (count + 1)
    return replace(
        joint_measurement("mmd", (len(before), len(now)), float(found["distance"])),
        p_value=p_value,
        smallest_detectable=float(found["distance_threshold"]),
        evidence=f"alibi-detect MMDDrift, {count:,} permutations",
    )


def needed_permutations(alpha: float) -> int:
    """So many that a p-value can get below ``alpha`` over the tests a column brings, and at least 500."""
    return max(500, math.ceil(TESTS_PER_COLUMN / alpha))


def _run_mmd(detectors: Any, before: Points, now: Points, alpha: float, count: int) -> Any:  # noqa: ANN401
    """Seeded, on one thread (twice as fast for matrices this small), leaving torch as it was found."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(len(before) * 1_000_003 + len(now))
            detector = detectors.MMDDrift(before, backend="pytorch", p_val=alpha, n_permutations=count, device="cpu")
            return detector.predict(now, return_p_val=True, return_distance=True)["data"]
    finally:
        torch.set_num_threads(threads)


def _alibi(detector: str) -> Any:  # noqa: ANN401  # alibi-detect's types are not installed everywhere
    """The package, or what to install."""
    try:
        if detector == "mmd_drift":
            import torch  # noqa: F401  # alibi-detect names only the backend when it is missing
        from alibi_detect import cd
    except ImportError as error:
        extra, packages = ("torch", "alibi-detect and torch") if detector == "mmd_drift" else ("alibi", "alibi-detect")
        message = (
            f"multivariate.detector: {detector} needs {packages} ({error}): pip install 'modelwatch[{extra}]', "
            "or write detector: domain_classifier"
        )
        raise SettingsError(message) from None
    return cd
