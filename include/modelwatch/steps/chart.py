"""The chart of an episode, from the stored profile and results of the window that showed it."""

import logging

from sqlalchemy.orm import Session

from modelwatch.errors import ModelwatchError
from modelwatch.metrics.bins import fit_bins
from modelwatch.profile import Profile, decode_profile
from modelwatch.report.chart import MAX_PANELS, Rates, Shares, draw
from modelwatch.steps.reference import load_reference
from modelwatch.steps.run import Run
from modelwatch.store import repository
from modelwatch.store.repository import LoadedEvaluation

MAX_GROUPS = 12
log = logging.getLogger(__name__)


def chart_of(session: Session, run: Run, evaluation_id: int, members: list[str]) -> bytes | None:
    """The image as PNG; None when there is nothing to draw, or nothing to draw with.

    A message without its picture is still the message: what is missing for the picture is logged and not raised.
    """
    try:
        panels = _panels(session, run, evaluation_id, members)
        return draw(panels) if panels else None
    except ImportError:
        log.warning("no chart was drawn: matplotlib is not installed (pip install matplotlib)")
    except ModelwatchError as error:
        log.warning("no chart was drawn: %s", error)
    return None


def _panels(session: Session, run: Run, evaluation_id: int, members: list[str]) -> list[Shares | Rates]:
    evaluation = repository.load_evaluation(session, evaluation_id)
    worst = [result.measurement.feature for result in evaluation.findings]
    names = [member.partition(":")[2] for member in members if not member.startswith("fairness:")]
    ordered = sorted(dict.fromkeys(names), key=lambda name: worst.index(name) if name in worst else len(worst))
    panels: list[Shares | Rates] = []
    stored = repository.profile_of(session, evaluation_id)
    if stored is not None and ordered:
        reference = load_reference(run.monitor, run.settings)
        current = decode_profile(stored, reference.cells)
        panels += [_shares(name, reference.profile, current) for name in ordered if name in current.columns]
    attributes = [member.partition(":")[2] for member in members if member.startswith("fairness:")]
    panels += [panel for name in attributes if (panel := _rates(name, evaluation)) is not None]
    return panels[:MAX_PANELS]


def _shares(name: str, reference: Profile, current: Profile) -> Shares:
    bins = fit_bins(reference.columns[name])
    of_reference, of_current = bins.counts(reference.columns[name]), bins.counts(current.columns[name])
    shown = [i for i in range(len(bins.labels)) if of_reference[i] + of_current[i] > 0]
    return Shares(
        title=name,
        labels=tuple(bins.labels[i] for i in shown),
        reference=tuple(float(of_reference[i] / max(1, of_reference.sum())) for i in shown),
        current=tuple(float(of_current[i] / max(1, of_current.sum())) for i in shown),
    )


def _rates(attribute: str, evaluation: LoadedEvaluation) -> Rates | None:
    """The selection rates of an attribute's groups (``"gender=F & age_band=18-24"``), as they were measured."""
    wanted = attribute.split(" & ")
    found = [
        (m.group, m.value, m.ci_low, m.ci_high)
        for m in (result.measurement for result in evaluation.results)
        if m.metric == "selection_rate" and m.group is not None and _attributes(m.group) == wanted
    ]
    known = [(g, v, low, high) for g, v, low, high in found if v is not None and low is not None and high is not None]
    if not known:
        return None
    groups, values, lows, highs = zip(*known[:MAX_GROUPS], strict=True)
    return Rates(f"selection rate by {attribute}", groups, values, lows, highs)


def _attributes(group: str) -> list[str]:
    return [part.partition("=")[0] for part in group.split(" & ")]
