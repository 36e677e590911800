"""Decisions that differ between two answers, against those that differ elsewhere."""

from dataclasses import dataclass, replace

import numpy as np

from modelwatch.calibration.paired import Flags, more_often_p_value, stratified_share
from modelwatch.domain import Measurement
from modelwatch.redeploy.measured import CONFIDENCE_ALPHA, only_here, shown, too_few
from modelwatch.redeploy.table import Pairs, Story, noise_p_value


@dataclass(frozen=True)
class Flips:
    """How many of some decisions differ.

    Attributes:
        n: decisions; gained, lost: newly selected, and no longer.
        share: of the stored requests they stand for; low, high: its interval.
    """

    n: int = 0
    gained: int = 0
    lost: int = 0
    share: float = 0.0
    low: float = 0.0
    high: float = 1.0

    @property
    def total(self) -> int:
        """Either way."""
        return self.gained + self.lost


def flips_of(story: Story, found: Pairs, *, of: int | None = None) -> Flips:
    """The flips among those answers that hold a decision.

    Args:
        of: how many stored requests they stand for; None: all of them.
    """
    known = found.only(~np.isnan(found.flip))
    n, flip = len(known.rows), known.flip
    if n == 0:
        return Flips()
    total = len(story.requests) if of is None else of
    share = stratified_share(flip != 0, story.is_near[known.rows], total, alpha=CONFIDENCE_ALPHA)
    return Flips(n, int((flip > 0).sum()), int((flip < 0).sum()), *share)


def flip_share(metric: str, here: Flips, other: Flips, than: str, **more: object) -> Measurement:
    """The share of flips beyond those of the ``other``: when the same is asked twice, or elsewhere."""
    evidence = f"{here.gained} of {here.n} newly selected, {here.lost} no longer"
    evidence += f"; {other.total} of {other.n} decisions differ {than}" if other.n else ""
    p_value = more_often_p_value(here.total, here.n, other.total, other.n) if other.n else None
    base = {"p_value": p_value, "ci_low": here.low, "ci_high": here.high, "evidence": evidence}
    return shown(metric, here.share, here.n, effect=max(0.0, here.share - other.share), **base, **more)


def flip_share_of_segment(
    story: Story, metric: str, found: Pairs, noise: Pairs, members: Flags, **where: str
) -> Measurement:
    """The share of flips in a segment, beyond those elsewhere and beyond the noise there.

    Args:
        members: ``(n_requests,)`` which stored requests are in it.
    """
    here, rest = (flips_of(story, found.among(part), of=int(part.sum())) for part in (members, ~members))
    few = too_few(metric, here.n, rest.n, **where)
    if few is not None:
        return few
    measured = flip_share(metric, here, rest, "elsewhere", **where)
    p_value = max(measured.p_value or 0.0, noise_p_value(found, noise, members))
    return only_here(replace(measured, p_value=p_value), here.share, rest.share)
