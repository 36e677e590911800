"""What the new version makes of changed copies of stored requests: directions, stress, what drifted."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Literal

import numpy as np

from modelwatch.calibration.intervals import rate_interval
from modelwatch.domain import Measurement
from modelwatch.redeploy.asking import Answer
from modelwatch.redeploy.measured import CONFIDENCE_ALPHA, FEWEST_IN_SEGMENT, shown
from modelwatch.redeploy.table import Story, by_change, mean_over_stored, moves, score_scale, tolerance

Direction = Literal["increasing", "decreasing"]


def measure_behaviour(story: Story, directions: Mapping[str, Direction]) -> list[Measurement]:
    """Every probe of the new version.

    Args:
        story: the answers.
        directions: features whose increase may never lower or raise the score.
    """
    scale = score_scale(story.requests)
    return [
        *_sweeps(story, directions),
        *_stress(story),
        *_attributions(story, scale),
    ]


def _sweeps(story: Story, directions: Mapping[str, Direction]) -> Iterator[Measurement]:
    """One feature is raised step by step: does the score ever go against the declared direction?"""
    allowed = tolerance(story)
    by_row: dict[str, dict[int, list[tuple[int, float]]]] = defaultdict(lambda: defaultdict(list))
    for ask, answer in story.of("sweep"):
        if answer.score is not None:
            by_row[ask.subject][ask.row].append((int(ask.level), answer.score))
    for feature, steps in by_row.items():
        sign = 1.0 if directions[feature] == "increasing" else -1.0
        worst = [_worst_step([score for _, score in sorted(points)], sign) for points in steps.values()]
        k, n = sum(step > allowed for step in worst), len(worst)
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
    for (feature, _), asked in by_change(story, "attribution", story.new).items():
        found = moves(story, asked)
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
