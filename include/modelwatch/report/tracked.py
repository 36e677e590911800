"""An evaluation as MLflow takes it: a run's name, its tags and its metrics."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from modelwatch.domain import Measurement, Result, Window, iso
from modelwatch.report.document import Evaluation, drift_kind

REFUSED = re.compile(r"[^\w./ -]")  # what MLflow takes in no metric's name
LONGEST = 250
EVALUATION = "modelwatch.evaluation"


@dataclass(frozen=True)
class TrackedRun:
    """One evaluation of one window.

    Attributes:
        step: its number among the window's evaluations.
    """

    name: str
    window: Window
    step: int
    tags: Mapping[str, str]
    metrics: Mapping[str, float]


def tracked_run(evaluation: Evaluation, *, number: int, run_id: str, versions: Iterable[str]) -> TrackedRun:
    """The run of an evaluation.

    Args:
        evaluation: with its window.
        number: of the evaluation among the window's.
        run_id: of the Dag run that judged it.
        versions: of the model, that answered in the window.

    Raises:
        ValueError: the evaluation has no window.
    """
    window = evaluation.window
    if window is None:
        message = "an evaluation without a window is not stored, and not logged"
        raise ValueError(message)
    tags = {
        "modelwatch.monitor": evaluation.monitor,
        "modelwatch.window_start": iso(window.start),
        "modelwatch.window_end": iso(window.end),
        EVALUATION: f"{evaluation.monitor} {window} {number}",
        "modelwatch.run_id": run_id,
        "modelwatch.verdict": evaluation.judgement.verdict,
        "modelwatch.drift_kind": drift_kind(evaluation.judgement) or "",
        "model_version": ", ".join(sorted(versions)),
    }
    name = f"{evaluation.monitor} {window} #{number}"
    found = metrics_of(evaluation.judgement.results)
    return TrackedRun(name, window, number, {key: text for key, text in tags.items() if text}, found)


def metrics_of(results: Iterable[Result]) -> dict[str, float]:
    """Every computed value by ``check.metric``, ``check.metric.feature`` or ``check.metric.group``.

    What MLflow takes in no name becomes ``_``; of two names that are then the same the later one gets one more.
    """
    found: dict[str, float] = {}
    for m in (result.measurement for result in results):
        if m.value is not None:
            name = _name(m)
            while name in found:
                name += "_"
            found[name] = m.value
    return found


def _name(m: Measurement) -> str:
    parts = (m.check, m.metric, m.feature, m.group)
    return REFUSED.sub("_", ".".join(part for part in parts if part))[:LONGEST]
