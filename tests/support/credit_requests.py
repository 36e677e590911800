"""Real credit data as requests of a scoring model: 180,000 client-months, the scorer trained on April."""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

APRIL = "2005-04"
MONTHS = ("2005-05", "2005-06", "2005-07", "2005-08", "2005-09")
NUMBERS = ["limit_bal", "bill_amt", "pay_amt"]
DECLINED_SHARE = 0.2


def credit_requests(panel: Path) -> pd.DataFrame:
    """One request per client and month, spread over the month, with the score and decision of April's model."""
    rows = pd.read_parquet(panel).rename(columns=str.lower)
    rows["month"] = rows["month"].astype(str).str[:7]
    april = rows[rows["month"] == APRIL]
    model = make_pipeline(
        make_column_transformer((StandardScaler(), NUMBERS), (OneHotEncoder(handle_unknown="ignore"), ["pay_status"])),
        LogisticRegression(max_iter=1000),
    ).fit(april, april["default_2005_10"])
    rows["score"] = model.predict_proba(rows)[:, 1].round(4)
    rows["declined"] = rows["score"] >= np.quantile(rows.loc[rows["month"] == APRIL, "score"], 1 - DECLINED_SHARE)
    rows["request_id"] = rows["month"] + "-" + rows["id"].astype(str)
    first = pd.to_datetime(rows["month"] + "-01", utc=True)
    rows["requested_at"] = first + pd.to_timedelta(rows["id"] % 28, unit="D") + pd.to_timedelta(rows["id"], unit="s")
    return rows.drop(columns=["id", "default_2005_10", "marriage"])
