"""The model under watch: a logistic regression really trained on a labelled history, the same on every machine."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from demo.traffic import FEATURES, Floats, draw

VERSION = "fraud-2026.1"
HISTORY = 60_000
FLAGGED_SHARE = 0.05
LOGGED = ["amount", "distance_from_home_km", "device_age_days", "account_age_days"]
PLAIN = ["hour", "transactions_last_24h"]
CATEGORICAL = ["merchant_category", "channel", "country"]


@dataclass(frozen=True)
class FraudModel:
    """A scorer and the score above which a transaction is flagged.

    Attributes:
        roc_auc: on a held-out third of the history; 0.87.
    """

    pipeline: Pipeline
    threshold: float
    roc_auc: float
    version: str = VERSION

    def score(self, rows: pd.DataFrame) -> Floats:
        """``(n,)`` probabilities of fraud, four decimals as the API shows them."""
        return np.asarray(self.pipeline.predict_proba(rows[list(FEATURES)])[:, 1]).round(4)

    def flag(self, scores: Floats) -> NDArray[np.bool_]:
        """Which scores are flagged."""
        return np.asarray(scores >= self.threshold)


@cache
def trained() -> FraudModel:
    """Train on simulated history, which takes about a second; the same model every time."""
    history = draw(np.random.default_rng(11), HISTORY)
    train, test = history.iloc[: 2 * HISTORY // 3], history.iloc[2 * HISTORY // 3 :]
    pipeline = _pipeline().fit(train[list(FEATURES)], train["is_fraud"])
    scores = pipeline.predict_proba(test[list(FEATURES)])[:, 1].round(4)
    threshold = float(np.quantile(scores, 1 - FLAGGED_SHARE))
    return FraudModel(pipeline, threshold, float(roc_auc_score(test["is_fraud"], scores)))


def _pipeline() -> Pipeline:
    logged = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True), FunctionTransformer(np.log1p), StandardScaler()
    )
    columns = ColumnTransformer(
        [
            ("logged", logged, LOGGED),
            ("plain", make_pipeline(SimpleImputer(), StandardScaler()), PLAIN),
            ("categorical", OneHotEncoder(handle_unknown="ignore"), CATEGORICAL),
        ]
    )
    return Pipeline([("columns", columns), ("model", LogisticRegression(max_iter=500, C=0.5))])
