"""Verdicts and freshness as OpenMetrics text, for Prometheus."""

from collections.abc import Iterable

from modelwatch.report.page.listing import Row
from modelwatch.report.page.words import WORST_FIRST

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def exposition(rows: Iterable[Row]) -> str:
    """One state set and four gauges per monitor, then ``# EOF``; monitors never judged have the state set only."""
    ordered = sorted(rows, key=lambda row: row.monitor)
    judged = [row for row in ordered if row.mark is not None]
    lines = [
        *_head("modelwatch_verdict", "stateset", "The verdict of the newest window."),
        *(_state(row, name) for row in ordered for name in WORST_FIRST),
        *_head("modelwatch_window_end_seconds", "gauge", "End of the newest judged window, as a Unix time."),
        *(_gauge("modelwatch_window_end_seconds", r, r.mark.window.end.timestamp()) for r in judged if r.mark),
        *_head("modelwatch_requests", "gauge", "Requests judged in the newest window."),
        *(_gauge("modelwatch_requests", r, r.mark.n_current) for r in judged if r.mark),
        *_head("modelwatch_open_problems", "gauge", "Features and groups beyond a threshold in the newest window."),
        *(_gauge("modelwatch_open_problems", r, len(r.problems)) for r in judged),
        *_head("modelwatch_open_episodes", "gauge", "Episodes that are not over."),
        *(_gauge("modelwatch_open_episodes", r, r.n_episodes) for r in judged),
        *_head("modelwatch_late", "gauge", "1 when more windows are due than were judged."),
        *(_gauge("modelwatch_late", r, int(r.is_late)) for r in judged),
    ]
    return "\n".join([*lines, "# EOF", ""])


def _head(name: str, kind: str, words: str) -> list[str]:
    return [f"# TYPE {name} {kind}", f"# HELP {name} {words}"]


def _state(row: Row, verdict: str) -> str:
    labels = f'monitor="{_label(row.monitor)}",owner="{_label(row.owner)}",modelwatch_verdict="{verdict}"'
    return f"modelwatch_verdict{{{labels}}} {int(row.verdict == verdict)}"


def _gauge(name: str, row: Row, value: float) -> str:
    return f'{name}{{monitor="{_label(row.monitor)}"}} {value:.15g}'


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
