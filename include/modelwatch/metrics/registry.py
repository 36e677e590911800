"""Every metric by name: what it means, its range, which direction is worse. Docs and config read this table."""

from dataclasses import dataclass
from typing import Literal

from modelwatch.domain import WORSENING, Check, Measuring


@dataclass(frozen=True)
class MetricInfo:
    """What a reader must know of a metric.

    Attributes:
        checks: where it appears.
        low, high: its range; None is unbounded.
        lower_is_worse: True for ratios, whose thresholds are crossed downwards.
        interval_decides: a whole interval beyond the threshold crosses it; False where a test decides and the interval
            is there to be read.
        worsens: how a metric that is judged against the reference gets worse. Its effect is that fall or rise, and its
            thresholds are for the effect.
    """

    name: str
    checks: tuple[Measuring, ...]
    meaning: str
    low: float | None = 0.0
    high: float | None = None
    lower_is_worse: bool = False
    interval_decides: bool = True
    worsens: Literal["falls", "rises"] | None = None


_DRIFT: tuple[Check, ...] = ("feature_drift", "prediction_drift")


def _performance(
    name: str,
    meaning: str,
    *,
    worsens: Literal["falls", "rises"] = "falls",
    low: float | None = 0.0,
    high: float | None = 1.0,
) -> MetricInfo:
    """A metric of what turned out to be true, against the reference's."""
    return MetricInfo(name, ("performance",), meaning, low, high, interval_decides=False, worsens=worsens)


def _compared(name: str, meaning: str, *, low: float | None = 0.0, high: float | None = 1.0) -> MetricInfo:
    """A metric of two versions of the model that answer the same requests."""
    return MetricInfo(name, ("redeploy",), meaning, low, high, interval_decides=False)


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
        MetricInfo(
            "calibration_gap",
            ("fairness",),
            "Share of positives in a group minus what its scores lead to expect.",
            low=-1.0,
            high=1.0,
        ),
        MetricInfo(
            "calibration_difference", ("fairness",), "Largest minus smallest calibration gap of the groups.", high=1.0
        ),
        MetricInfo("labelled_share", ("performance",), "Share of the requests whose label has come.", high=1.0),
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
        _performance("roc_auc", "How often a request that turned out positive scored above one that did not."),
        _performance("average_precision", "Precision at each threshold, weighted by the recall it adds."),
        _performance("accuracy", "Share of decisions that were right."),
        _performance("precision", "Share of the selected that turned out positive."),
        _performance("recall", "Share of the positive that had been selected."),
        _performance("f1", "Harmonic mean of precision and recall."),
        _performance("brier", "Mean squared distance between the score and what turned out.", worsens="rises"),
        _performance(
            "expected_calibration_error",
            "Mean distance between score and observed share, in ten bins of equally many requests.",
            worsens="rises",
        ),
        _performance("cost", "Mean cost of a decision, by the monitor's costs.", worsens="rises", low=None, high=None),
        _performance("precision_at_k", "Share positive of the k highest scores of a day."),
        _performance(
            "entity_precision_at_k",
            "Share compromised of the k entities with a day's highest scores, known ones left out.",
        ),
        *(
            _performance(
                f"estimated_{name}",
                f"What `{name}` should be, by the calibrated scores of requests whose labels are not looked at.",
            )
            for name in ("roc_auc", "average_precision", "accuracy", "precision", "recall", "f1")
        ),
        *(
            MetricInfo(
                f"{name}_worsening",
                ("performance",),
                f"How much worse `{name}` is than in the windows before, together; negative when better.",
                low=None if name == "cost" else -1.0,
                high=None if name == "cost" else 1.0,
                interval_decides=False,
            )
            for name in WORSENING
        ),
        _compared("decision_rate_change", "How much more or less often a new version selects the same requests."),
        _compared("decision_flip_share", "Share of the same requests that a new version decides otherwise."),
        _compared("score_shift", "Mean change of the same requests' scores, in standard deviations.", high=None),
        _compared(
            "score_disagreement",
            "One minus the rank correlation of both versions' scores: 0 is the same order, 1 has nothing in common.",
            high=2.0,
        ),
        _compared("error_share", "Share of requests a new version leaves unanswered, beyond the old one's."),
        _compared(
            "score_variety_loss",
            "How much less often two requests get different scores: at 1 a version gives all of them the same.",
        ),
        _compared("invalid_score_share", "Share of scores outside 0 to 1, when all of the old version's are inside."),
        _compared("latency_ratio", "How many times as long a new version takes to answer.", high=None),
        _compared("repeat_change_share", "Share of answers that differ when the same is asked twice."),
        _compared("counterfactual_flip_share", "Share of decisions that flip when a sensitive feature alone changes."),
        _compared(
            "counterfactual_score_shift",
            "How far the score moves when a sensitive feature alone changes, in standard deviations.",
            high=None,
        ),
        _compared(
            "proxy_score_shift",
            "How much more a new version's score moves than the old one's when a proxy changes, in its sd.",
            high=None,
        ),
        _compared("monotonicity_violation_share", "Share of requests whose score goes against a declared direction."),
        _compared("stress_failure_share", "Share of missing, extreme and unseen values answered with an error."),
        _compared(
            "score_shift_explained",
            "How much of the mean score comes from one drifted feature, in standard deviations.",
            low=None,
            high=None,
        ),
    )
}

# The metrics of fairness that need to know what was true.
WITH_LABELS = frozenset(
    {
        "true_positive_rate",
        "false_positive_rate",
        "false_negative_rate",
        "equal_opportunity_difference",
        "false_positive_rate_difference",
        "equalized_odds_difference",
        "calibration_gap",
        "calibration_difference",
    }
)
