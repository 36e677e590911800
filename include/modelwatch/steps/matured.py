"""judge_matured: the windows whose labels have come are judged with them, as new evaluations of those windows."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property, partial

import pyarrow as pa

from modelwatch.checks.group_calibration import measure_group_calibration
from modelwatch.domain import Check, Judgement, Measurement, Window, iso
from modelwatch.errors import StoreError
from modelwatch.labels import NEGATIVE, POSITIVE, UNKNOWN, microseconds
from modelwatch.maturity import Estimate
from modelwatch.metrics.registry import WITH_LABELS
from modelwatch.profile import profile_rows
from modelwatch.steps.early import Cohort, Maturing, read_cohort
from modelwatch.steps.episodes import counts
from modelwatch.steps.judge import new_evaluation, store_verdict
from modelwatch.steps.kinds import told_by_kind
from modelwatch.steps.labelled_requests import Knowledge, LabelledRequests, knowledge
from modelwatch.steps.labels import knowledge_day, labels_config
from modelwatch.steps.measure import MEASURES, worsening
from modelwatch.steps.predictions import labelled, requests_of
from modelwatch.steps.queue import measure_queue
from modelwatch.steps.reference import Reference, load_reference
from modelwatch.steps.run import Run
from modelwatch.steps.traffic import told_by_traffic
from modelwatch.store import engine, evaluations, repository
from modelwatch.store import labels as store
from modelwatch.store.labels import Predicted
from modelwatch.store.repository import LoadedEvaluation
from modelwatch.store.samples import Artifacts
from modelwatch.verdict import judge, restated

CHECKS: tuple[Check, ...] = ("performance", "fairness")
CHANGED = 0.01  # the share of a window's labels that must be new or corrected for it to be judged again


def judge_matured(run: Run) -> list[int]:
    """Judge every window that has matured, or of which enough has changed, since it was last judged.

    Of the windows that are not mature yet it is noted what they may come to.

    Returns:
        The ids of the new evaluations, oldest window first.
    """
    if not counts(run):
        return []
    with engine.session(run.settings.database_url) as session:
        known = knowledge(session, run, knowledge_day(session, run))
    cohorts = Cohorts(run, known, load_reference(run.monitor, run.settings))
    stored = [cohorts.restate(one) for one in cohorts.due()]
    with engine.session(run.settings.database_url) as session, session.begin():
        for one in known.windows:
            if not cohorts.is_mature(one.window):
                store.save_estimates(session, run.monitor.monitor, one.window, known.as_of, cohorts.early(one))
    return [evaluation_id for evaluation_id in stored if evaluation_id is not None]


class Cohorts:
    """The windows of one day's knowledge, and what is judged of them."""

    def __init__(self, run: Run, known: Knowledge, reference: Reference) -> None:
        self.run, self.known, self.reference = run, known, reference
        self._artifacts = Artifacts(run.settings.samples_url)
        self._requests = LabelledRequests(run, known)

    @cached_property
    def maturing(self) -> Maturing:
        """How labels arrive."""
        found = [cohort for cohort in self._kept.values() if cohort is not None]
        return Maturing(labels_config(self.run.monitor), self.known.labels, found, self.known.as_of)

    @cached_property
    def _kept(self) -> dict[int, Cohort | None]:
        read = partial(read_cohort, self._artifacts, self.run.monitor)
        return {one.measured_id: read(one) for one in self.known.windows}

    def is_mature(self, window: Window) -> bool:
        """Whether enough of its labels should have come."""
        return self.known.as_of - window.end >= self.maturing.mature_age()

    def early(self, one: Predicted) -> Mapping[str, Estimate]:
        """What a window that is not mature may come to; nothing without decisions, or when it is no longer kept."""
        cohort = self._kept.get(one.measured_id)
        return self.maturing.estimates(cohort) if cohort and self.run.monitor.columns.decision else {}

    def due(self) -> list[Predicted]:
        """The windows to judge now."""
        return [one for one in self.known.windows if self.is_mature(one.window) and self._has_news(one)]

    def measure(self, one: Predicted, measured: LoadedEvaluation) -> list[Measurement]:
        """What labels say of a window; nothing when its predictions are no longer kept."""
        own, monitor, settings = self._requests.rows([one]), self.run.monitor, self.run.settings
        if own is None:
            return []
        together = own if self._with_it(one) == [one] else self._requests.rows(self._with_it(one))
        schema = monitor.schema()
        current = profile_rows(own, {}, schema)
        if together is not None:
            current = replace(current, groups=profile_rows(together, {}, schema).groups)
        found = [m for check in CHECKS for m in MEASURES[check](self.reference.profile, current, monitor, {})]
        everyone = own if together is None else together
        found += measure_group_calibration(everyone, schema, alpha=monitor.false_discovery_rate)
        if not one.is_bounded:  # a day's queue is made of all its requests
            found += measure_queue(self._requests.queue_before(one.window), own, settings, self.reference.digest)
        found = [m for m in found if m.check != "fairness" or m.metric in WITH_LABELS]
        found = self._told_by_kind(found, one, measured)
        found += worsening(self._requests.outcomes_before(one.window), current.outcomes, monitor)
        return [self._labelled_share(own), *told_by_traffic(found, monitor, settings, self.reference.digest, own)]

    def judge(self, one: Predicted, measured: LoadedEvaluation) -> Judgement | None:
        """What was judged of a window without labels, and what these say; None when nothing is kept of it."""
        found = self.measure(one, measured)
        rules = self.run.monitor.rules()
        return restated(measured.judgement, judge(found, rules, n_current=measured.n_current)) if found else None

    def _told_by_kind(self, found: list[Measurement], one: Predicted, measured: LoadedEvaluation) -> list[Measurement]:
        """The measurements, which say which kind of drift it is as long as the sample's rows are kept."""
        try:
            sample = self._artifacts.read_sample(one.sample).rows
        except StoreError:
            return found
        rows = labelled(sample, self.known.labels, self.run.monitor)
        earlier = [result.measurement for result in measured.results]
        told = told_by_kind([*earlier, *found], self.run.monitor, self.run.settings, self.reference, rows)
        return told[len(earlier) :]

    def restate(self, one: Predicted) -> int | None:
        """Store the window's next evaluation; None when there is nothing to judge it by."""
        with engine.session(self.run.settings.database_url) as session:
            measured = repository.load_evaluation(session, one.measured_id)
            evidence = evaluations.evidence(session, one.measured_id, with_profile=False)
        judgement, run = self.judge(one, measured), replace(self.run, window=one.window)
        if judgement is None:
            return None
        new = replace(
            new_evaluation(run, judgement, measured.n_reference, measured.n_current, measured.coverage),
            sample=evidence.sample,
            reference_digest=evidence.reference_digest,
            restates=one.measured_id,
            labels_known_at=self.known.as_of,
        )
        return store_verdict(run, new, judgement, None)

    def _has_news(self, one: Predicted) -> bool:
        if one.known_at is None:
            return True
        cohort = self._kept.get(one.measured_id)
        if cohort is None:
            return False
        labels = self.known.labels.of(cohort.requests)
        is_new = labels.known > microseconds(one.known_at)
        return bool(is_new.sum() > 0 and is_new.sum() >= CHANGED * (labels.values != UNKNOWN).sum())

    def _with_it(self, one: Predicted) -> list[Predicted]:
        """The mature windows of the fairness window that ends with this one."""
        length = self.run.monitor.fairness.window if self.run.monitor.fairness else None
        longer = one.window.back(length) if length else one.window
        return [w for w in self.known.windows if longer.start <= w.window.start and w.window.end <= longer.end]

    def _labelled_share(self, rows: pa.Table) -> Measurement:
        values = self.known.labels.of(requests_of(rows)).values
        share = float((values != UNKNOWN).mean())
        counts = f"{(values == POSITIVE).sum()} positive, {(values == NEGATIVE).sum()} negative"
        evidence = f"{counts}; as known on {iso(self.known.as_of)}"
        return Measurement("performance", "labelled_share", share, None, len(values), effect=share, evidence=evidence)
