"""What a comparison of versions found of a sensitive feature or its proxies: overall, by group, and by segment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelwatch.redeploy.verdict import UNFAIR

Found = Mapping[str, Any]
MOST_SEGMENTS = 3


@dataclass(frozen=True)
class Probed:
    """One metric of one changed feature, from results as `result_document` writes them.

    Attributes:
        overall: of all requests that were changed.
        groups: of those changed to one group each.
        segments: of those in one segment each, the largest first; too_few: the segments with too few requests.
    """

    metric: str
    feature: str
    overall: Found
    groups: tuple[Found, ...]
    segments: tuple[Found, ...]
    too_few: tuple[Found, ...]


def probed(results: Sequence[Found]) -> list[Probed]:
    """Everything that was changed, in the order of the results."""
    asked = [one for one in results if one["metric"] in UNFAIR]
    return [_probed(one, asked) for one in asked if one["group"] is None]


def _probed(overall: Found, asked: Sequence[Found]) -> Probed:
    metric, feature = overall["metric"], overall["feature"]
    mine = [one for one in asked if (one["metric"], one["feature"]) == (metric, feature) and one["group"] is not None]
    groups = [one for one in mine if one["group"].startswith(f"{feature}=")]
    segments = [one for one in mine if one not in groups]
    known = sorted((one for one in segments if one["value"] is not None), key=lambda one: -one["value"])
    too_few = tuple(one for one in segments if one["value"] is None)
    return Probed(metric, feature, overall, tuple(groups), tuple(known), too_few)


def interval_words(found: Found) -> str:
    """``"0.031 (0.012 to 0.06) of 150"``, or why there is no value."""
    if found["value"] is None:
        return str(found["reason"])
    value, low, high = (f"{found[key]:.3g}" for key in ("value", "ci_low", "ci_high"))
    return f"{value} ({low} to {high}) of {found['n_current']}"


def probed_lines(results: Sequence[Found]) -> list[str]:
    """For a terminal: each overall, and where it is largest."""
    lines = []
    for one in probed(results):
        lines.append(f"{one.metric} ({one.feature}): {interval_words(one.overall)}")
        largest = [f"{found['group']} {interval_words(found)}" for found in one.segments[:MOST_SEGMENTS]]
        more = f"{max(0, len(one.segments) - MOST_SEGMENTS)} more segments, {len(one.too_few)} with too few requests"
        lines.append("  " + "; ".join([*largest, more]))
    return lines
