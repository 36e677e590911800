"""Whether both versions put the same requests above which others: overall, and by segment."""

from collections.abc import Iterator, Mapping

import numpy as np

from modelwatch.calibration.paired import Flags, correlations_p_value, rank_correlation
from modelwatch.domain import Measurement
from modelwatch.redeploy.measured import FEWEST_IN_SEGMENT, only_here, shown, too_few
from modelwatch.redeploy.table import Pairs

METRIC = "score_disagreement"


def measure_agreement(found: Pairs, noise: Pairs, segments: Mapping[str, Flags]) -> Iterator[Measurement]:
    """How little the order of the new version's scores has to do with that of the old one's.

    Args:
        found: the old and the new version's answers to the same requests.
        noise: the new version's two answers to the same requests.
        segments: ``"channel=atm"`` -> ``(n_requests,)`` which stored requests are in it.
    """
    found, noise = (one.only(~np.isnan(one.score_change)) for one in (found, noise))
    if len(found.rows) == 0:
        return
    yield _disagreement(found, noise, "when the same is asked twice")
    for name, members in segments.items():
        here, rest = (found.only(members[found.rows] == side) for side in (True, False))
        n, where = min((len(here.rows), ""), (len(rest.rows), " elsewhere"))
        few = n < FEWEST_IN_SEGMENT
        yield too_few(METRIC, n, where=where, group=name) if few else _disagreement(here, rest, "elsewhere", group=name)


def _disagreement(found: Pairs, other: Pairs, where: str, *, group: str | None = None) -> Measurement:
    """One minus Spearman's; its effect is what is beyond that of ``other``."""
    r, n, n_other = _correlation(found), len(found.rows), len(other.rows)
    if r is None:
        return shown(METRIC, None, n, group=group, reason="the scores of one version are all the same")
    r_other = _correlation(other)
    r_other = 1.0 if r_other is None else r_other
    p_value = correlations_p_value(r, n, r_other, n_other) if min(n, n_other) >= FEWEST_IN_SEGMENT else None
    evidence = f"rank correlation of old and new scores {r:.2f}; {r_other:.2f} {where}"
    effect = max(0.0, r_other - r)
    measured = shown(METRIC, 1 - r, n, group=group, effect=effect, p_value=p_value, evidence=evidence)
    return only_here(measured, 1 - r, 1 - r_other)


def _correlation(found: Pairs) -> float | None:
    return rank_correlation(found.score_before, found.score_before + found.score_change)
