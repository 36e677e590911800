"""The model's REST API: `POST /predict`, and `GET /v1/requests`, the log of what it was asked.

python -m demo.api --port 8081                                  the simulated traffic
python -m demo.api --port 8081 --replay FILE --timestamp COL    the rows of any parquet file
"""

import argparse
import base64
import math
import os
import secrets
import threading
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from demo.log import Item, LogError, ReplayedLog, RequestLog, SimulatedLog, scored
from demo.model import VERSION, trained
from demo.traffic import Story
from demo.versions import versions

RATE, BURST = 50.0, 100.0
MAX_LIMIT = 5_000
MAY_BE_MISSING = ("distance_from_home_km", "device_age_days")


@dataclass
class Faults:
    """What a test may break.

    Attributes:
        fail_after_pages: answer 503 to every page after this many.
        malformed_every: every so manieth item gets an amount that is no number; 0 for none.
        empty: there are no requests.
    """

    fail_after_pages: int | None = None
    malformed_every: int = 0
    empty: bool = False
    pages: int = 0


class Transaction(BaseModel):
    """What `POST /predict` takes."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    amount: float = Field(ge=0)
    merchant_category: str
    channel: str
    country: str
    hour: float = Field(ge=0, lt=24)
    distance_from_home_km: float | None = Field(default=None, ge=0)
    transactions_last_24h: float = Field(ge=0)
    device_age_days: float | None = Field(default=None, ge=0)
    account_age_days: float = Field(ge=0)
    gender: str | None = None
    age_band: str | None = None


class Bucket:
    """A token bucket: so many calls a second, with a burst; thread-safe."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst, self._tokens = rate, burst, burst
        self._last, self._lock = time.monotonic(), threading.Lock()

    def take(self) -> None:
        """Take one token or answer 429 with the time to wait."""
        with self._lock:
            now = time.monotonic()
            self._tokens = min(self._burst, self._tokens + (now - self._last) * self._rate)
            self._last = now
            if self._tokens < 1:
                wait = str(math.ceil((1 - self._tokens) / self._rate))
                raise HTTPException(429, "too many requests", headers={"Retry-After": wait})
            self._tokens -= 1


class Service:
    """What the API does, over a log of requests and those that were posted since it started."""

    def __init__(self, log: RequestLog, api_key: str, bucket: Bucket, faults: Faults) -> None:
        self._log, self._key, self._bucket, self._faults = log, api_key.encode(), bucket, faults
        self._posted: list[Item] = []

    def guard(self, x_api_key: Annotated[str, Header()] = "") -> None:
        """Let callers with the key through, as often as the limit allows."""
        if not secrets.compare_digest(x_api_key.encode(), self._key):
            raise HTTPException(401, "the X-API-Key header is missing or wrong")
        self._bucket.take()

    def predict(
        self,
        transaction: Transaction,
        x_model_version: Annotated[str, Header()] = VERSION,
        x_modelwatch_probe: Annotated[str | None, Header()] = None,
    ) -> dict[str, Any]:
        """Score one transaction by the version that is asked for, and keep it unless it is a probe."""
        model = versions().get(x_model_version)
        if model is None:
            raise HTTPException(422, f"no such version; there are {', '.join(versions())}")
        now = datetime.now(UTC)
        row = {"request_id": secrets.token_hex(8), "requested_at": now, **transaction.model_dump()}
        item = scored(pd.DataFrame([row]).astype(dict.fromkeys(MAY_BE_MISSING, float)), model)[0]
        if item["score"] is None:
            raise HTTPException(500, "the model has no score for it")
        if x_modelwatch_probe is None:
            self._posted.append(item)
        return {key: item[key] for key in ("request_id", "score", "flagged", "model_version")}

    def requests(
        self,
        since: datetime,
        until: datetime,
        cursor: str | None = None,
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 1000,
    ) -> dict[str, Any]:
        """One page of the requests in ``[since, until)``."""
        self._faults.pages += 1
        if self._faults.fail_after_pages is not None and self._faults.pages > self._faults.fail_after_pages:
            raise HTTPException(503, "the database is restarting")
        items = [] if self._faults.empty else _logged(self._log, self._posted, _utc(since), _utc(until))
        start = _offset(cursor)
        page = [_public(item, start + i, self._faults) for i, item in enumerate(items[start : start + limit])]
        end = start + len(page)
        return {"items": page, "next_cursor": _cursor(end) if end < len(items) else None, "total": len(items)}


def create_app(
    log: RequestLog, *, api_key: str, faults: Faults | None = None, rate: float = RATE, burst: float = BURST
) -> FastAPI:
    """The API over a log of requests."""
    app = FastAPI(title="fraud model")
    service = Service(log, api_key, Bucket(rate, burst), faults or Faults())
    guarded = [Depends(service.guard)]
    app.get("/health")(_health)
    app.post("/predict", dependencies=guarded)(service.predict)
    app.get("/v1/requests", dependencies=guarded)(service.requests)
    app.add_exception_handler(RequestValidationError, _invalid)
    return app


def _health() -> dict[str, str]:
    return {"status": "ok"}


def _invalid(_: Request, error: Exception) -> JSONResponse:
    # Where and what, without the value: one that is no number (1e999) could not be answered as JSON.
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    return JSONResponse({"detail": [{"loc": one["loc"], "msg": one["msg"]} for one in problems]}, 422)


def _logged(log: RequestLog, posted: list[Item], since: datetime, until: datetime) -> list[Item]:
    if until <= since:
        raise HTTPException(422, "until must be after since")
    try:
        items = log.between(since, until)
    except LogError as error:
        raise HTTPException(422, str(error)) from None
    recent = [item for item in posted if since <= item["_at"] < until]
    # By time: whatever arrives between two pages comes after what the first one showed.
    return sorted(items + recent, key=itemgetter("_at")) if recent else items


def _public(item: Item, position: int, faults: Faults) -> Item:
    shown = {key: value for key, value in item.items() if key != "_at"}
    if faults.malformed_every and position % faults.malformed_every == 0:
        shown["amount"] = "12,50 EUR"
    return shown


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(f"after:{offset}".encode()).decode()


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        mark, _, offset = base64.urlsafe_b64decode(cursor).decode().partition(":")
        if mark == "after" and offset.isdecimal():
            return int(offset)
    except ValueError:
        pass
    raise HTTPException(422, "the cursor is not one this API gave out")


def story_from_env() -> Story:
    """The story ends on DEMO_STORY_END, by default yesterday.

    Raises:
        LogError: DEMO_STORY_END is not a date.
    """
    end = os.environ.get("DEMO_STORY_END")
    try:
        return Story(date.fromisoformat(end) if end else datetime.now(UTC).date() - timedelta(days=1))
    except ValueError:
        message = f"DEMO_STORY_END is '{end}'; write a date as 2026-03-20, or leave it out for yesterday"
        raise LogError(message) from None


def _log(options: argparse.Namespace) -> RequestLog:
    if options.replay:
        return ReplayedLog(options.replay, timestamp=options.timestamp, id_column=options.id_column)
    return SimulatedLog(trained(), story_from_env())


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--replay", type=Path, help="a parquet file of requests to serve instead")
    parser.add_argument("--timestamp", default="requested_at", help="its time column")
    parser.add_argument("--id", dest="id_column", help="its id column; by default request_id, or the rows are numbered")
    options = parser.parse_args()
    key = os.environ.get("DEMO_API_KEY")
    if not key:
        parser.error("set DEMO_API_KEY, the key that callers must send as X-API-Key")
    try:
        log = _log(options)
    except LogError as error:
        parser.error(str(error))
    uvicorn.run(create_app(log, api_key=key), host=options.host, port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
