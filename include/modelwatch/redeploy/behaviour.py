"""What the new version makes of changed copies of stored requests: other groups, proxies, directions, stress."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from modelwatch.calibration.intervals import rate_interval
from modelwatch.calibration.paired import Floats, mcnemar_p_value, more_often_p_value
from modelwatch.domain import Measurement
from modelwatch.redeploy.asking import Answer, Ask
from modelwatch.redeploy.measured import CONFIDENCE_ALPHA, FEWEST_IN_SEGMENT, shown
from modelwatch.redeploy.replay import repeat_noise, score_scale
from modelwatch.redeploy.table import SAME, Pairs, Story, mean_over_stored, pairs

Direction = Literal["increasing", "decreasing"]
NOISE_MARGIN = 2.0  # of the largest difference seen when the same was asked twice


def measure_behaviour(story: Story, directions: Mapping[str, Direction]) -> list[Measurement]:
    """Every probe of the new version.

    Args:
        story: the answers.
        directions: features whose increase may never lower or raise the score.
    """
    scale = score_scale(story.requests)
    return [
        *_counterfactuals(story, scale),
        *_proxies(story, scale),
        *_sweeps(story, directions),
        *_stress(story),
        *_attributions(story, scale),
    ]


def _counterfactuals(story: Story, scale: float | None) -> Iterator[Measurement]:
    """The sensitive feature alone is another: does the answer move?"""
    noise = repeat_noise(story, story.new)
    for (subject, level), asked in _by_change(story, "counterfactual", story.new).items():
        found = _moves(story, asked)
        if len(found.rows) < FEWEST_IN_SEGMENT:
            continue
        group = f"{subject}={level}"
        yield from _flipped(found, noise, subject, group)
        if scale is not None and not np.isnan(found.score_change).all():
            mean = mean_over_stored(story, found, found.score_change / scale)
            p_value = max(mean.p_value(), _beyond_noise(found, noise))
            yield _shift(mean.value, mean.reach(CONFIDENCE_ALPHA), p_value, len(found.rows), subject, group)


def _flipped(found: Pairs, noise: Pairs, subject: str, group: str) -> Iterator[Measurement]:
    known, quiet = ~np.isnan(found.flip), ~np.isnan(noise.flip)
    if not known.any():
        return
    flips, n, k_noise, n_noise = found.flip[known], int(known.sum()), int((noise.flip[quiet] != 0).sum()), quiet.sum()
    k = int((flips != 0).sum())
    low, high = rate_interval(k, n, alpha=CONFIDENCE_ALPHA)
    beyond = max(0.0, k / n - (k_noise / n_noise if n_noise else 0.0))
    yield shown(
        "counterfactual_flip_share",
        k / n,
        n,
        effect=beyond,
        feature=subject,
        group=group,
        p_value=more_often_p_value(k, n, k_noise, int(n_noise)) if n_noise else None,
        ci_low=float(low),
        ci_high=float(high),
        evidence=f"{subject} alone changed: {(flips > 0).sum()} of {n} newly selected, {(flips < 0).sum()} no longer",
    )


def _beyond_noise(found: Pairs, noise: Pairs) -> float:
    """P(so many answers differ) when they differ as often as those to the same request asked twice."""
    n_noise = len(noise.rows)
    if n_noise == 0:
        return 0.0
    return more_often_p_value(int(found.changed.sum()), len(found.rows), int(noise.changed.sum()), n_noise)


def _shift(value: float, reach: float, p_value: float, n: int, subject: str, group: str) -> Measurement:
    return shown(
        "counterfactual_score_shift",
        abs(value),
        n,
        feature=subject,
        group=group,
        p_value=p_value,
        ci_low=max(0.0, abs(value) - reach),
        ci_high=abs(value) + reach,
        evidence=f"{subject} alone changed to {group.partition('=')[2]}: {value:+.3f} sd of the score",
    )


def _proxies(story: Story, scale: float | None) -> Iterator[Measurement]:
    """Features that may stand for a group are legitimate inputs: what counts is how much more the new version makes
    of them than the old one did, beyond what its own noise moves.
    """
    if scale is None or story.old is None:
        return
    before, tolerance = _by_change(story, "proxy", story.old), _tolerance(story)
    for (subject, level), asked in _by_change(story, "proxy", story.new).items():
        new, old = _moves(story, asked), _moves(story, before[subject, level])
        common = np.intersect1d(new.rows, old.rows)
        if len(common) < FEWEST_IN_SEGMENT:
            continue
        more = np.abs(_of(new, common)) - np.abs(_of(old, common))
        mean = mean_over_stored(story, new.only(np.isin(new.rows, common)), more / scale)
        raised, lowered = int((more > tolerance).sum()), int((more < -tolerance).sum())
        reach = mean.reach(CONFIDENCE_ALPHA)
        yield shown(
            "proxy_score_shift",
            max(0.0, mean.value),
            len(common),
            feature=subject,
            p_value=mcnemar_p_value(raised, lowered),
            ci_low=max(0.0, mean.value - reach),
            ci_high=max(0.0, mean.value + reach),
            evidence=f"with {subject} as in another group the score moves more than the old version's for {raised} of "
            f"{len(common)} requests, less for {lowered}",
        )


def _moves(story: Story, asked: list[tuple[Ask, Answer]]) -> Pairs:
    return pairs([(ask.row, story.base(ask), answer) for ask, answer in asked])


def _tolerance(story: Story) -> float:
    """A difference between two scores that the version's own noise may explain."""
    noise = repeat_noise(story, story.new).score_change
    return SAME + NOISE_MARGIN * float(np.nanmax(np.abs(noise), initial=0.0))


def _of(found: Pairs, rows: NDArray[np.int64]) -> Floats:
    """The score changes of some rows, in their order."""
    return found.score_change[np.searchsorted(found.rows, rows)]


def _sweeps(story: Story, directions: Mapping[str, Direction]) -> Iterator[Measurement]:
    """One feature is raised step by step: does the score ever go against the declared direction?"""
    tolerance = _tolerance(story)
    by_row: dict[str, dict[int, list[tuple[int, float]]]] = defaultdict(lambda: defaultdict(list))
    for ask, answer in story.of("sweep"):
        if answer.score is not None:
            by_row[ask.subject][ask.row].append((int(ask.level), answer.score))
    for feature, steps in by_row.items():
        sign = 1.0 if directions[feature] == "increasing" else -1.0
        worst = [_worst_step([score for _, score in sorted(points)], sign) for points in steps.values()]
        k, n = sum(step > tolerance for step in worst), len(worst)
        low, high = rate_interval(k, n, alpha=CONFIDENCE_ALPHA)
        evidence = f"{feature} must be {directions[feature]}: the score goes the other way for {k} of {n} requests"
        yield shown(
            "monotonicity_violation_share",
            k / n,
            n,
            feature=feature,
            ci_low=float(low),
            ci_high=float(high),
            evidence=evidence + (f", by up to {max(worst):.3g}" if k else ""),
        )


def _worst_step(scores: list[float], sign: float) -> float:
    """How far the score falls at most below the highest before it, in the declared direction."""
    ordered = sign * np.asarray(scores)
    return float(np.max(np.maximum.accumulate(ordered) - ordered))


def _stress(story: Story) -> Iterator[Measurement]:
    """Missing, extreme and unseen values get a score or a clean refusal, never an error."""
    by_feature: dict[str, list[tuple[str, Answer]]] = defaultdict(list)
    for ask, answer in story.of("stress"):
        by_feature[ask.subject].append((ask.level, answer))
    for feature, trials in by_feature.items():
        failed = [(level, answer) for level, answer in trials if not (answer.is_answered or answer.is_refused)]
        words = sorted({f"{level}: {answer.words}" for level, answer in failed})
        evidence = f"{len(failed)} of {len(trials)} failed ({', '.join(words)})" if failed else None
        share, n = len(failed) / len(trials), len(trials)
        yield shown("stress_failure_share", share, n, feature=feature, evidence=evidence)


def _attributions(story: Story, scale: float | None) -> Iterator[Measurement]:
    """How much lower the score would be had one drifted feature stayed as in the reference."""
    for (feature, _), asked in _by_change(story, "attribution", story.new).items():
        found = _moves(story, asked)
        if scale is None or len(found.rows) < FEWEST_IN_SEGMENT:
            continue
        mean = mean_over_stored(story, found, -found.score_change / scale)
        reach = mean.reach(CONFIDENCE_ALPHA)
        yield shown(
            "score_shift_explained",
            mean.value,
            len(found.rows),
            feature=feature,
            p_value=mean.p_value(),
            ci_low=mean.value - reach,
            ci_high=mean.value + reach,
            evidence=f"{feature} as in the reference: {-mean.value:+.3f} sd of the score",
        )


def _by_change(story: Story, kind: str, version: str | None) -> dict[tuple[str, str], list[tuple[Ask, Answer]]]:
    """Asks of one version by what was changed to what, rows ascending."""
    found: dict[tuple[str, str], list[tuple[Ask, Answer]]] = defaultdict(list)
    for ask, answer in sorted(story.of(kind), key=lambda one: one[0].row):
        if ask.version == version:
            found[ask.subject, ask.level].append((ask, answer))
    return found
