"""Comparisons of the demo's versions without a server: the same plan and judge, the models asked in one batch each."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from demo.model import VERSION
from demo.traffic import FEATURES, draw
from demo.versions import versions
from modelwatch.config.thresholds import DEFAULTS
from modelwatch.domain import Rules, Schema, Sensitive
from modelwatch.redeploy.asking import Answer, Ask
from modelwatch.redeploy.behaviour import measure_behaviour
from modelwatch.redeploy.plan import Questions, order_of, plan
from modelwatch.redeploy.replay import answered_by_both, measure_replay
from modelwatch.redeploy.scores import score_bins
from modelwatch.redeploy.segments import groups_of, labels_of, memberships, segments_of, stored_requests
from modelwatch.redeploy.sensitivity import measure_sensitivity
from modelwatch.redeploy.table import Story
from modelwatch.redeploy.verdict import Comparison, compare, judge_probes

CATEGORICAL = ("merchant_category", "channel", "country")
NUMERIC = tuple(name for name in FEATURES if name not in CATEGORICAL)
SENSITIVE = ("gender", "age_band")
SWEEP = (5.0, 20.0, 60.0, 200.0, 800.0)
SCHEMA = Schema(
    columns=(),
    features={name: "categorical" if name in CATEGORICAL else "numeric" for name in FEATURES},
    score="score",
    decision="flagged",
    sensitive=tuple(Sensitive(name) for name in SENSITIVE),
)
RULES = Rules(DEFAULTS, {}, false_discovery_rate=0.01, minimum=50, max_rejected=0.05, min_coverage=0.98)

# What each version does wrong, and what its verdict must rest on.
NAMED = {
    "same": ("same", ""),
    "threshold": ("changed", "decision_rate_change"),
    "sensitive": ("unfair", "gender"),
    "proxy": ("unfair", "account_age_days"),
    "broken": ("worse", "score_variety_loss None channel=atm"),
    "failing": ("worse", "error_share None channel=atm"),
    "noisy": ("worse", "repeat_change_share"),
}


def compared(new: str, *, seed: int, budget: int = 2_000, n_stored: int = 4_000) -> Comparison:
    """The live version against another, on stored requests drawn from the seed."""
    rows = draw(np.random.default_rng([8, seed]), n_stored).drop(columns="is_fraud")
    live = versions()[VERSION]
    scores = live.score(rows)
    table = pa.Table.from_pandas(rows.assign(score=scores, flagged=live.flag(scores)), preserve_index=False)
    requests, labels = stored_requests(table, SCHEMA), labels_of(table, SCHEMA)
    questions = Questions(
        new=new,
        old=VERSION,
        budget=budget,
        labels=labels,
        groups=groups_of(labels, requests),
        proxies={"age_band": ["account_age_days"]},
        sweeps={"amount": SWEEP},
        numeric=NUMERIC,
        categorical=CATEGORICAL,
    )
    order = order_of(requests)
    asks = plan(requests, order, questions)
    values = [dict(request.values) for request in requests]
    answers = {**_answers(asks, values, VERSION), **_answers(asks, values, new)}
    story = Story(requests, order, asks, answers, new, VERSION)
    segments, groups = segments_of(table, SCHEMA), memberships(labels)
    measured = measure_replay(story, segments, groups) + measure_sensitivity(story, segments)
    measured += measure_behaviour(story, {"amount": "increasing"})
    found = compare(None, judge_probes(measured, RULES, n_answered=answered_by_both(story)), groups=groups)
    return replace(found, scores=score_bins(story))


def is_named(found: Comparison, version: str) -> bool:
    """Whether the verdict is the right one and what is wrong stands among what speaks for it."""
    verdict, name = NAMED[version]
    said = [f"{m.metric} {m.feature} {m.group}" for m in (one.measurement for one in found.findings)]
    return found.verdict == verdict and (not name or any(name in one for one in said))


def _answers(asks: Sequence[Ask], values: Sequence[dict[str, Any]], version: str) -> dict[str, Answer]:
    """What a version says, and how the demo's API refuses.

    A number that is missing or negative gets a clean refusal; what the model has no score for is an error.
    """
    mine = [ask for ask in asks if ask.version == version]
    frame = pd.DataFrame([{**values[ask.row], **ask.changed} for ask in mine])
    numbers = frame[list(NUMERIC)].apply(pd.to_numeric)
    frame[list(NUMERIC)] = numbers.clip(lower=0)
    model = versions()[version]
    scores = model.score(frame)
    status = np.where(numbers.min(axis=1) < 0, 422, np.where(np.isnan(scores), 500, 200))
    answers = zip(mine, status.tolist(), scores.tolist(), model.flag(scores).tolist(), strict=True)
    return {
        ask.key: Answer(200, score, flagged, 0.01) if code == 200 else Answer(code, seconds=0.01)
        for ask, code, score, flagged in answers
    }
