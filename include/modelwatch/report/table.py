"""Evaluations as plain text for a terminal."""

from collections.abc import Sequence

from modelwatch.domain import Result, iso
from modelwatch.report.changes import changes_of
from modelwatch.report.document import Evaluation

ROW = "{:<17} {:<36} {:<28} {:>10} {:>9} {:>9}  {:<17} {}"


def evaluation_table(evaluation: Evaluation) -> str:
    """The verdict, the evidence it rests on, and every judged result, findings first, change by change."""
    judgement, page = evaluation.judgement, ", would page" if evaluation.page else ""
    changes = changes_of(judgement.findings)
    rest = [result for result in judgement.results if result not in judgement.findings and result.threshold is not None]
    lines = [
        f"{evaluation.monitor}  {_window(evaluation)}  {judgement.verdict.upper()}{_reason(judgement.reason)}",
        f"{evaluation.n_current:,} requests against {evaluation.n_reference:,} of the reference{page}",
        *(f"{', '.join(one.names)} moved together: {one.reason}" for one in changes if len(one.names) > 1),
        "",
        ROW.format("check", "metric", "feature or group", "value", "threshold", "q", "status", "why"),
        *(_row(result) for result in [*(result for one in changes for result in one.findings), *rest]),
    ]
    return "\n".join(line.rstrip() for line in lines)


def backtest_line(evaluation: Evaluation) -> str:
    """One window as one line: day, verdict, page, requests, top finding."""
    page = "page" if evaluation.page else "-"
    top = top_finding(evaluation) or evaluation.judgement.reason or ""
    verdict = evaluation.judgement.verdict
    return f"{_window(evaluation):<44} {verdict:<17} {page:<5} {evaluation.n_current:>9,}  {top}".rstrip()


def backtest_summary(evaluations: Sequence[Evaluation], expected: float) -> str:
    """How often on-call would have been paged, and at most would have been had nothing changed at all."""
    pages = sum(evaluation.page for evaluation in evaluations)
    measured = sum(evaluation.judgement.verdict in ("ok", "warning", "alert") for evaluation in evaluations)
    windows = f"{len(evaluations)} windows, {measured} measured"
    return f"{windows}; would have paged {pages} times; expected by chance at most {expected:.2g}"


def top_finding(evaluation: Evaluation) -> str | None:
    """``"amount psi 2.31 (alert at 0.25): (12.5, inf): 10 % -> 95 %"``."""
    findings = evaluation.judgement.findings
    if not findings:
        return None
    m, changes = findings[0].measurement, changes_of(findings)
    evidence = f": {m.evidence}" if m.evidence else ""
    others = f" (+{len(changes) - 1} more)" if len(changes) > 1 else ""
    limit = f"{findings[0].status} at {findings[0].threshold:g}"
    return f"{changes[0].title} {m.metric} {m.value:.3g} ({limit}){evidence}{others}"


def _window(evaluation: Evaluation) -> str:
    window = evaluation.window
    return f"{iso(window.start)}/{iso(window.end)}" if window else "(no timestamps)"


def _reason(reason: str | None) -> str:
    return f": {reason}" if reason else ""


def _row(result: Result) -> str:
    m = result.measurement
    return ROW.format(
        m.check,
        m.metric,
        (m.feature or m.group or "")[:28],
        _number(m.value),
        _number(result.threshold),
        _number(result.q_value),
        result.status,
        result.reason or m.evidence or "",
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
