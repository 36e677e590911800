"""Multivariate drift of one window: its rows against those of its reference, and with those of windows before it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

import pyarrow as pa

from modelwatch.checks.multivariate import Detector, Options, measure_multivariate
from modelwatch.config import Monitor
from modelwatch.domain import Measurement
from modelwatch.errors import MissingRowsError
from modelwatch.settings import Settings
from modelwatch.steps.past import Against, Past, unsteady_features
from modelwatch.steps.reference import Reference
from modelwatch.steps.rows import comparable, reference_rows
from modelwatch.steps.widen import fewest, settled, with_note

METRIC_OF: Mapping[Detector, str] = {
    "domain_classifier": "auc_domain",
    "classifier_drift": "auc_domain",
    "mmd_drift": "mmd",
}


def multivariate_drift(
    monitor: Monitor, settings: Settings, reference: Reference, compared: Against, rows: pa.Table, back: Sequence[Past]
) -> list[Measurement]:
    """What the monitor's detector says of the window's rows; nothing when the monitor switched it off.

    Args:
        monitor, settings: the monitor and where its artifacts are.
        reference, compared: the fitted file, and what the window is compared with.
        rows: the window's.
        back: the windows before it that the lookback may add, newest first.

    Raises:
        SettingsError: the detector needs a package that is not installed.
    """
    detector = monitor.multivariate.detector
    if detector == "none":
        return []
    try:
        before = rows_before(monitor, settings, reference, compared)
        earlier = _kept(back) if rows.num_rows else []  # a window of no requests is not made good by those before it
        return _Joint(monitor, detector, before, [comparable(monitor, rows), *earlier], compared).measurements()
    except MissingRowsError as error:
        return _unmeasured(detector, compared.profile.n_rows, rows.num_rows, str(error))


def rows_before(monitor: Monitor, settings: Settings, reference: Reference, compared: Against) -> pa.Table:
    """At most `multivariate.rows` rows of what the window is compared with.

    Raises:
        MissingRowsError: a moving reference has not its windows yet, or too few of them still have rows.
    """
    if monitor.reference.type == "file":
        return reference_rows(monitor, settings, reference.digest)
    if compared.shortfall is not None:
        raise MissingRowsError(compared.shortfall)
    kept, needed = _kept(compared.windows), monitor.reference.n_needed
    if len(kept) < needed:
        of = f"{len(kept)} of the {len(compared.windows)} windows of the reference"
        message = f"the rows of {of} are kept, and it takes {needed}: MODELWATCH_SAMPLE_RETENTION_DAYS is too short"
        raise MissingRowsError(message)
    return comparable(monitor, pa.concat_tables(kept))


class _Joint:
    """The window's rows, and with them those of ever more windows before it."""

    def __init__(
        self, monitor: Monitor, detector: Detector, before: pa.Table, parts: Sequence[pa.Table], compared: Against
    ) -> None:
        self.monitor, self.detector, self.features = monitor, detector, monitor.schema().features
        self.before, self.parts = before, parts
        self.unsteady = unsteady_features(monitor, compared.variation)

    def measurements(self) -> list[Measurement]:
        """By as many windows as the minimum takes; then by the fewest that can tell."""
        rules, last = self.monitor.rules(), len(self.parts) - 1
        sizes = accumulate(part.num_rows for part in self.parts)
        first = next((i for i, size in enumerate(sizes) if size >= rules.minimum), last)
        measured = self._measure(first)
        if first == last or settled(measured, rules, alpha=self._alpha):
            return measured
        return fewest(self._measure, first, last, rules)

    def _measure(self, added: int) -> list[Measurement]:
        if not added:
            return self._of_steady(self.parts[0])
        together = comparable(self.monitor, pa.concat_tables(self.parts[: added + 1]))
        return [with_note(m, added) for m in self._of_steady(together)]

    def _of_steady(self, now: pa.Table) -> list[Measurement]:
        """Of the features that do not tell one quiet window from another."""
        steady = {name: kind for name, kind in self.features.items() if name not in self.unsteady}
        if not steady:
            reason = "every feature varies from window to window as much as this would have to show"
            return _unmeasured(self.detector, self.before.num_rows, now.num_rows, reason)
        options = Options(
            detector=self.detector,
            alpha=self._alpha,
            confidence=1 - self.monitor.false_discovery_rate,
            permutations=self.monitor.multivariate.permutations,
        )
        return [self._without(m) for m in measure_multivariate(self.before, now, steady, options)]

    def _without(self, m: Measurement) -> Measurement:
        """The measurement, saying which features it is not of."""
        left_out = sorted(self.unsteady & self.features.keys())
        if not left_out:
            return m
        note = f"without {', '.join(left_out)}, different from window to window"
        return replace(m, evidence=f"{m.evidence}; {note}" if m.evidence else note)

    @property
    def _alpha(self) -> float:
        return self.monitor.false_discovery_rate / len(self.features)


def _kept(windows: Sequence[Past]) -> list[pa.Table]:
    """The rows of the windows that still have them."""
    return [rows for one in windows if (rows := one.rows()) is not None]


def _unmeasured(detector: Detector, n_reference: int, n_current: int, reason: str) -> list[Measurement]:
    return [
        Measurement("multivariate_drift", metric, None, n_reference, n_current, sufficient=False, reason=reason)
        for metric in ("correlation_shift", METRIC_OF[detector])
    ]
