"""The REST source against a server that fails as real ones do: each failure has its own error, none shows a secret."""

import gzip
import json
import logging
import threading
import time
from functools import partial
from typing import Any

import pytest

from modelwatch.domain import Connection
from modelwatch.errors import SourceAuthError, SourceConfigError, SourceError, SourceResponseError, SourceTimeout
from support.model_api import Api, Handler, always, first_times
from support.model_requests import SECRET, ids, record


def busy(handler: Handler) -> None:
    handler.send_json({}, 429, {"Retry-After": "0"})


def broken(handler: Handler) -> None:
    handler.send_json({}, 503, {"Retry-After": "0"})


def cut_short(handler: Handler) -> None:
    handler.send_bytes(b'{"items": [', promised=1000)


def send_status(handler: Handler, status: int) -> None:
    handler.send_json({}, status, {"Location": handler.path})


@pytest.mark.parametrize("fault", [busy, broken])
def test_a_busy_or_broken_api_is_asked_again(api: Api, fetch: Any, fault: Any) -> None:
    api.before = first_times(2, fault)
    assert len(ids(fetch(retries=2))) == 25
    assert len(api.asked) == 5


def test_the_time_that_a_busy_api_names_is_kept(api: Api, fetch: Any) -> None:
    api.before = first_times(1, lambda handler: handler.send_json({}, 429, {"Retry-After": "1"}))
    started = time.monotonic()
    fetch(retries=1)
    assert time.monotonic() - started >= 1


def test_a_wait_is_never_longer_than_the_cap(api: Api, fetch: Any) -> None:
    api.before = first_times(1, lambda handler: handler.send_json({}, 429, {"Retry-After": "3600"}))
    started = time.monotonic()
    assert len(ids(fetch(retries=1, max_wait_seconds=1))) == 25
    assert time.monotonic() - started < 20


def test_a_503_that_outlives_the_retries_is_named(api: Api, fetch: Any) -> None:
    api.before = always(broken)
    with pytest.raises(SourceTimeout, match=r"/cursor still answered HTTP 503 after 2 retries"):
        fetch(retries=2)
    assert len(api.asked) == 3


def test_a_failure_half_way_gives_no_end(api: Api, fetch: Any) -> None:
    def third_page(handler: Handler) -> bool:
        if "cursor=20" in handler.path:
            broken(handler)
            return True
        return False

    api.before = third_page
    with pytest.raises(SourceTimeout, match="HTTP 503"):
        fetch()


def test_an_answer_cut_short_is_asked_for_again(api: Api, fetch: Any) -> None:
    api.before = first_times(1, cut_short)
    assert len(ids(fetch())) == 25


def test_an_answer_cut_short_every_time_fails(api: Api, fetch: Any) -> None:
    api.before = always(cut_short)
    with pytest.raises(SourceResponseError, match="cut short 3 times"):
        fetch()
    assert len(api.asked) == 3


def test_an_answer_that_does_not_come_fails_in_time(api: Api, fetch: Any) -> None:
    released = threading.Event()
    api.before = always(lambda handler: handler.hang(released))
    try:
        with pytest.raises(SourceTimeout, match=r"no answer in time \(connecting and reading may take 5 and 0\.2"):
            fetch(read_timeout_seconds=0.2)
    finally:
        released.set()


def test_an_answer_that_stops_coming_fails_in_time(api: Api, fetch: Any) -> None:
    released = threading.Event()

    def stall(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"items": [')
        handler.hang(released)

    api.before = always(stall)
    try:
        with pytest.raises(SourceTimeout, match="stopped coming 3 times"):
            fetch(read_timeout_seconds=0.2)
    finally:
        released.set()


def test_a_server_that_is_not_there_cannot_be_reached(fetch: Any) -> None:
    with pytest.raises(SourceTimeout, match=r"127\.0\.0\.1:1/cursor: cannot be reached"):
        fetch(Connection("c", "http", "http://127.0.0.1:1"))


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_fail_at_once(api: Api, fetch: Any, status: int) -> None:
    api.before = always(lambda handler: handler.send_json({}, status))
    with pytest.raises(SourceAuthError, match=f"connection 'model_api' .HTTP {status}"):
        fetch(retries=3)
    assert len(api.asked) == 1


@pytest.mark.parametrize("status", [400, 404, 410, 422])
def test_a_refused_question_says_what_to_check(api: Api, fetch: Any, status: int) -> None:
    api.before = always(lambda handler: handler.send_json({}, status))
    with pytest.raises(SourceConfigError, match=rf"HTTP {status}; check source\.path"):
        fetch(retries=3)
    assert len(api.asked) == 1


def test_a_redirect_is_not_followed_with_the_credentials(api: Api, fetch: Any) -> None:
    api.before = always(lambda handler: handler.send_json({}, 307, {"Location": "/cursor/?token=1"}))
    with pytest.raises(SourceConfigError, match=r"redirects to http://127\.0\.0\.1:\d+/cursor/;"):
        fetch()
    assert len(api.asked) == 1


@pytest.mark.parametrize(
    ("records", "found"),
    [
        ("rows", "the answer has: items, meta"),
        ("meta.rows", "'meta' has: next, total"),
        ("meta.total", "'meta.total' is a number"),
        ("", "the answer has: items, meta"),
    ],
)
def test_a_missing_list_names_what_was_there(fetch: Any, records: str, found: str) -> None:
    with pytest.raises(SourceConfigError, match=f"no list at source.records '{records}'; {found}"):
        fetch(records=records)


@pytest.mark.parametrize("total", ["meta.count", "meta.next"])
def test_a_total_that_is_no_count_names_what_was_there(fetch: Any, total: str) -> None:
    with pytest.raises(SourceConfigError, match=f"source.total: '{total}' is not a count in the answer"):
        fetch(total=total)


def test_a_total_may_be_on_the_first_page_only(api: Api, fetch: Any) -> None:
    pages = [{"items": [record(0)], "meta": {"next": "1", "total": 2}}, {"items": [record(1)], "meta": {"next": None}}]
    answers = iter(pages)
    api.before = always(lambda handler: handler.send_json(next(answers)))
    assert [page.total for page in fetch(total="meta.total")] == [2, None]


@pytest.mark.parametrize(
    "body", [b"<html>", b'{"items": [', b'{"items": "\xff"}', b"", b"[" * 100_000], ids=lambda body: repr(body[:12])
)
def test_something_that_is_not_json_is_refused(api: Api, fetch: Any, body: bytes) -> None:
    api.before = always(lambda handler: handler.send_bytes(body, headers={"Content-Type": "text/html"}))
    with pytest.raises(SourceResponseError, match=r"not JSON \(text/html\)"):
        fetch()


def test_compressed_answers_are_read_and_broken_ones_refused(api: Api, fetch: Any) -> None:
    data = gzip.compress(json.dumps({"items": [record(1)], "meta": {"next": None}}).encode())
    api.before = always(lambda handler: handler.send_bytes(data, headers={"Content-Encoding": "gzip"}))
    assert ids(fetch()) == ["r1"]
    api.before = always(lambda handler: handler.send_bytes(b"not gzip", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(SourceResponseError, match="compression is broken"):
        fetch()


def test_the_caps_on_pages_and_bytes_hold(api: Api, fetch: Any) -> None:
    with pytest.raises(SourceResponseError, match=r"more than 2 pages \(source\.max_pages\)"):
        fetch(max_pages=2)
    with pytest.raises(SourceResponseError, match=r"larger than 2000 bytes \(source\.max_bytes\)"):
        fetch(max_bytes=2000)  # one page is below it, the window is not
    bomb = gzip.compress(b" " * 50_000_000)
    api.before = always(lambda handler: handler.send_bytes(bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(SourceResponseError, match=r"larger than 1000000 bytes \(source\.max_bytes\)"):
        fetch(max_bytes=1_000_000)


def test_no_error_and_no_log_shows_a_secret(api: Api, fetch: Any, caplog: pytest.LogCaptureFixture) -> None:
    key = {"type": "api_key", "query": "key"}
    away = Connection("model_api", "http", "http://127.0.0.1:1", password=SECRET)
    with caplog.at_level(logging.DEBUG, "modelwatch"):
        for status in (307, 401, 404, 429, 503):
            api.before = always(partial(send_status, status=status))
            with pytest.raises(SourceError) as error:
                fetch(auth=key)
            assert SECRET not in str(error.value)
    with pytest.raises(SourceTimeout) as error:
        fetch(away, auth=key)
    assert SECRET not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__
    assert SECRET not in caplog.text
    assert SECRET not in repr(away)


def test_rows_that_do_not_parse_are_counted_and_shown(api: Api, fetch: Any) -> None:
    bad = [record(1, payload={"amount": "12,5"}), record(2, at="yesterday"), record(3, id=None), "junk"]
    api.records = [record(0), *bad]  # type: ignore[list-item]
    (page,) = fetch()
    assert ids([page]) == ["r0"]
    assert {(one.column, one.problem, one.count, one.example) for one in page.rejects} == {
        ("payload.amount", "expected a number, found text", 1, "'12,5'"),
        ("at", "expected an ISO 8601 time, found text", 1, "'yesterday'"),
        ("id", "missing", 1, None),
        ("", "expected an object", 1, None),
    }
