"""The request log that the API lists: of the simulated traffic, or of a parquet file that is replayed."""

import json
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from demo.model import FraudModel
from demo.traffic import Story, requests_on

Item = dict[str, Any]


class RequestLog(Protocol):
    """Requests by time."""

    def between(self, since: datetime, until: datetime) -> list[Item]:
        """Those in ``[since, until)``, always in the same order."""
        ...


class SimulatedLog:
    """The demo's traffic, scored by its model; a day is made when somebody asks for it."""

    def __init__(self, model: FraudModel, story: Story) -> None:
        self._model, self._story = model, story
        self._day = lru_cache(maxsize=64)(self._make)

    def between(self, since: datetime, until: datetime) -> list[Item]:
        """The requests of the days that the span touches; none of a day that is not over."""
        items: list[Item] = []
        day, last = since.date(), min(until, datetime.now(UTC)).date()
        while day <= last:
            items += [item for item in self._day(day) if since <= item["_at"] < until]
            day += timedelta(days=1)
        return items

    def _make(self, day: date) -> list[Item]:
        return scored(requests_on(day, self._story), self._model)


class ReplayedLog:
    """The rows of any parquet file of real requests."""

    def __init__(self, path: Path, *, timestamp: str, id_column: str | None = None) -> None:
        frame = pd.read_parquet(path)
        frame[timestamp] = pd.to_datetime(frame[timestamp], utc=True)
        frame = frame.sort_values(timestamp, kind="stable").reset_index(drop=True)
        if id_column is None:
            frame.insert(0, "request_id", [str(number) for number in frame.index])
        self._frame, self._timestamp = frame, timestamp

    def between(self, since: datetime, until: datetime) -> list[Item]:
        """The rows in the span, in the order of their time."""
        stamps = self._frame[self._timestamp]
        return _items(self._frame[(stamps >= since) & (stamps < until)], self._timestamp)


def scored(rows: pd.DataFrame, model: FraudModel) -> list[Item]:
    """Requests as the model's API would have answered and logged them."""
    rows = rows.drop(columns=["is_fraud"], errors="ignore")
    scores = model.score(rows)
    rows = rows.assign(score=scores, flagged=model.flag(scores), model_version=model.version)
    return _items(rows, "requested_at")


def _items(rows: pd.DataFrame, timestamp: str) -> list[Item]:
    stamps = [stamp.to_pydatetime() for stamp in rows[timestamp]]
    texts = rows.assign(**{timestamp: rows[timestamp].dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}) if len(rows) else rows
    items: list[Item] = json.loads(texts.to_json(orient="records"))
    for item, stamp in zip(items, stamps, strict=True):
        item["_at"] = stamp
    return items
