"""The request log that the API lists: of the simulated traffic, or of a parquet file that is replayed."""

import json
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from demo.model import FraudModel
from demo.traffic import Story, requests_on

Item = dict[str, Any]
MAX_DAYS = 400


class LogError(Exception):
    """The log cannot answer, or the file to replay cannot be read as one; the message says what to change."""


@dataclass(frozen=True)
class Rollout:
    """A version that answers everything from some moment on."""

    model: FraudModel
    since: datetime


class RequestLog(Protocol):
    """Requests by time."""

    def between(self, since: datetime, until: datetime) -> list[Item]:
        """Those in ``[since, until)``, always in the same order."""
        ...


class SimulatedLog:
    """The demo's traffic, scored by its model; a day is made when asked for, nothing lies in the future."""

    def __init__(self, model: FraudModel, story: Story, rollout: Rollout | None = None) -> None:
        self._model, self._story, self._rollout = model, story, rollout
        self._day = lru_cache(maxsize=64)(self._make)

    def between(self, since: datetime, until: datetime) -> list[Item]:
        """The requests in the span, up to this moment.

        Raises:
            LogError: the span is longer than this log wants to make up at once.
        """
        items: list[Item] = []
        until = min(until, datetime.now(UTC))
        if until - since > timedelta(days=MAX_DAYS):
            message = f"ask for at most {MAX_DAYS} days at once"
            raise LogError(message)
        day = since.date()
        while day <= until.date():
            items += [item for item in self._day(day) if since <= item["_at"] < until]
            day += timedelta(days=1)
        return items

    def _make(self, day: date) -> list[Item]:
        rows = requests_on(day, self._story)
        if self._rollout is None:
            return scored(rows, self._model)
        is_new = rows["requested_at"] >= self._rollout.since
        parts = (rows[~is_new], self._model), (rows[is_new], self._rollout.model)
        return [item for part, model in parts if len(part) for item in scored(part, model)]


class ReplayedLog:
    """The rows of any parquet file of real requests; a span that was asked for is kept for its next pages.

    Without an id column of the file, ``request_id`` numbers the rows in the order of their time.

    Raises:
        LogError: there is no such file or column, or a time cannot be read.
    """

    def __init__(self, path: Path, *, timestamp: str, id_column: str | None = None) -> None:
        frame = _read(path, timestamp, id_column)
        frame = frame.sort_values(timestamp, kind="stable").reset_index(drop=True)
        if id_column is None and "request_id" not in frame:
            frame.insert(0, "request_id", [str(number) for number in frame.index])
        self._frame, self._timestamp = frame, timestamp
        self._span = lru_cache(maxsize=4)(self._make)

    def between(self, since: datetime, until: datetime) -> list[Item]:
        """The rows in the span, in the order of their time."""
        return self._span(since, until)

    def _make(self, since: datetime, until: datetime) -> list[Item]:
        first, end = self._frame[self._timestamp].searchsorted([pd.Timestamp(since), pd.Timestamp(until)])
        return _items(self._frame.iloc[first:end], self._timestamp)


def _read(path: Path, timestamp: str, id_column: str | None) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read as parquet ({type(error).__name__}); name a parquet file of requests"
        raise LogError(message) from None
    for option, column in (("--timestamp", timestamp), ("--id", id_column or timestamp)):
        if column not in frame:
            message = f"{path} has no column '{column}'; set {option} to one of {', '.join(map(str, frame.columns))}"
            raise LogError(message)
    frame[timestamp] = pd.to_datetime(frame[timestamp], utc=True, errors="coerce").astype("datetime64[us, UTC]")
    unreadable = int(frame[timestamp].isna().sum())
    if unreadable:
        message = f"{path}: column '{timestamp}' has {unreadable} rows without a readable time; drop or mend them"
        raise LogError(message)
    return frame


def scored(rows: pd.DataFrame, model: FraudModel) -> list[Item]:
    """Requests as the model's API would have answered and logged them."""
    rows = rows.drop(columns=["is_fraud"], errors="ignore")
    scores = model.score(rows)
    rows = rows.assign(score=scores, flagged=model.flag(scores), model_version=model.version)
    return _items(rows, "requested_at")


def _items(rows: pd.DataFrame, timestamp: str) -> list[Item]:
    stamps = [stamp.to_pydatetime() for stamp in rows[timestamp]]
    texts = rows.assign(**{timestamp: rows[timestamp].dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}) if len(rows) else rows
    items: list[Item] = json.loads(texts.to_json(orient="records", date_format="iso"))
    for item, stamp in zip(items, stamps, strict=True):
        item["_at"] = stamp
    # pandas writes at most 15 decimals, which is little for a score of 1e-12.
    for column in rows.select_dtypes("float"):
        for item, value in zip(items, rows[column].tolist(), strict=True):
            item[str(column)] = value if math.isfinite(value) else None
    return items
