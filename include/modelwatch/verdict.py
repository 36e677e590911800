"""From measurements to a verdict: the one place where thresholds are applied."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from modelwatch.calibration.significance import benjamini_hochberg
from modelwatch.checks.drift import ALL_MISSING
from modelwatch.domain import WAITING, Judgement, Levels, Measurement, Result, Rules, Status, VerdictName
from modelwatch.metrics.registry import METRICS

NO_LEVELS = Levels()
DRIFT = ("feature_drift", "prediction_drift")
CROSSED: Mapping[VerdictName, int] = {"warning": 1, "alert": 2}
MEASURED = ("ok", "warning", "alert")  # verdicts of windows with enough evidence


def judge(
    measurements: Iterable[Measurement], rules: Rules, *, n_current: int, unmeasured: str | None = None
) -> Judgement:
    """The verdict of a window.

    Args:
        measurements: everything the checks measured.
        rules: thresholds and limits of the monitor.
        n_current: requests judged.
        unmeasured: why the window was not measured as it should (cut short, too many rejected rows, a failed check);
            the verdict is then ``not_measured`` unless what was measured is an alert already.
    """
    measured = list(measurements)
    q_values = _q_values(measured, rules)
    judged = (_judge_one(m, rules, q, n_current) for m, q in zip(measured, q_values, strict=True))
    apart = {m.group: m.value for m in measured if m.metric == "demographic_parity_difference"}
    results = tuple(_material(result, rules, apart) for result in judged)
    findings = tuple(sorted((r for r in results if r.status in ("alert", "warning")), key=_severity, reverse=True))
    statuses = {result.status for result in results}
    if unmeasured is not None:
        return Judgement("not_measured", unmeasured, results, findings)
    if n_current < rules.minimum:
        reason = f"{n_current} requests; the minimum is {rules.minimum}"
        return Judgement("insufficient_data", reason, results, findings)
    for level in ("alert", "warning"):
        if level in statuses:
            return Judgement(level, None, results, findings)
    blind = _blind(results, rules)
    if blind:
        return Judgement("insufficient_data", f"not enough evidence for {', '.join(blind)}", results, findings)
    return Judgement("ok", None, results, findings)


def restated(earlier: Judgement, later: Judgement) -> Judgement:
    """A window's judgement with what labels said of it afterwards; what did not need them stays as it was judged.

    A result that was judged again replaces the earlier one. Labels make the verdict worse when something crossed; when
    they are too few to tell, their own results say so, and the verdict on the data holds.
    """
    new = {_identity(result) for result in later.results}
    results = (*(result for result in earlier.results if _identity(result) not in new), *later.results)
    findings = tuple(sorted((r for r in results if r.status in ("alert", "warning")), key=_severity, reverse=True))
    has_worsened = CROSSED.get(later.verdict, 0) > CROSSED.get(earlier.verdict, 0)
    verdict = earlier if earlier.verdict == "not_measured" or not has_worsened else later
    return Judgement(verdict.verdict, verdict.reason, results, findings)


def _identity(result: Result) -> tuple[str, str, str | None, str | None]:
    m = result.measurement
    return m.check, m.metric, m.feature, m.group


def levels_of(measurement: Measurement, rules: Rules) -> Levels:
    """The limits that apply: the feature's own, else the metric's, else none; of a worsening else what worsened's."""
    own, metric = rules.by_feature.get(measurement.feature or "", {}), measurement.metric
    found = own.get(metric) or rules.levels.get(metric) or rules.levels.get(metric.removesuffix("_worsening"))
    return found or NO_LEVELS


def _q_values(measured: list[Measurement], rules: Rules) -> list[float | None]:
    """Benjamini-Hochberg over every test that can alarm; performance, whose labels come later, is its own family."""
    tested = [i for i, m in enumerate(measured) if m.p_value is not None and levels_of(m, rules) != NO_LEVELS]
    q_values: list[float | None] = [None] * len(measured)
    for is_late in (False, True):
        family = [i for i in tested if (measured[i].check == "performance") == is_late]
        adjusted = benjamini_hochberg([measured[i].p_value or 0.0 for i in family])
        for i, q in zip(family, adjusted, strict=True):
            q_values[i] = q
    return q_values


def _judge_one(m: Measurement, rules: Rules, q_value: float | None, n_current: int) -> Result:
    levels = levels_of(m, rules)
    resting = levels.alert if levels.warning is None else levels.warning
    if m.metric == "row_count":
        enough = n_current >= rules.minimum
        return Result(m, "ok" if enough else "insufficient_data", float(rules.minimum), reason=m.reason)
    if not m.sufficient and not _is_harmless(m, resting):
        return Result(m, "insufficient_data", resting, q_value, m.reason)
    if m.value is None or m.effect is None:
        return Result(m, "not_computable", resting, q_value, m.reason)
    if n_current < rules.minimum:
        reason = f"{n_current} requests; the minimum is {rules.minimum}"
        return Result(m, "insufficient_data", resting, q_value, reason)
    is_significant = q_value is None or q_value <= rules.false_discovery_rate
    named: tuple[tuple[Status, float | None], ...] = (("alert", levels.alert), ("warning", levels.warning))
    for status, threshold in named:
        if threshold is not None and is_significant and crosses(m, threshold):
            return Result(m, status, threshold, q_value, m.reason)
    return _not_crossed(m, levels, resting, q_value, is_significant=is_significant)


def _material(result: Result, rules: Rules, apart: Mapping[str | None, float | None]) -> Result:
    """A ratio between rates that are close together is a warning where the levels ask for a distance."""
    least, gap = levels_of(result.measurement, rules).min_difference, apart.get(result.measurement.group)
    if result.status != "alert" or least is None or gap is None or gap >= least:
        return result
    reason = f"a warning only: the rates are {gap:.3g} apart, less than {least:g}"
    return replace(result, status="warning", reason=reason)


def _is_harmless(m: Measurement, limit: float | None) -> bool:
    """Whether an interval shows that the limit is kept, however few the events were."""
    interval = deciding_interval(m)
    if limit is None or interval is None:
        return False
    return interval[0] >= limit if METRICS[m.metric].lower_is_worse else interval[1] <= limit


def _not_crossed(
    m: Measurement, levels: Levels, resting: float | None, q_value: float | None, *, is_significant: bool
) -> Result:
    """Nothing crossed: quiet only if the sample could have shown a crossing."""
    limit = levels.alert if levels.alert is not None else levels.warning
    if limit is not None and not _could_have_seen(m, limit):
        reason = f"the smallest effect {m.n_current} requests can show is {m.smallest_detectable:.3g}"
        return Result(m, "insufficient_data", resting, q_value, reason)
    size = m.value if METRICS[m.metric].worsens is None else m.effect
    beyond = limit is not None and resting is not None and size is not None and _beyond(m, size, resting)
    if not beyond:
        return Result(m, "ok", resting, q_value, m.reason)
    reason = "within what chance explains" if not is_significant else "the part above chance is below the threshold"
    return Result(m, "ok", resting, q_value, m.reason or reason)


def crosses(m: Measurement, threshold: float) -> bool:
    """Whether the evidence is beyond the threshold: the whole interval where there is one (fairness), else the debiased
    effect. A value exactly at the threshold crosses for drift and shares; for an interval it must be strictly beyond.
    """
    interval = deciding_interval(m)
    if interval is not None:
        return interval[1] < threshold if METRICS[m.metric].lower_is_worse else interval[0] > threshold
    return m.effect is not None and _beyond(m, m.effect, threshold)


def deciding_interval(m: Measurement) -> tuple[float, float] | None:
    """The interval that decides; None where there is none, or where it is there to be read."""
    if m.ci_low is None or m.ci_high is None or not METRICS[m.metric].interval_decides:
        return None
    return m.ci_low, m.ci_high


def has_crossed(m: Measurement, rules: Rules, *, alpha: float) -> bool:
    """Whether it is beyond its nearest threshold, at significance ``alpha``."""
    levels = levels_of(m, rules)
    nearest = levels.alert if levels.warning is None else levels.warning
    is_significant = m.p_value is None or m.p_value <= alpha
    return nearest is not None and m.sufficient and is_significant and crosses(m, nearest)


def could_tell(m: Measurement, rules: Rules) -> bool:
    """Whether it would have shown an effect at its threshold.

    What no threshold judges and what could not be computed at all tell nothing, and more requests would not help.
    """
    levels = levels_of(m, rules)
    limit = levels.alert if levels.alert is not None else levels.warning
    return limit is None or (m.sufficient and (m.value is None or _could_have_seen(m, limit)))


def _beyond(m: Measurement, value: float, threshold: float) -> bool:
    return value < threshold if METRICS[m.metric].lower_is_worse else value >= threshold


def _could_have_seen(m: Measurement, limit: float) -> bool:
    if m.smallest_detectable is None:
        return True
    room = 1.0 - limit if METRICS[m.metric].lower_is_worse else limit
    return m.smallest_detectable <= room


def _blind(results: tuple[Result, ...], rules: Rules) -> list[str]:
    """Checks with thresholds of which not one result could be judged, and features whose drift was not computable.

    A feature that is missing throughout has nothing else to look at: its missing share is what is judged. Labels too
    few to tell of performance leave what was measured of the data as it was before they came.
    """
    is_data = any(result.measurement.check in ("quality", *DRIFT) for result in results)
    of_check: dict[str, set[Status]] = {}
    of_feature: dict[str, set[Status]] = {}
    for result in results:
        m = result.measurement
        if levels_of(m, rules) == NO_LEVELS or m.reason in WAITING:
            continue
        if m.check != "performance" or not is_data:
            of_check.setdefault(m.check, set()).add(result.status)
        if m.check in DRIFT and m.feature is not None and m.reason != ALL_MISSING:
            of_feature.setdefault(m.feature, set()).add(result.status)
    checks = sorted(check for check, statuses in of_check.items() if "ok" not in statuses)
    return checks + sorted(name for name, statuses in of_feature.items() if statuses == {"not_computable"})


def _severity(result: Result) -> tuple[bool, float, float]:
    """Alerts before warnings; then by how far beyond the threshold, in thresholds; then by significance.

    The threshold of a share lies close to 0, so that multiples of it soon dwarf those of PSI and KS; their square root
    is of the same order.
    """
    m, threshold = result.measurement, result.threshold or 1e-9
    effect = m.effect or 0.0
    distance = threshold / max(effect, 1e-9) if METRICS[m.metric].lower_is_worse else effect / threshold
    distance = distance**0.5 if m.metric.endswith("_share") else distance
    return result.status == "alert", distance, -(m.p_value or 0.0)
