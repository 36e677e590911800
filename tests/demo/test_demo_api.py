"""The demo's REST API: complete pages, a key, 429s with a way out, and the faults that other tests need."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import requests
from fastapi import HTTPException

from demo.api import Bucket, Faults, story_from_env
from demo.log import LogError, SimulatedLog
from demo.traffic import Story, requests_on

DAY = date(2025, 3, 10)
SPAN = {"since": "2025-03-10T00:00:00Z", "until": "2025-03-11T00:00:00Z"}
TRANSACTION = {
    "amount": 1450.0,
    "merchant_category": "electronics",
    "channel": "online",
    "country": "TR",
    "hour": 3,
    "distance_from_home_km": 2100,
    "transactions_last_24h": 9,
    "device_age_days": 1,
    "account_age_days": 12,
    "gender": "F",
    "age_band": "18-24",
}


@pytest.mark.parametrize("limit", [500, 1000, 3333, 5000])
def test_the_pages_hold_every_request_once_in_the_order_of_time(api: Any, limit: int) -> None:
    pages = list(api.pages(**SPAN, limit=limit))
    items = [item for page in pages for item in page["items"]]
    made = requests_on(DAY, Story())
    assert [item["request_id"] for item in items] == list(made["request_id"])
    assert [item["amount"] for item in items] == list(made["amount"])
    assert {page["total"] for page in pages} == {len(made)}
    assert all(len(page["items"]) == limit for page in pages[:-1])


def test_a_span_is_cut_where_it_says_across_days(api: Any) -> None:
    since, middle, until = "2025-03-10T18:00:00Z", "2025-03-11T05:30:00Z", "2025-03-12T01:00:00+01:00"
    whole = api.items(since=since, until=until)
    parts = api.items(since=since, until=middle) + api.items(since=middle, until=until)
    assert whole == parts
    assert whole[0]["requested_at"] >= since
    assert whole[-1]["requested_at"] < "2025-03-12T00:00:00Z"


def test_an_item_shows_what_was_asked_and_answered_but_not_the_truth(api: Any) -> None:
    item = api.get(**SPAN, limit=1).json()["items"][0]
    assert set(item) == set(requests_on(DAY, Story()).columns) - {"is_fraud"} | {"score", "flagged", "model_version"}
    assert isinstance(item["flagged"], bool)
    assert 0 <= item["score"] <= 1
    assert datetime.fromisoformat(item["requested_at"]).utcoffset() == timedelta(0)


def test_nothing_lies_in_the_future(api: Any) -> None:
    now = datetime.now(UTC)
    items = api.items(since=f"{now - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}", until="2199-01-01T00:00:00Z", limit=5000)
    assert items
    assert max(datetime.fromisoformat(item["requested_at"]) for item in items) <= datetime.now(UTC)
    assert api.items(since="2198-01-01T00:00:00Z", until="2199-01-01T00:00:00Z") == []


@pytest.mark.parametrize("key", [None, "", "wrong", "schl\u00fcssel"])
def test_without_the_key_nothing_is_shown(api: Any, key: str | None) -> None:
    api.headers = {} if key is None else {"X-API-Key": key.encode()}
    for answer in (api.get(**SPAN), api.predict(TRANSACTION)):
        assert answer.status_code == 401
        assert "X-API-Key" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"since": "yesterday"}, "since"),
        ({"limit": 0}, "limit"),
        ({"limit": 5001}, "limit"),
        ({"cursor": "not one"}, "cursor"),
        ({"cursor": "YWZ0ZXI6LTE="}, "cursor"),
        ({"until": "2025-03-10T00:00:00Z"}, "until must be after since"),
        ({"since": "1066-10-14T00:00:00Z"}, "at most 400 days"),
    ],
)
def test_a_query_that_makes_no_sense_is_told_what_is_wrong(api: Any, change: dict[str, object], named: str) -> None:
    answer = api.get(**{**SPAN, **change})
    assert answer.status_code == 422
    assert named in answer.text


def test_a_prediction_is_answered_and_logged_with_its_score(api: Any) -> None:
    since = datetime.now(UTC) - timedelta(minutes=1)
    answered = api.predict(TRANSACTION).json()
    assert answered["flagged"] is True
    assert set(answered) == {"request_id", "score", "flagged", "model_version"}
    items = api.items(since=since.isoformat(), until=(since + timedelta(minutes=5)).isoformat())
    (logged,) = [item for item in items if item["request_id"] == answered["request_id"]]
    assert logged == {**TRANSACTION, **answered, "requested_at": logged["requested_at"]}
    stamps = [item["requested_at"] for item in items]
    assert stamps == sorted(stamps)


def test_a_prediction_without_the_values_that_may_be_missing(api: Any) -> None:
    sparse = {**TRANSACTION, "amount": 8.0, "country": "DE", "hour": 12, "transactions_last_24h": 1}
    sparse.update(distance_from_home_km=None, device_age_days=None, channel="pos", account_age_days=900)
    assert api.predict(sparse).json()["flagged"] is False


@pytest.mark.parametrize("change", [{"amount": -1}, {"amount": "12,50"}, {"hour": 24}, {"amout": 3}, {"channel": None}])
def test_an_invalid_transaction_is_refused_with_the_field_s_name(api: Any, change: dict[str, object]) -> None:
    answer = api.predict({**TRANSACTION, **change})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", *change]


def test_a_number_that_is_none_is_refused(api: Any) -> None:
    body = '{"amount": 1e999}'
    answer = requests.post(
        f"{api.url}/predict", data=body, headers={**api.headers, "Content-Type": "application/json"}, timeout=10
    )
    assert answer.status_code == 422


def test_a_caller_in_a_hurry_is_told_how_long_to_wait_and_then_served(
    start: Callable[..., Any], simulated: SimulatedLog
) -> None:
    api = start(simulated, rate=2.0, burst=3.0)
    answers = [api.get(**SPAN, limit=1) for _ in range(12)]
    assert [answer.status_code for answer in answers[:3]] == [200, 200, 200]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].headers["Retry-After"] == "1"
    deadline = time.monotonic() + 10
    while api.get(**SPAN, limit=1).status_code == 429:
        assert time.monotonic() < deadline


def test_a_polite_caller_never_meets_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("demo.api.time.monotonic", lambda: clock[0])
    bucket = Bucket(50.0, 100.0)
    for _ in range(1_000):
        bucket.take()
        clock[0] += 0.1
    burst = [taken(bucket) for _ in range(101)]
    assert burst == [True] * 100 + [False]


def taken(bucket: Bucket) -> bool:
    try:
        bucket.take()
    except HTTPException:
        return False
    return True


def test_the_api_can_go_down_half_way(start: Callable[..., Any], simulated: SimulatedLog) -> None:
    api = start(simulated, Faults(fail_after_pages=2))
    assert [api.get(**SPAN, limit=100).status_code for _ in range(4)] == [200, 200, 503, 503]


def test_rows_can_be_malformed_and_days_empty(start: Callable[..., Any], simulated: SimulatedLog) -> None:
    faults = Faults(malformed_every=10)
    api = start(simulated, faults)
    bad = [isinstance(item["amount"], str) for item in api.items(**SPAN)]
    assert sum(bad) == (len(bad) + 9) // 10
    faults.empty = True
    assert api.get(**SPAN).json() == {"items": [], "next_cursor": None, "total": 0}


def test_health_needs_no_key(api: Any) -> None:
    assert requests.get(f"{api.url}/health", timeout=10).json() == {"status": "ok"}


def test_the_story_ends_when_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_STORY_END", "2026-03-20")
    assert story_from_env() == Story(date(2026, 3, 20))
    monkeypatch.setenv("DEMO_STORY_END", "20 March")
    with pytest.raises(LogError, match="DEMO_STORY_END is '20 March'; write a date as 2026-03-20"):
        story_from_env()
