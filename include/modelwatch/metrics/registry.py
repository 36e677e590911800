"""Every metric by name: what it means, its range, which direction is worse. Docs and config read this table."""

from dataclasses import dataclass
from typing import Literal

from modelwatch.domain import Check


@dataclass(frozen=True)
class MetricInfo:
    """What a reader must know of a metric.

    Attributes:
        checks: where it appears.
        low, high: its range; None is unbounded.
        lower_is_worse: True for ratios, whose thresholds are crossed downwards.
        worsens: how a metric that is judged against the reference gets worse. Its effect is that fall or rise, and its
            thresholds are for the effect; the interval is the value's.
    """

    name: str
    checks: tuple[Check, ...]
    meaning: str
    low: float | None = 0.0
    high: float | None = None
    lower_is_worse: bool = False
    worsens: Literal["falls", "rises"] | None = None


_DRIFT: tuple[Check, ...] = ("feature_drift", "prediction_drift")
_PERFORMANCE: tuple[Check, ...] = ("performance",)

METRICS = {
    info.name: info
    for info in (
        MetricInfo("psi", _DRIFT, "Population stability index over reference deciles or categories, in nats."),
        MetricInfo("ks_statistic", _DRIFT, "Largest gap between the two cumulative distributions.", high=1.0),
        MetricInfo("js_distance", _DRIFT, "Jensen-Shannon distance, base 2.", high=1.0),
        MetricInfo("wasserstein", _DRIFT, "Earth mover's distance, in the feature's own unit."),
        MetricInfo("chi2", _DRIFT, "Pearson's chi-square of the two samples' category counts."),
        MetricInfo("spike_share", _DRIFT, "Largest surprising rise in the share of one value.", high=1.0),
        MetricInfo(
            "tail_share", _DRIFT, "Largest surprising rise beyond an outer quantile of the reference.", high=1.0
        ),
        MetricInfo(
            "correlation_shift",
            ("multivariate_drift",),
            "Largest change of a rank correlation between two features.",
            high=2.0,
        ),
        MetricInfo(
            "auc_domain",
            ("multivariate_drift",),
            "How well a classifier tells the window's rows from the reference's; 0.5 is not at all.",
            high=1.0,
        ),
        MetricInfo(
            "mmd",
            ("multivariate_drift",),
            "Squared maximum mean discrepancy of the rows, Gaussian kernel.",
            low=None,
        ),
        MetricInfo("row_count", ("quality",), "Requests judged."),
        MetricInfo("missing_share", ("quality",), "Share of missing values; judged on its increase.", high=1.0),
        MetricInfo("type_error_share", ("quality",), "Share of rows kept out for a wrong type here.", high=1.0),
        MetricInfo("out_of_range_share", ("quality",), "Share outside the reference's range.", high=1.0),
        MetricInfo("unseen_share", ("quality",), "Share of categories the reference never had.", high=1.0),
        MetricInfo("selection_rate", ("fairness",), "Share of a group that was selected.", high=1.0),
        MetricInfo("true_positive_rate", ("fairness",), "Share selected of a group's positives.", high=1.0),
        MetricInfo("false_positive_rate", ("fairness",), "Share selected of a group's negatives.", high=1.0),
        MetricInfo("false_negative_rate", ("fairness",), "Share not selected of a group's positives.", high=1.0),
        MetricInfo(
            "statistical_parity_difference",
            ("fairness",),
            "A group's selection rate minus that of the group or the rest it is compared with.",
            low=-1.0,
            high=1.0,
        ),
        MetricInfo(
            "impact_ratio",
            ("fairness",),
            "A group's selection rate over that of the group or the rest it is compared with.",
            lower_is_worse=True,
        ),
        MetricInfo(
            "favourable_impact_ratio",
            ("fairness",),
            "The impact ratio of not being selected, where being selected is adverse.",
            lower_is_worse=True,
        ),
        MetricInfo("demographic_parity_difference", ("fairness",), "Largest minus smallest selection rate.", high=1.0),
        MetricInfo(
            "demographic_parity_difference_change",
            ("fairness",),
            "How much of a gap between selection rates is new since the reference; negative when it narrowed.",
            low=-1.0,
            high=1.0,
        ),
        MetricInfo(
            "demographic_parity_ratio",
            ("fairness",),
            "Smallest over largest selection rate; 0.8 is the four-fifths line.",
            high=1.0,
            lower_is_worse=True,
        ),
        MetricInfo(
            "favourable_parity_ratio",
            ("fairness",),
            "Smallest over largest rate of not being selected, where being selected is adverse.",
            high=1.0,
            lower_is_worse=True,
        ),
        MetricInfo(
            "equal_opportunity_difference",
            ("fairness",),
            "Largest minus smallest true positive rate.",
            high=1.0,
        ),
        MetricInfo(
            "false_positive_rate_difference",
            ("fairness",),
            "Largest minus smallest false positive rate: among those who should not be selected.",
            high=1.0,
        ),
        MetricInfo(
            "equalized_odds_difference",
            ("fairness",),
            "The larger of the true and the false positive rates' differences.",
            high=1.0,
        ),
        MetricInfo(
            "roc_auc",
            _PERFORMANCE,
            "How often a request that turned out positive scored above one that did not.",
            high=1.0,
            worsens="falls",
        ),
        MetricInfo(
            "average_precision",
            _PERFORMANCE,
            "Precision at each threshold, weighted by the recall it adds.",
            high=1.0,
            worsens="falls",
        ),
        MetricInfo("accuracy", _PERFORMANCE, "Share of decisions that were right.", high=1.0, worsens="falls"),
        MetricInfo(
            "precision", _PERFORMANCE, "Share of the selected that turned out positive.", high=1.0, worsens="falls"
        ),
        MetricInfo("recall", _PERFORMANCE, "Share of the positive that had been selected.", high=1.0, worsens="falls"),
        MetricInfo("f1", _PERFORMANCE, "Harmonic mean of precision and recall.", high=1.0, worsens="falls"),
        MetricInfo(
            "brier",
            _PERFORMANCE,
            "Mean squared distance between the score and what turned out.",
            high=1.0,
            worsens="rises",
        ),
        MetricInfo(
            "expected_calibration_error",
            _PERFORMANCE,
            "Mean distance between score and observed share, in ten bins of equally many requests.",
            high=1.0,
            worsens="rises",
        ),
        MetricInfo("cost", _PERFORMANCE, "Mean cost of a decision, by the monitor's costs.", low=None, worsens="rises"),
        MetricInfo(
            "precision_at_k",
            _PERFORMANCE,
            "Share positive of the k highest scores of a day.",
            high=1.0,
            worsens="falls",
        ),
        MetricInfo(
            "entity_precision_at_k",
            _PERFORMANCE,
            "Share compromised of the k entities with a day's highest scores, known ones left out.",
            high=1.0,
            worsens="falls",
        ),
        *(
            MetricInfo(
                f"estimated_{name}",
                _PERFORMANCE,
                f"What `{name}` should be, by the calibrated scores of requests whose labels are not looked at.",
                high=1.0,
                worsens="falls",
            )
            for name in ("roc_auc", "average_precision", "accuracy", "precision", "recall", "f1")
        ),
    )
}
