"""Windows of which it is known which drift they are: a logistic world, its model, and what happened to either."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from modelwatch.checks.drift import measure_drift
from modelwatch.checks.drift_facts import drift_of
from modelwatch.checks.performance import both_figures, measure_performance
from modelwatch.checks.quality import measure_quality
from modelwatch.checks.reweighting import Labelled
from modelwatch.checks.rows import join_rows
from modelwatch.config.thresholds import defaults
from modelwatch.domain import FeatureKind, Rules, Schema
from modelwatch.profile import fit_cells, profile_rows
from modelwatch.verdict import judge

KINDS = ("covariate_shift", "concept_drift", "both", "label_shift", "data_fault", "benign")
FEATURES: dict[str, FeatureKind] = {
    "x0": "numeric", "x1": "numeric", "x2": "numeric", "x3": "numeric", "group": "categorical",
}  # fmt: skip
SCHEMA = Schema(columns=(), features=FEATURES, score="score", decision="decision", label="label")
RULES = Rules(defaults("adverse"), {}, false_discovery_rate=0.01, minimum=100, max_rejected=1.0, min_coverage=0.0)
ALPHA = RULES.false_discovery_rate / len(FEATURES)

WEIGHTS = np.array([1.4, -0.9, 0.6, 0.0])
CHANGED = np.array([0.42, -0.9, -0.4, 0.0])  # what the inputs mean after a concept drift
MOVE = 0.8  # standard deviations: of x1 towards where the outcome is noise, or of x3, which says nothing
RARE = 0.12  # share of positives after a label shift; about 0.3 before


@dataclass(frozen=True)
class World:
    """What the window's requests are drawn from; the reference's is `World()`."""

    moved: int | None = None
    weights: tuple[float, ...] = tuple(WEIGHTS)
    positives: float | None = None
    scale: float = 1.0


WORLDS = {
    "none": World(),
    "covariate_shift": World(moved=1),
    "concept_drift": World(weights=tuple(CHANGED)),
    "both": World(moved=1, weights=tuple(CHANGED)),
    "label_shift": World(positives=RARE),
    "data_fault": World(scale=100.0),
    "benign": World(moved=3),
}


def draw(n: int, rng: np.random.Generator, kind: str = "none") -> pa.Table:
    """``n`` labelled, scored requests of a kind."""
    world = WORLDS[kind]
    x, group, label = _truth(n if world.positives is None else 8 * n, rng, world)
    if world.positives is not None:
        k = round(n * world.positives)
        kept = rng.permutation(np.concatenate([np.flatnonzero(label)[:k], np.flatnonzero(~label)[: n - k]]))
        x, group, label = x[kept], group[kept], label[kept]
    x[:, 0] *= world.scale
    score = 1 / (1 + np.exp(-_logit(x, group, WEIGHTS)))
    columns = {f"x{i}": x[:, i] for i in range(x.shape[1])}
    return pa.table({**columns, "group": group, "score": score, "decision": score > 0.5, "label": label})


def named(reference: pa.Table, current: pa.Table) -> str:
    """What the drift is called; "none" when nothing is said to have happened."""
    cells = fit_cells(reference, SCHEMA)
    before, now = (profile_rows(rows, cells, SCHEMA) for rows in (reference, current))
    if now.outcomes is None:
        return "none"
    measured = [
        *measure_quality(before, now, alpha=ALPHA),
        *measure_drift(before, now, list(FEATURES), check="feature_drift", alpha=ALPHA),
        *measure_performance(now.outcomes, *both_figures(before.outcomes, now.outcomes, confidence=0.99), alpha=ALPHA),
    ]
    results = judge(measured, RULES, n_current=current.num_rows).results
    scores, labels = (
        np.concatenate([rows[name].to_numpy() for rows in (reference, current)]) for name in ("score", "label")
    )
    labelled = Labelled(join_rows(reference, current, FEATURES), scores, labels.astype(bool))
    return drift_of(results, labelled, visible=RULES.levels["roc_auc"].alert or 1.0)[0] or "none"


def _truth(n: int, rng: np.random.Generator, world: World) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where x1 is high the outcome is closer to a coin's: the model, which does not know it, is weaker there."""
    x, group = rng.normal(size=(n, len(WEIGHTS))), rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2])
    if world.moved is not None:
        x[:, world.moved] += MOVE
    logit = _logit(x, group, np.array(world.weights)) * np.where(x[:, 1] > 1.0, 0.35, 1.0)
    return x, group, rng.random(n) < 1 / (1 + np.exp(-logit))


def _logit(x: np.ndarray, group: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.asarray(-1.2 + x @ weights + 0.5 * (group == "b"))
