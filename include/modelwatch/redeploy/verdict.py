"""From the answers to one word: same, changed, worse, unfair or insufficient."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from modelwatch.domain import Judgement, Measurement, Result, Rules
from modelwatch.redeploy.scores import ScoreBin
from modelwatch.verdict import judge

RedeployVerdict = Literal["same", "changed", "worse", "unfair", "insufficient"]
MINIMUM = 50  # stored requests that both versions answered
UNFAIR = ("counterfactual_flip_share", "counterfactual_score_shift", "proxy_score_shift")
WORSE = (
    "error_share", "invalid_score_share", "latency_ratio", "monotonicity_violation_share", "repeat_change_share",
    "score_variety_loss", "stress_failure_share",
)  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """What a comparison of two versions came to.

    Attributes:
        traffic: the new version's requests judged against the old one's; None when there were none of one.
        reference: the same against the reference; it tells where the callers stand, and has no say in the verdict.
        probes: what the model's own API was asked; None when it may not be asked.
        findings: what speaks for the verdict, then the rest, each worst first; of the traffic only when the probes are
            silent about it.
        scores: those that both versions gave the same requests.
    """

    verdict: RedeployVerdict
    reason: str
    traffic: Judgement | None = None
    probes: Judgement | None = None
    reference: Judgement | None = None
    findings: tuple[Result, ...] = ()
    scores: tuple[ScoreBin, ...] = ()


def judge_probes(measured: Sequence[Measurement], rules: Rules, *, n_answered: int) -> Judgement:
    """The calibrated judgement of the answers: Benjamini-Hochberg over all tests, and a size worth knowing.

    Args:
        n_answered: requests that both versions answered. Where they are few the new version may be found to be worse
            than the old one, but never the same: two that answer nothing have nothing in common.
    """
    asked = next((m.n_current for m in measured if m.metric == "error_share" and m.group is None), 0)
    judgement = judge(measured, replace(rules, minimum=MINIMUM), n_current=asked)
    if n_answered >= MINIMUM or judgement.verdict == "alert":
        return judgement
    reason = (
        f"both versions answered {n_answered} of {asked} requests; {MINIMUM} are needed: see probe and the API's log"
    )
    return replace(judgement, verdict="insufficient_data", reason=reason)


def compare(traffic: Judgement | None, probes: Judgement | None, *, groups: Collection[str]) -> Comparison:
    """The word for both.

    Args:
        traffic, probes: their judgements.
        groups: ``"gender=F"`` and its like; a version that treats one of them otherwise than the rest is unfair.
    """
    words: tuple[RedeployVerdict, ...] = ("unfair", "worse", "changed")
    findings = sorted(_speaking(traffic, probes), key=lambda result: words.index(_word(result, groups)))
    if findings:
        verdict = _word(findings[0], groups)
        said = [result for result in findings if _word(result, groups) == verdict]
        return Comparison(verdict, _reason(said), traffic, probes, findings=tuple(findings))
    known = probes if probes is not None else traffic
    if known is None or known.verdict in ("insufficient_data", "not_measured"):
        reason = (known.reason if known is not None else None) or "neither traffic nor probes could be compared"
        return Comparison("insufficient", reason, traffic, probes)
    return Comparison("same", _quiet_reason(traffic, probes), traffic, probes)


def _speaking(traffic: Judgement | None, probes: Judgement | None) -> tuple[Result, ...]:
    """Probes answer for the version alone. Traffic speaks where they could not, and always of who was treated how."""
    found = list(probes.findings) if probes is not None else []
    if traffic is not None:
        checks = () if probes is not None else ("quality", "prediction_drift")
        found += [one for one in traffic.findings if one.measurement.check in checks or _is_new_gap(one)]
    return tuple(result for result in found if result.status == "alert")


def _is_new_gap(result: Result) -> bool:
    """A gap between groups that the old version did not have; one it had is the daily check's matter."""
    return result.measurement.metric == "demographic_parity_difference_change"


def _word(result: Result, groups: Collection[str]) -> RedeployVerdict:
    m = result.measurement
    if m.check == "fairness" or m.metric in UNFAIR or m.group in groups:
        return "unfair"
    return "worse" if m.metric in WORSE or m.check == "quality" else "changed"


def _reason(said: Sequence[Result]) -> str:
    """The plainest of what speaks for a verdict: what answers show by themselves, before what comparing groups does."""
    said = sorted(said, key=lambda result: result.measurement.metric not in UNFAIR)
    m, more = said[0].measurement, len(said) - 1
    where = m.feature or m.group
    text = f"{m.metric} {m.value:.3g}" + (f" ({where})" if where else "") + (f": {m.evidence}" if m.evidence else "")
    return text + (f" (+{more} more)" if more else "")


def _quiet_reason(traffic: Judgement | None, probes: Judgement | None) -> str:
    looked = [name for name, one in (("the replay and probes", probes), ("the traffic", traffic)) if one is not None]
    return f"no difference worth knowing in {' and '.join(looked)}"
