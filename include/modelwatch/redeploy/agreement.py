"""Whether both versions put the same requests above which others: overall, and by segment."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from modelwatch.calibration.paired import Flags, correlations_p_value, rank_correlation
from modelwatch.domain import Measurement
from modelwatch.redeploy.measured import FEWEST_IN_SEGMENT, TWICE, only_here, shown, too_few
from modelwatch.redeploy.table import Pairs, noise_p_value

METRIC = "score_disagreement"


def measure_agreement(found: Pairs, noise: Pairs, segments: Mapping[str, Flags]) -> Iterator[Measurement]:
    """How little the order of the new version's scores has to do with that of the old one's.

    Args:
        found: the old and the new version's answers to the same requests.
        noise: the new version's two answers to the same requests.
        segments: ``"channel=atm"`` -> ``(n_requests,)`` which stored requests are in it.
    """
    found, noise = (one.only(~np.isnan(one.score_change)) for one in (found, noise))
    n = len(found.rows)
    if n == 0:
        return
    yield too_few(METRIC, n, n) or _disagreement(found, noise, TWICE)
    for name, members in segments.items():
        here, rest = found.among(members), found.among(~members)
        few = too_few(METRIC, len(here.rows), len(rest.rows), group=name)
        yield few or _in_segment(here, rest, noise_p_value(found, noise, members), name)


def _in_segment(here: Pairs, rest: Pairs, beyond: float, name: str) -> Measurement:
    """Against the order elsewhere; ``beyond`` is the p-value of the same being noise."""
    m = replace(_disagreement(here, rest, "elsewhere"), group=name)
    if m.value is None or m.effect is None or m.p_value is None:
        return m
    return only_here(replace(m, p_value=max(m.p_value, beyond)), m.value, m.value - m.effect)


def _disagreement(found: Pairs, other: Pairs, than: str) -> Measurement:
    """One minus Spearman's; its effect is what is beyond that of the ``other``."""
    r, n, n_other = _correlation(found), len(found.rows), len(other.rows)
    if r is None:
        return shown(METRIC, None, n, reason="the scores of one version are all the same")
    r_other = _correlation(other)
    r_other = 1.0 if r_other is None else r_other
    p_value = correlations_p_value(r, n, r_other, n_other) if min(n, n_other) >= FEWEST_IN_SEGMENT else None
    evidence = f"rank correlation of old and new scores {r:.2f}; {r_other:.2f} {than}"
    return shown(METRIC, 1 - r, n, effect=max(0.0, r_other - r), p_value=p_value, evidence=evidence)


def _correlation(found: Pairs) -> float | None:
    return rank_correlation(found.score_before, found.score_before + found.score_change)
