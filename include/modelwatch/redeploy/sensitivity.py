"""What the new version makes of a sensitive feature and of its proxies: overall, by group, and by segment."""

from collections.abc import Iterator, Mapping

import numpy as np

from modelwatch.calibration.paired import Flags, Floats, Mean, difference, mcnemar_p_value
from modelwatch.domain import Measurement
from modelwatch.redeploy.flips import flip_share, flip_share_of_segment, flips_of
from modelwatch.redeploy.measured import CONFIDENCE_ALPHA, TWICE, only_here, shown, too_few
from modelwatch.redeploy.table import (
    Pairs,
    Story,
    by_change,
    mean_over_stored,
    means_of_segment,
    moves,
    noise_p_value,
    repeat_noise,
    score_scale,
    tolerance,
)

FLIPS, SHIFT, PROXY = "counterfactual_flip_share", "counterfactual_score_shift", "proxy_score_shift"


def measure_sensitivity(story: Story, segments: Mapping[str, Flags]) -> list[Measurement]:
    """Every probe of a sensitive feature and of its proxies.

    Args:
        story: the answers.
        segments: ``"channel=atm"`` -> ``(n_requests,)`` which stored requests are in it.
    """
    return [*_counterfactuals(story, segments), *_proxies(story, segments)]


def _counterfactuals(story: Story, segments: Mapping[str, Flags]) -> Iterator[Measurement]:
    """The sensitive feature alone is another: does the answer move?"""
    asked, noise = by_change(story, "counterfactual", story.new), repeat_noise(story, story.new)
    for subject in dict.fromkeys(subject for subject, _ in asked):
        levels = {level: found for (name, level), found in asked.items() if name == subject}
        everyone = moves(story, [one for found in levels.values() for one in found])
        yield from _beyond_noise(story, everyone, noise, len(story.requests), feature=subject)
        for level, found in sorted(levels.items()):
            # Each is asked about its part of the requests, near to the decision and away from it alike.
            moved, group = moves(story, found), f"{subject}={level}"
            part = round(len(story.requests) * len(moved.rows) / max(1, len(everyone.rows)))
            yield from _beyond_noise(story, moved, noise, part, feature=subject, group=group)
        for name, members in segments.items():
            yield from _in_segment(story, everyone, noise, members, feature=subject, group=name)


def _beyond_noise(story: Story, found: Pairs, noise: Pairs, of: int, **where: str) -> Iterator[Measurement]:
    """Against the same asked twice; ``of`` is how many stored requests they stand for."""
    flips, scale = flips_of(story, found, of=of), score_scale(story.requests)
    if flips.n:
        few = too_few(FLIPS, flips.n, flips.n, **where)
        yield few or flip_share(FLIPS, flips, flips_of(story, noise), TWICE, **where)
    if scale is None or np.isnan(found.score_change).all():
        return
    here = mean_over_stored(story, found, np.abs(found.score_change) / scale, of=of)
    twice = mean_over_stored(story, noise, np.abs(noise.score_change) / scale)
    p_value = max(difference(here, twice).p_value(), noise_p_value(found, noise) if len(noise.rows) else 0.0)
    upwards = mean_over_stored(story, found, found.score_change / scale, of=of).value
    evidence = f"{_moves_by(here, twice, TWICE)}; {upwards:+.3f} on average"
    few = too_few(SHIFT, here.n, here.n, **where)
    yield few or _shift(SHIFT, here, twice.value, p_value=p_value, evidence=evidence, **where)


def _in_segment(story: Story, found: Pairs, noise: Pairs, members: Flags, **where: str) -> Iterator[Measurement]:
    """Against the same change elsewhere, and against the noise in the segment."""
    if not np.isnan(found.flip).all():
        yield flip_share_of_segment(story, FLIPS, found, noise, members, **where)
    scale = score_scale(story.requests)
    if scale is not None and not np.isnan(found.score_change).all():
        here, rest = means_of_segment(story, found, np.abs(found.score_change) / scale, members)
        beyond = noise_p_value(found, noise, members)
        yield too_few(SHIFT, here.n, rest.n, **where) or _shift_here(SHIFT, here, rest, beyond, **where)


def _shift_here(metric: str, here: Mean, rest: Mean, beyond: float, **where: str) -> Measurement:
    """A segment's shift against that elsewhere; ``beyond`` is the p-value of the same being noise."""
    p_value, evidence = max(beyond, difference(here, rest).p_value()), _moves_by(here, rest, "elsewhere")
    measured = _shift(metric, here, rest.value, p_value=p_value, evidence=evidence, **where)
    return only_here(measured, here.value, rest.value)


def _shift(metric: str, here: Mean, other: float, **more: object) -> Measurement:
    """How far the score moves; what it moves less than before counts as nothing."""
    reach = here.reach(CONFIDENCE_ALPHA)
    value, low, high = (max(0.0, one) for one in (here.value, here.value - reach, here.value + reach))
    return shown(metric, value, here.n, effect=max(0.0, value - max(0.0, other)), ci_low=low, ci_high=high, **more)


def _moves_by(here: Mean, other: Mean, than: str) -> str:
    return f"the score moves by {here.value:.3f} sd, {other.value:.3f} {than}"


def _proxies(story: Story, segments: Mapping[str, Flags]) -> Iterator[Measurement]:
    """Features that may stand for a group are legitimate inputs: what counts is how much more the new version makes
    of them than the old one did, beyond what its own noise moves.
    """
    scale = score_scale(story.requests)
    if scale is None or story.old is None:
        return
    before, allowed = by_change(story, "proxy", story.old), tolerance(story)
    for change, asked in by_change(story, "proxy", story.new).items():
        found, more = _more(moves(story, asked), moves(story, before.get(change, [])))
        yield _proxy(mean_over_stored(story, found, more / scale), _beyond(more, allowed), feature=change[0])
        for name, members in segments.items():
            here, rest = means_of_segment(story, found, more / scale, members)
            where, beyond = {"feature": change[0], "group": name}, _beyond(more[members[found.rows]], allowed)
            yield too_few(PROXY, here.n, rest.n, **where) or _shift_here(PROXY, here, rest, beyond[0], **where)


def _proxy(mean: Mean, beyond: tuple[float, int, int], **where: str) -> Measurement:
    p_value, raised, lowered = beyond
    evidence = f"the score moves more than the old version's for {raised} of {mean.n} requests, less for {lowered}"
    few = too_few(PROXY, mean.n, mean.n, **where)
    return few or _shift(PROXY, mean, 0.0, p_value=p_value, evidence=evidence, **where)


def _beyond(more: Floats, allowed: float) -> tuple[float, int, int]:
    """P(as lopsided) when neither version makes more of it, and for how many requests each does, beyond the noise."""
    raised, lowered = int((more > allowed).sum()), int((more < -allowed).sum())
    return mcnemar_p_value(raised, lowered), raised, lowered


def _more(new: Pairs, old: Pairs) -> tuple[Pairs, Floats]:
    """The requests that both answered, and how much further the new version's score moves."""
    both = new.only(np.isin(new.rows, old.rows))
    before = old.score_change[np.searchsorted(old.rows, both.rows)]
    return both, np.abs(both.score_change) - np.abs(before)
