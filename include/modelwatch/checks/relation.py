"""Whether labels follow from inputs as they did: the window's beside what the reference leads to expect."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from modelwatch.calibration.effects import POWER, debiased_psi, smallest_psi
from modelwatch.calibration.performance import difference_p_value
from modelwatch.calibration.significance import chi2_p_value, proportion_p_value
from modelwatch.checks.reweighting import Expected, Flags, Floats, Labelled
from modelwatch.metrics.drift import psi_of_counts

Answer = Literal["yes", "no", "unclear"]
Codes = NDArray[np.int64]

LEVELS = 5
CERTAIN = 0.005  # the p-value from which a change is sure
MATERIAL = 0.2  # of the expected share of positives
VISIBLE = 0.3  # a change this large must have been seen before "no" is said
FEWEST = 20  # positives a level on average, below which nobody says that the shape is as before
CLASS_MOVED = 0.02  # debiased PSI of a score or feature within a class that is material
CLASS_PSI = 0.3  # the same of the score's distribution within a class


@dataclass(frozen=True, eq=False)
class Relation:
    """Observed and expected shares of positives at a few levels of the score.

    Attributes:
        n: ``(b,)`` the window's rows; observed, expected: ``(b,)`` shares; variances: ``(b,)`` of their difference.
    """

    n: Codes
    observed: Floats
    expected: Floats
    variances: Floats

    @property
    def total(self) -> float:
        """The expected share of all rows, kept away from 0."""
        return max(float((self.n * self.expected).sum() / self.n.sum()), 0.5 / float(self.n.sum()))

    @property
    def error(self) -> float:
        """Standard error of the difference over all rows."""
        weights = self.n / self.n.sum()
        return float(np.sqrt((weights**2 * self.variances).sum()))

    def level(self) -> Answer:
        """Whether there are more or fewer positives than expected."""
        weights = self.n / self.n.sum()
        gap = float((weights * (self.observed - self.expected)).sum())
        return _answer(difference_p_value(gap, self.error), abs(gap) / self.total, self.error / self.total)

    def shape(self) -> Answer:
        """Whether more is needed to explain the difference than one factor on the odds."""
        weights = self.n / self.n.sum()
        gaps = self.observed - self._with_one_factor()
        statistic = float((gaps**2 / self.variances).sum())
        p_value = float(special.chdtrc(len(self.n) - 1, statistic)) if len(self.n) > 1 else 1.0
        size = float((weights * np.sqrt(np.maximum(0.0, gaps**2 - self.variances))).sum())
        answer = _answer(p_value, size / self.total, self.error / self.total)
        is_thin = (self.n * self.observed).sum() < FEWEST * len(self.n)
        return "unclear" if answer == "no" and is_thin else answer

    def _with_one_factor(self) -> Floats:
        """The expected shares after the factor on the odds that makes their total the observed one."""
        logits = special.logit(np.clip(self.expected, 1e-6, 1 - 1e-6))
        low, high = -20.0, 20.0
        for _ in range(60):
            middle = (low + high) / 2
            is_over = (self.n * special.expit(logits + middle)).sum() > (self.n * self.observed).sum()
            low, high = (low, middle) if is_over else (middle, high)
        return np.asarray(special.expit(logits + (low + high) / 2))


def relation(labelled: Labelled, expected: Expected) -> Relation | None:
    """The two shares at `LEVELS` levels of the score; None when a side has no positives or no negatives."""
    now, labels, weights = labelled.is_current, labelled.labels, expected.weights
    if not labelled.has_both:
        return None
    place = np.searchsorted(_edges(labelled.scores[~now], labels[~now]), labelled.scores)
    size = int(place.max()) + 1
    n = np.bincount(place[now], minlength=size)
    mass = np.bincount(place[~now], weights[~now], size)
    kept = (n > 0) & (mass > 0)
    surplus = labels - expected.chances
    per = 1 / np.maximum(mass, 1e-12)
    mean = np.bincount(place[~now], (weights * surplus)[~now], size) * per
    spread = np.bincount(place[~now], (weights * (surplus - mean[place]))[~now] ** 2, size) * per**2
    observed = np.bincount(place[now], labels[now], size) / np.maximum(n, 1)
    chance = np.bincount(place[now], expected.chances[now], size) / np.maximum(n, 1) + mean
    drawn = (n * observed + 0.5) / (n + 1)
    variances = spread + drawn * (1 - drawn) / np.maximum(n, 1)
    return Relation(n[kept], observed[kept], np.clip(chance, 0.0, 1.0)[kept], variances[kept])


def _edges(scores: Floats, labels: Flags) -> Floats:
    """Upper ends of levels that hold equal parts of the positives and the negatives taken together, half and half."""
    order = np.argsort(scores, kind="stable")
    mass = np.where(labels, 0.5 / labels.sum(), 0.5 / (~labels).sum())[order]
    edges = np.unique(scores[order][np.searchsorted(np.cumsum(mass), np.arange(1, LEVELS) / LEVELS)])
    return np.asarray(edges[edges < scores.max()])


def rate_changed(labelled: Labelled) -> Answer:
    """Whether the share of positives is another than the reference's."""
    before, now = labelled.labels[~labelled.is_current], labelled.labels[labelled.is_current]
    x, n, y, m = int(before.sum()), len(before), int(now.sum()), len(now)
    rate = max(x, 0.5) / n
    error = float(np.sqrt(rate * (1 - rate) * (1 / n + 1 / m)))
    return _answer(proportion_p_value(x, n, y, m), abs(y / m - rate) / rate, error / rate)


def classes_changed(labelled: Labelled) -> Answer:
    """Whether positives, or negatives, have other scores or features than the reference's of the same label."""
    columns = [labelled.scores, *labelled.rows.values.T]
    answers = [_class_changed(columns, labelled.is_current, labelled.labels == label) for label in (False, True)]
    return "yes" if "yes" in answers else "unclear" if "unclear" in answers else "no"


def _class_changed(columns: list[Floats], now: Flags, chosen: Flags) -> Answer:
    tables = [_tables(column, now, chosen) for column in columns]
    p_value = min(1.0, len(tables) * min(chi2_p_value(*table) for table in tables))
    if p_value <= CERTAIN and max(_moved(*table) for table in tables) >= CLASS_MOVED:
        return "yes"
    could_see = min(part.sum() for part in tables[0]) > 0 and smallest_psi(*tables[0], alpha=CERTAIN) <= CLASS_PSI
    return "no" if could_see else "unclear"


def _tables(column: Floats, now: Flags, chosen: Flags) -> tuple[Codes, Codes]:
    """Counts of the chosen rows by tenths of the reference's values."""
    place = quantile_places(column, column[chosen & ~now])
    size = int(place.max()) + 1
    return np.bincount(place[chosen & ~now], minlength=size), np.bincount(place[chosen & now], minlength=size)


def quantile_places(column: Floats, reference: Floats) -> Codes:
    """Each value's tenth of the reference's values, counted from 0; what is not finite has a place after them."""
    known = reference[np.isfinite(reference)]
    edges = np.unique(np.quantile(known, np.arange(1, 10) / 10)) if len(known) else np.empty(0)
    return np.where(np.isfinite(column), np.searchsorted(edges, column), len(edges) + 1).astype(np.int64)


def _moved(r: Codes, c: Codes) -> float:
    present = (r + c) > 0
    return debiased_psi(psi_of_counts(r[present], c[present]), r, c) if c.sum() else 0.0


def _answer(p_value: float, size: float, error: float) -> Answer:
    """Sure and material; or quiet although a visible change would have been seen; else unclear."""
    if p_value <= CERTAIN and size >= MATERIAL:
        return "yes"
    smallest = (-special.ndtri(CERTAIN / 2) + special.ndtri(POWER)) * error
    is_quiet = p_value > CERTAIN and smallest <= VISIBLE
    return "no" if is_quiet or (size < MATERIAL and smallest <= MATERIAL) else "unclear"
