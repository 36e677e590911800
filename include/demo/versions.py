"""Versions of the demo's model that could be deployed next: one that is the same, and one for each way to go wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from demo.model import FLAGGED_SHARE, FraudModel, trained
from demo.traffic import Floats, draw

Rescore = Callable[[pd.DataFrame, Floats], Floats]
RAISED = 0.8  # in the log-odds: a score of 0.10 becomes 0.20


def as_it_was(_: pd.DataFrame, scores: Floats) -> Floats:
    """The scores of the live version."""
    return scores


@dataclass(frozen=True)
class Rescored(FraudModel):
    """The trained model with other scores for the same requests."""

    rescore: Rescore = as_it_was

    def score(self, rows: pd.DataFrame) -> Floats:
        """``(n,)`` probabilities of fraud, four decimals as the API shows them."""
        return np.clip(self.rescore(rows, super().score(rows)), 0, 1).round(4)


@cache
def versions() -> Mapping[str, FraudModel]:
    """The live version and those that could follow it, by name."""
    live = trained()
    others: dict[str, Rescore] = {
        "same": as_it_was,
        "sensitive": lambda rows, scores: _raised(scores, rows["gender"] == "F", RAISED),
        "proxy": lambda rows, scores: _raised(scores, rows["account_age_days"] < 900, 2 * RAISED),
        "broken": lambda rows, scores: np.where(rows["channel"] == "atm", 0.9, scores),
        "failing": lambda rows, scores: np.where(rows["channel"] == "atm", np.nan, scores),
        "noisy": lambda _, scores: _raised(scores, True, np.random.default_rng().normal(0, RAISED, len(scores))),
    }
    rescored = {name: _version(live, name, rescore) for name, rescore in others.items()}
    lower = replace(live, threshold=_threshold(live, FLAGGED_SHARE + 0.01), version="threshold")
    return {live.version: live, "threshold": lower, **rescored}


def _version(live: FraudModel, name: str, rescore: Rescore) -> Rescored:
    known = {one.name: getattr(live, one.name) for one in fields(live)}
    return Rescored(**{**known, "version": name}, rescore=rescore)


def _threshold(live: FraudModel, share: float) -> float:
    """The score above which that share of a quiet population is flagged."""
    return float(np.quantile(live.score(draw(np.random.default_rng(12), 20_000)), 1 - share))


def _raised(scores: Floats, who: object, by: object) -> Floats:
    return np.where(np.asarray(who), expit(logit(np.clip(scores, 1e-6, 1 - 1e-6)) + by), scores)
