"""Real stationary days: simulated card transactions of a public handbook, May to September, day by day."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from alarm_tools import Tool, modelwatch_backtest

DATA = Path(os.environ.get("MODELWATCH_SHARED_DATA", "../shared/data")) / "fraud_handbook" / "transactions_base.parquet"
REFERENCE = ("2018-05-01", "2018-05-29")
DAYS = ("2018-05-29", "2018-10-01")


def transactions() -> pd.DataFrame:
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


def quiet_days(row: Callable[..., Any], tool: Tool | None) -> Iterator[Any]:
    """Days that page, of the days after the reference's four weeks; None is modelwatch's own backtest."""
    if not DATA.exists():
        return
    rows = transactions()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "windows").mkdir()
        reference, days = _between(rows, *REFERENCE), _between(rows, *DAYS)
        if tool is None:
            reference.to_parquet(folder / "reference.parquet")
            days.to_parquet(folder / "all.parquet")
            said = modelwatch_backtest(folder, {"timestamp": "time", "score": "score"})
        else:
            reference.drop(columns="time").to_parquet(folder / "reference.parquet")
            for day, one in days.groupby(days["time"].dt.date):
                one.drop(columns="time").to_parquet(folder / "windows" / f"{day}.parquet")
            said = tool(folder)
        hits = sum(one.alarm for one in said.values())
        yield row("quiet days of real-like traffic", len(days) // max(1, len(said)), hits, len(said), "at most 1 %")


def _between(rows: pd.DataFrame, start: str, end: str) -> pd.DataFrame:
    return rows[(rows["time"] >= start) & (rows["time"] < end)]
