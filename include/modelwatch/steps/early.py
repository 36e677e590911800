"""What windows that are not mature may come to: how labels arrived in the windows before them, and what follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from modelwatch.config import Monitor
from modelwatch.config.labels import Labels as LabelsConfig
from modelwatch.domain import Measurement, Window
from modelwatch.hashing import Hashes
from modelwatch.labels import NEGATIVE, POSITIVE, UNKNOWN, Labels, microseconds
from modelwatch.maturity import Arrivals, Estimate, arrived_by, estimates, first_age
from modelwatch.steps.predictions import read_predictions, requests_of
from modelwatch.store.labels import Predicted
from modelwatch.store.samples import Artifacts
from modelwatch.words import number

STEP = timedelta(days=1)
KINDS = tuple((decision, label) for decision in (0, 1) for label in (NEGATIVE, POSITIVE))


@dataclass(frozen=True, eq=False)
class Cohort:
    """A window's kept requests: who they are, and what was decided of each (0, 1, or `UNKNOWN`)."""

    window: Window
    requests: Hashes
    decisions: NDArray[np.int8]


def read_cohort(artifacts: Artifacts, monitor: Monitor, one: Predicted) -> Cohort | None:
    """A window's requests without their scores; None when they are no longer kept."""
    rows = read_predictions(artifacts, one.uri)
    if rows is None:
        return None
    decision = monitor.columns.decision
    if decision is None:
        decisions = np.full(rows.num_rows, UNKNOWN, dtype=np.int8)
    else:
        codes = pc.fill_null(pc.cast(rows[decision], pa.int8()), UNKNOWN)
        decisions = np.array(codes.to_numpy(), dtype=np.int8)
    without = monitor.schema().without_outcome
    if without is not None:  # requests that were stopped: what became of them is never known
        decisions[np.asarray(pc.fill_null(pc.equal(rows[without[0]], without[1]), False))] = UNKNOWN
    return Cohort(one.window, requests_of(rows), decisions)


class Maturing:
    """How labels arrive, as far as one day's knowledge shows it."""

    def __init__(self, config: LabelsConfig, labels: Labels, cohorts: Sequence[Cohort], as_of: datetime) -> None:
        self.config, self.labels, self.as_of = config, labels, as_of
        age = config.mature_after
        self.n_ages = -(-(age if isinstance(age, timedelta) else config.horizon) // STEP)
        self.arrivals = {kind: self._arrivals(cohorts, [kind]) for kind in KINDS}
        self._every = self._arrivals(cohorts, KINDS)

    def mature_age(self) -> timedelta:
        """From which age on a window is mature; while the share that it takes cannot be told, the horizon."""
        after = self.config.mature_after
        if isinstance(after, timedelta):
            return after
        age = first_age(self._every, after)
        return self.config.horizon if age is None else age * STEP

    def estimates(self, cohort: Cohort) -> Mapping[str, Estimate]:
        """What a window that is not mature may come to."""
        age = self._age(cohort.window)
        come, requests = np.zeros((2, 2), dtype=np.int64), np.zeros(2, dtype=np.int64)
        found = self.labels.of(cohort.requests)
        is_over = found.came < microseconds(cohort.window.end + age * STEP)
        for decision in (0, 1):
            mine = cohort.decisions == decision
            requests[decision] = mine.sum()
            come[decision] = [(mine & is_over & (found.values == label)).sum() for label in (NEGATIVE, POSITIVE)]
        arrived = {kind: arrived_by(self.arrivals[kind], age) for kind in KINDS}
        return estimates(come, requests, arrived, unlabelled_is_negative=self.config.unlabelled == "negative")

    def _age(self, window: Window) -> int:
        """How many age steps of a window are over."""
        return int(min(max((self.as_of - window.end) // STEP, 0), self.n_ages))

    def _arrivals(self, cohorts: Sequence[Cohort], kinds: Sequence[tuple[int, int]]) -> Arrivals:
        counts = np.zeros((len(cohorts), self.n_ages), dtype=np.int64)
        observed = np.array([self._age(one.window) for one in cohorts], dtype=np.int64)
        for row, cohort in enumerate(cohorts):
            found = self.labels.of(cohort.requests)
            ages = np.maximum((found.came - microseconds(cohort.window.end)) // (STEP // timedelta(microseconds=1)), 0)
            wanted = np.zeros(len(ages), dtype=bool)
            for decision, label in kinds:
                wanted |= (cohort.decisions == decision) & (found.values == label)
            counts[row] = np.bincount(ages[wanted & (ages < observed[row])], minlength=self.n_ages)
        return Arrivals(counts, observed)


def estimate_measurements(found: Mapping[str, Estimate], n_requests: int) -> list[Measurement]:
    """Estimates as measurements that judge nothing: they are told, and no verdict rests on them."""
    return [
        Measurement(
            "performance",
            metric,
            one.value,
            None,
            n_requests,
            ci_low=one.low,
            ci_high=one.high,
            sufficient=False,
            reason=one.reason or "estimated: not all labels have come",
            evidence=None if one.naive is None else f"{number(one.naive)} by the labels that have come",
        )
        for metric, one in found.items()
    ]
