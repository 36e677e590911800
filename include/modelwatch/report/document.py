"""The JSON document of one window, a contract: the same from `check`, `backtest` and `run`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from modelwatch.domain import Judgement, Result, Window, iso
from modelwatch.report.changes import Change, changes_of

SCHEMA_VERSION = "1"


@dataclass(frozen=True)
class Evaluation:
    """A judged window with the evidence of what it rests on.

    Attributes:
        window: None when the judged file has no timestamps.
        coverage: share of the window's requests that were seen; None when unknown.
        page: on-call would be paged by this window, persistence included.
    """

    monitor: str
    window: Window | None
    judgement: Judgement
    n_reference: int
    n_current: int
    coverage: float | None
    page: bool


def document(evaluation: Evaluation) -> dict[str, Any]:
    """The document as plain JSON types; numbers that are not finite become null."""
    window, judgement = evaluation.window, evaluation.judgement
    return {
        "schema_version": SCHEMA_VERSION,
        "monitor": evaluation.monitor,
        "window": {
            "start": iso(window.start) if window else None,
            "end": iso(window.end) if window else None,
        },
        "verdict": judgement.verdict,
        "reason": judgement.reason,
        "page": evaluation.page,
        "n_reference": evaluation.n_reference,
        "n_current": evaluation.n_current,
        "coverage": evaluation.coverage,
        "drift_kind": drift_kind(judgement),
        "results": [result_document(result) for result in judgement.results],
        "findings": [result_document(result) for result in judgement.findings],
        "changes": [_change(change, judgement.findings) for change in changes_of(judgement.findings)],
    }


def _change(change: Change, findings: Sequence[Result]) -> dict[str, Any]:
    mine = {id(result) for result in change.findings}
    m = change.worst.measurement
    return {
        "features": list(change.names) if m.feature is not None else [],
        "group": m.group,
        "checks": list(change.checks),
        "status": change.worst.status,
        "reason": change.reason,
        "findings": [i for i, result in enumerate(findings) if id(result) in mine],
    }


def drift_kind(judgement: Judgement) -> str | None:
    """Which drift it is, as the performance's results name it; None when nothing happened or nobody knows labels."""
    causes = (r.measurement.cause for r in judgement.results if r.measurement.check == "performance")
    return next((cause for cause in causes if cause is not None), None)


def result_document(result: Result) -> dict[str, Any]:
    """One result as plain JSON types."""
    m = result.measurement
    return {
        "check": m.check,
        "metric": m.metric,
        "feature": m.feature,
        "group": m.group,
        "value": _finite(m.value),
        "effect": _finite(m.effect),
        "p_value": _finite(m.p_value),
        "q_value": _finite(result.q_value),
        "ci_low": _finite(m.ci_low),
        "ci_high": _finite(m.ci_high),
        "n_reference": m.n_reference,
        "n_current": m.n_current,
        "threshold": _finite(result.threshold),
        "smallest_detectable": _finite(m.smallest_detectable),
        "status": result.status,
        "reason": result.reason,
        "evidence": m.evidence,
        "cause": m.cause,
        "shared_reason": m.shared_reason,
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
