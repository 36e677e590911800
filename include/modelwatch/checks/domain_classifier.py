"""Whether a classifier can tell the window's rows from the reference's, and by which features."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from modelwatch.calibration import multivariate as calibration
from modelwatch.checks.correlation import MIN_ROWS, too_few
from modelwatch.checks.rows import Rows, joint_measurement, scored
from modelwatch.domain import Measurement
from modelwatch.metrics.multivariate import correlations, roc_auc

PAIRS = 5
"""How many pairs of features the classifier is given products of: trees alone hardly find a broken correlation."""
SHOWN = 3

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def measure_domain_auc(rows: Rows, *, alpha: float, confidence: float) -> Measurement:
    """The cross-validated area under the curve of a gradient-boosted classifier "reference or current?".

    Two folds: each is scored by the classifier trained on the other, so a fold's Mann-Whitney null is valid given its
    classifier. The p-value is the smaller of the two, doubled; the value is their mean; the interval is DeLong's, as
    wide as if the folds were fully dependent.

    Args:
        rows: reference and current rows, in an order that chance decided (by hash).
        alpha: the significance a single test must reach, for the smallest detectable area.
        confidence: of the interval.
    """
    n, m = rows.sizes
    if min(n, m) < MIN_ROWS:
        return replace(joint_measurement("auc_domain", rows.sizes), reason=too_few(n, m), sufficient=min(n, m) == 0)
    folds = cross_validated(rows)
    values = [roc_auc(fold.scores, fold.is_current) for fold in folds]
    p_values = [
        calibration.auc_p_value(value, calibration.auc_null_error(fold.scores, fold.is_current))
        for value, fold in zip(values, folds, strict=True)
    ]
    value, p_value = sum(values) / 2, calibration.either_p_value(*p_values)
    error = sum(calibration.auc_error(fold.scores, fold.is_current) for fold in folds) / 2
    reach = -float(special.ndtri((1 - confidence) / 2)) * error
    return replace(
        joint_measurement("auc_domain", rows.sizes, value),
        p_value=p_value,
        ci_low=max(0.0, value - reach),
        ci_high=min(1.0, value + reach),
        smallest_detectable=calibration.smallest_auc(n // 2, m // 2, alpha=alpha),
        evidence=_telling(rows, folds) if p_value <= alpha else None,
    )


@dataclass(frozen=True, eq=False)
class Fold:
    """One half of the rows with the classifier trained on the other half.

    Attributes:
        columns: ``(n, d)`` normal scores of the features' columns; products: the pairs the classifier also sees.
        scores: ``(n,)`` the classifier's, higher = more like the current rows.
    """

    classifier: Any
    columns: Floats
    pairs: Floats
    products: list[tuple[int, int]]
    is_current: Flags
    scores: Floats


def cross_validated(rows: Rows) -> list[Fold]:
    """Both halves of the rows, each scored by the classifier of the other."""
    columns, pairs = scored(rows.values), scored(rows.pairs)
    half = halves(rows)
    with one_thread():
        return [_fold(rows, columns, pairs, half == k) for k in (0, 1)]


def one_thread() -> AbstractContextManager[object]:
    """One thread for scikit-learn inside: the same bytes on every machine, and safe in a forked task."""
    import sklearn.ensemble  # noqa: F401  # first: only the libraries that are loaded by now are limited
    from threadpoolctl import threadpool_limits

    limited: AbstractContextManager[object] = threadpool_limits(limits=1)
    return limited


def halves(rows: Rows) -> NDArray[np.int64]:
    """Every other row of either side."""
    n, m = rows.sizes
    return np.concatenate([np.arange(n) % 2, np.arange(m) % 2])


def _fold(rows: Rows, columns: Floats, pairs: Floats, held_out: Flags) -> Fold:
    """Train on the rows not held out, the choice of the pairs included; score the others."""
    train = ~held_out
    products = _changed_pairs(rows, pairs[train], rows.is_current[train])
    seen = _design(columns, pairs, products)[train]
    seen[:, np.isnan(seen).all(axis=0)] = 0.0  # a column without any value is a constant
    classifier = boosted_trees().fit(seen, rows.is_current[train])
    fold = _design(columns[held_out], pairs[held_out], products)
    scores = classifier.decision_function(fold)
    return Fold(classifier, columns[held_out], pairs[held_out], products, rows.is_current[held_out], scores)


def boosted_trees() -> Any:  # noqa: ANN401  # scikit-learn has no types
    """An untrained classifier of "reference or current?"; takes missing values, and no chance is in it."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=30, max_leaf_nodes=15, learning_rate=0.15, max_bins=63, early_stopping=False, random_state=0
    )


def _changed_pairs(rows: Rows, pairs: Floats, is_current: Flags) -> list[tuple[int, int]]:
    """The pairs whose correlation differs most between the two sides of the training rows."""
    before, now = (correlations(pairs[side]) for side in (~is_current, is_current))
    gaps = np.abs(calibration.fisher_z(now.r) - calibration.fisher_z(before.r))
    gaps /= calibration.correlation_errors(before, now)
    feature = np.array(rows.pair_features, dtype=object)
    usable = np.triu((feature[:, None] != feature[None, :]) & before.varies & now.varies, 1)
    order = np.argsort(np.where(usable, gaps, -1.0), axis=None, kind="stable")[::-1][:PAIRS]
    found = [(int(i), int(j)) for i, j in zip(*np.unravel_index(order, gaps.shape), strict=True)] if gaps.size else []
    return [(i, j) for i, j in found if usable[i, j]]


def _design(columns: Floats, pairs: Floats, products: list[tuple[int, int]]) -> Floats:
    """The columns, and of each chosen pair its product, difference and sum."""
    made = [part for i, j in products for part in _combined(pairs[:, i], pairs[:, j])]
    return np.column_stack([columns, *made])


def _combined(one: Floats, other: Floats) -> tuple[Floats, Floats, Floats]:
    return one * other, one - other, one + other


def _telling(rows: Rows, folds: list[Fold]) -> str:
    """The features without which the area falls most: permutation importance on the rows held out."""
    losses = np.mean([_losses(rows, fold) for fold in folds], axis=0)
    order = np.argsort(-losses, kind="stable")[:SHOWN]
    shown = [f"{rows.features[k][:60]} (-{losses[k]:.2f})" for k in order if losses[k] >= 0.005]
    return "told apart by " + ", ".join(shown) if shown else "told apart by many features, none of them alone"


def _losses(rows: Rows, fold: Fold) -> Floats:
    whole = roc_auc(fold.scores, fold.is_current)
    feature = np.array(rows.pair_features, dtype=object)
    losses = np.zeros(len(rows.features))
    shuffled = np.random.default_rng(len(fold.scores)).permutation(len(fold.scores))
    with one_thread():
        for k, name in enumerate(rows.features):
            columns, pairs = fold.columns.copy(), fold.pairs.copy()
            columns[:, k] = columns[shuffled, k]
            its = feature == name
            pairs[:, its] = pairs[np.ix_(shuffled, its)]
            scores = fold.classifier.decision_function(_design(columns, pairs, fold.products))
            losses[k] = whole - roc_auc(scores, fold.is_current)
    return losses
