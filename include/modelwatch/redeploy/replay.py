"""Before and after, on the same stored requests: decisions, scores, latency, and whether answers repeat."""

from collections.abc import Iterator, Mapping

import numpy as np

from modelwatch.calibration.paired import (
    Flags,
    Floats,
    Mean,
    difference,
    mcnemar_p_value,
    more_often_p_value,
    plain_mean,
)
from modelwatch.domain import Measurement
from modelwatch.redeploy.agreement import measure_agreement
from modelwatch.redeploy.faults import measure_faults
from modelwatch.redeploy.flips import flip_share, flip_share_of_segment, flips_of
from modelwatch.redeploy.measured import CONFIDENCE_ALPHA, FEWEST_IN_SEGMENT, TWICE, only_here, shown, too_few
from modelwatch.redeploy.table import (
    Pairs,
    Story,
    mean_over_stored,
    means_of_segment,
    pairs,
    repeat_noise,
    score_scale,
)
from modelwatch.words import number


def measure_replay(story: Story, segments: Mapping[str, Flags], groups: Mapping[str, Flags]) -> list[Measurement]:
    """Every comparison of the two versions on the stored requests.

    Args:
        story: the answers.
        segments: ``"channel=atm"`` -> ``(n_requests,)`` which stored requests are in it.
        groups: the same for the values of sensitive features.
    """
    rows = sorted({ask.row for ask, _ in story.of("replay")})
    both = [(row, story.before(row), story.after(row)) for row in rows]
    found, scale, parts = pairs(both), score_scale(story.requests), {**segments, **groups}
    measured = [*_repeats(story), *measure_faults(both, parts), *_latency(story, found)]
    if len(found.rows):
        measured += [_decisions(story, found), *_flips(story, found, segments), *_scores(story, found, scale)]
        measured += measure_agreement(found, repeat_noise(story, story.new), parts)
    for name, members in parts.items():
        measured += _in_segment(story, name, members, found, scale)
    return measured


def answered_by_both(story: Story) -> int:
    """How many stored requests both versions scored or decided on."""
    rows = {ask.row for ask, _ in story.of("replay")}
    return sum(story.before(row).is_answered and story.after(row).is_answered for row in rows)


def _repeats(story: Story) -> Iterator[Measurement]:
    """Whether the same request gets the same answer. A version that always did and no longer does is worse."""
    new = repeat_noise(story, story.new)
    if len(new.rows) == 0:
        return
    n, k = len(new.rows), int(new.changed.sum())
    old = repeat_noise(story, story.old) if story.old is not None else None
    n_old, k_old = (len(old.rows), int(old.changed.sum())) if old is not None else (0, 0)
    # Without the old version's repeats one answer that differs is a fact, and needs no test.
    p_value = more_often_p_value(k, n, k_old, n_old) if n_old else None
    evidence = f"{k} of {n} answers differ when the same is asked twice"
    evidence += f"; {k_old} of {n_old} with the old version" if n_old else ""
    yield shown("repeat_change_share", k / n, n, n_reference=n_old, p_value=p_value, evidence=evidence)


def _decisions(story: Story, found: Pairs) -> Measurement:
    flips = found.flip[~np.isnan(found.flip)]
    if len(flips) == 0:
        return shown("decision_rate_change", None, 0, reason="the answers hold no decision")
    gained, lost = int((flips > 0).sum()), int((flips < 0).sum())
    mean = mean_over_stored(story, found, found.flip)
    evidence = f"of {len(flips)} requests asked of both {gained} are newly selected and {lost} no longer"
    return _magnitude("decision_rate_change", mean, mcnemar_p_value(gained, lost), evidence=evidence)


def _flips(story: Story, found: Pairs, segments: Mapping[str, Flags]) -> Iterator[Measurement]:
    """Decisions that differ either way, beyond those that differ when one version is asked twice."""
    flips, metric = flips_of(story, found), "decision_flip_share"
    if flips.n == 0:
        return
    noise = repeat_noise(story, story.new)
    yield flip_share(metric, flips, flips_of(story, noise), TWICE)
    for name, members in segments.items():
        yield flip_share_of_segment(story, metric, found, noise, members, group=name)


def _scores(story: Story, found: Pairs, scale: float | None) -> Iterator[Measurement]:
    if np.isnan(found.score_change).all():
        return
    if scale is None:
        yield shown("score_shift", None, len(found.rows), reason="the logged scores are all the same")
        return
    mean = mean_over_stored(story, found, found.score_change / scale)
    before = mean_over_stored(story, found, found.score_before)
    after = before.value + mean.value * scale
    evidence = f"mean score {number(before.value)} -> {number(after)}"
    yield _magnitude("score_shift", mean, mean.p_value(), evidence=evidence)


def _latency(story: Story, found: Pairs) -> Iterator[Measurement]:
    """How many times as long the new version takes; only where both were really asked."""
    timed = [(story.before(row).seconds, story.after(row).seconds) for row in found.rows.tolist()]
    logs = np.asarray([np.log(after / before) for before, after in timed if before and after])
    if story.old is None or len(logs) < FEWEST_IN_SEGMENT:
        return
    mean = plain_mean(logs)
    reach = mean.reach(CONFIDENCE_ALPHA)
    medians = [float(np.median([one[side] for one in timed if all(one)])) for side in (0, 1)]
    yield shown(
        "latency_ratio",
        float(np.exp(mean.value)),
        len(logs),
        p_value=mean.p_value(),
        ci_low=float(np.exp(mean.value - reach)),
        ci_high=float(np.exp(mean.value + reach)),
        evidence=f"median {1000 * medians[0]:.3g} ms -> {1000 * medians[1]:.3g} ms",
    )


def _in_segment(story: Story, name: str, members: Flags, found: Pairs, scale: float | None) -> Iterator[Measurement]:
    """What changed in one segment, against the rest."""
    if not np.isnan(found.flip).all():
        yield _apart(story, "decision_rate_change", name, members, found, found.flip)
    if scale is not None and not np.isnan(found.score_change).all():
        yield _apart(story, "score_shift", name, members, found, found.score_change / scale)


def _apart(story: Story, metric: str, name: str, members: Flags, found: Pairs, values: Floats) -> Measurement:
    here, rest = means_of_segment(story, found, values, members)
    few = too_few(metric, here.n, rest.n, group=name)
    if few is not None:
        return few
    apart = difference(here, rest)
    words = _rate_words if metric == "decision_rate_change" else _shift_words
    evidence = f"where {name}: {words(here.value)}; elsewhere {words(rest.value)}"
    measured = _magnitude(metric, apart, apart.p_value(), group=name, evidence=evidence, n=here.n)
    return only_here(measured, here.value, rest.value)


def _rate_words(value: float) -> str:
    return f"{100 * value:+.1f} points"


def _shift_words(value: float) -> str:
    return f"{value:+.2f} sd"


def _magnitude(metric: str, mean: Mean, p_value: float, *, n: int | None = None, **more: object) -> Measurement:
    """How large a change is, whichever way; the evidence says which."""
    reach, size = mean.reach(CONFIDENCE_ALPHA), abs(mean.value)
    low = max(0.0, size - reach)
    return shown(metric, size, n or mean.n, p_value=p_value, ci_low=low, ci_high=size + reach, **more)
