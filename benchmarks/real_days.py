"""Real stationary days: simulated card transactions of a public handbook, May to September, day by day."""

import os
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow as pa
from experiments import AT_MOST_1, Experiment

DATA = Path(os.environ.get("MODELWATCH_SHARED_DATA", "../shared/data")) / "fraud_handbook" / "transactions_base.parquet"
REFERENCE = date(2018, 5, 1), date(2018, 5, 29)
END = date(2018, 10, 1)
A_DAY = 9_600


def real_days() -> list[Experiment]:
    """The days after the reference's four weeks; nothing where the data is not at hand."""
    if not DATA.exists():
        return []
    first = REFERENCE[1]
    return [
        Experiment(
            what="quiet days of real-like traffic",
            n=A_DAY,
            wanted=AT_MOST_1,
            reference_name="real days",
            reference=lambda: _between(*REFERENCE),
            window=lambda i: (_between(first + timedelta(i), first + timedelta(i + 1)), []),
            roles={"timestamp": "time", "score": "score"},
            available=(END - first).days,
        )
    ]


def _between(start: date, end: date) -> pa.Table:
    rows = _transactions()
    chosen = rows[(rows["time"] >= pd.Timestamp(start)) & (rows["time"] < pd.Timestamp(end))]
    return pa.Table.from_pandas(chosen, preserve_index=False)


@cache
def _transactions() -> pd.DataFrame:
    """What a fraud model sees of each transaction, with the hour and the customer's transactions of the day."""
    rows = pd.read_parquet(DATA)
    time = rows["TX_DATETIME"]
    per_day = rows.groupby([rows["CUSTOMER_ID"], time.dt.date])["TX_AMOUNT"].transform("size")
    return pd.DataFrame(
        {
            "time": time,
            "amount": rows["TX_AMOUNT"],
            "hour": time.dt.hour.astype(float) + time.dt.minute / 60,
            "is_weekend": (time.dt.dayofweek >= 5).astype(str),
            "is_night": (time.dt.hour <= 6).astype(str),
            "customer_transactions": per_day.astype(float),
            "score": rows["score_lr"].astype(float),
        }
    )
