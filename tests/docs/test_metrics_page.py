"""The page of metrics is complete: every metric, where it appears, what it means, its default thresholds."""

import re
from pathlib import Path

from modelwatch.config.thresholds import defaults
from modelwatch.metrics.registry import METRICS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


def test_every_metric_is_on_the_page_with_its_meaning_and_range() -> None:
    rows = re.findall(r"^\| `(\w+)`[^|]*\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE.read_text(), re.MULTILINE)
    described = {name: (checks, meaning, span) for name, checks, meaning, span in rows}
    assert described.keys() >= METRICS.keys()
    for info in METRICS.values():
        span = "0 and up" if info.high is None else f"{info.low:g} to {info.high:g}"
        span += ", lower is worse" if info.lower_is_worse else ""
        assert described[info.name] == (", ".join(info.checks), info.meaning, span)


def test_the_default_thresholds_on_the_page_are_the_ones_that_apply() -> None:
    shown = dict(re.findall(r"^\| `(\w+)` \(([^,)]+)[^)]*\)", PAGE.read_text(), re.MULTILINE))
    applied = {**defaults("favourable"), **defaults("adverse")}
    levels = {name: (each.warning, each.alert) for name, each in applied.items()}
    texts = {name: [f"{one:g}" if one is not None else "-" for one in pair] for name, pair in levels.items()}
    assert {name: shown.get(name) for name in texts} == {name: " / ".join(pair) for name, pair in texts.items()}
