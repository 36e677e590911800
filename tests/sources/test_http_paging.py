"""The REST source against a real server: every paging style, every credential, and what it asks for."""

import itertools
import logging
import time
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from modelwatch.domain import Connection, Page, Window
from modelwatch.errors import SettingsError, SourceConfigError, SourceResponseError
from modelwatch.sources.base import fill
from support.model_api import Api, Handler, always, first_times
from support.model_requests import SECRET, WINDOW, ids, record

PAGINATIONS: dict[str, dict[str, Any]] = {
    "cursor": {
        "path": "cursor",
        "records": "items",
        "total": "meta.total",
        "pagination": {"type": "cursor", "response": "meta.next", "query": "cursor"},
    },
    "next_link": {"path": "next_link", "records": "data.rows", "pagination": {"type": "next_link", "response": "next"}},
    "link_header": {"path": "link_header", "records": "", "pagination": {"type": "link_header"}},
    "page": {"path": "numbered", "records": "items", "pagination": {"type": "page", "query": "page"}},
    "offset": {"path": "offset", "records": "items", "pagination": {"type": "offset", "limit": 7}},
}


@pytest.mark.parametrize("style", PAGINATIONS)
@pytest.mark.parametrize("n", [0, 1, 10, 20, 25])
def test_every_paging_style_reads_every_request_once(api: Api, fetch: Any, style: str, n: int) -> None:
    api.records = api.records[:n]
    pages: list[Page] = fetch(**PAGINATIONS[style])
    assert ids(pages) == [f"r{i}" for i in range(n)]
    assert [amount for page in pages for amount in page.rows["payload.amount"].to_pylist()] == [i / 2 for i in range(n)]
    assert pages[0].total == (n if style == "cursor" else None)


def test_an_api_that_caps_its_pages_below_the_limit_is_read_to_its_end(api: Api, fetch: Any) -> None:
    def capped(handler: Handler) -> bool:
        handler.path = handler.path.replace("limit=1000", "limit=4")
        return False

    api.before = capped
    assert len(ids(fetch(**PAGINATIONS["offset"] | {"pagination": {"type": "offset", "limit": 1000}}))) == 25


def test_the_windows_edges_are_sent_and_rows_outside_are_left_out(api: Api, fetch: Any) -> None:
    api.records = [record(-1), record(0), record(24 * 60 - 1), record(24 * 60)]
    pages = fetch(query={"since": "{window_start}", "until": "{window_end}", "limit": 5})
    assert ids(pages) == ["r0", "r1439"]
    assert api.asked[0] == "/cursor?since=2026-03-05T00%3A00%3A00Z&until=2026-03-06T00%3A00%3A00Z&limit=5"
    assert [page.rejects for page in pages] == [()]


def test_a_day_in_the_query_or_path_is_the_monitors_day(api: Api, fetch: Any) -> None:
    fetch(path="cursor", query={"day": "{window_start:%Y-%m-%d}", "until": "{window_end.day}"})
    assert api.asked[0] == "/cursor?day=2026-03-05&until=6"
    berlin = ZoneInfo("Europe/Berlin")
    night = Window(WINDOW.start - timedelta(hours=1), WINDOW.end - timedelta(hours=1))
    assert fill("{window_start:%Y-%m-%d} {window_start}", night, berlin) == "2026-03-05 2026-03-04T23:00:00Z"


@pytest.mark.parametrize(
    ("auth", "login", "header", "expected"),
    [
        (None, "", "Authorization", f"Bearer {SECRET}"),
        ("bearer", "", "Authorization", f"Bearer {SECRET}"),
        ("bearer", "me", "Authorization", f"Bearer {SECRET}"),
        (None, "me", "Authorization", "Basic bWU6czNjcmV0LXRva2Vu"),
        ("basic", "mé", "Authorization", "Basic bcOpOnMzY3JldC10b2tlbg=="),
        ({"type": "api_key", "header": "X-API-Key"}, "", "X-API-Key", SECRET),
    ],
)
def test_credentials_come_from_the_connection(
    api: Api, fetch: Any, auth: Any, login: str, header: str, expected: str
) -> None:
    fetch(Connection("model_api", "http", api.url, login=login, password=SECRET), auth=auth)
    assert {headers.get(header) for headers in api.headers} == {expected}
    assert len(api.headers) == 3


def test_an_api_key_may_go_into_the_query_of_every_page(api: Api, fetch: Any) -> None:
    fetch(auth={"type": "api_key", "query": "key"}, **PAGINATIONS["next_link"])
    assert [path.count(f"key={SECRET}") for path in api.asked] == [1, 1, 1]


def test_without_credentials_none_are_sent_not_even_those_of_the_netrc(
    api: Api, fetch: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login me password {SECRET}")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    fetch(Connection("model_api", "http", api.url))
    assert all("Authorization" not in headers for headers in api.headers)


@pytest.mark.parametrize("password", ["with a line break\n", "with a letter: ü", ""])
@pytest.mark.parametrize("auth", ["bearer", {"type": "api_key", "header": "X-API-Key"}])
def test_a_password_that_cannot_be_sent_is_refused_without_being_shown(
    api: Api, fetch: Any, password: str, auth: Any
) -> None:
    with pytest.raises(SettingsError, match=r"connection 'model_api'.* password") as error:
        fetch(Connection("model_api", "http", api.url, password=password), auth=auth)
    assert not password or password not in str(error.value)
    assert api.asked == []


def test_airflows_host_schema_and_port_make_the_url(api: Api, fetch: Any) -> None:
    host, port = api.url.removeprefix("http://").split(":")
    for connection in (
        Connection("c", "http", host, schema="http", port=int(port)),
        Connection("c", "http", host, port=int(port)),
        Connection("c", "http", f"http://{host}/", port=int(port)),
        Connection("c", "", f"{host}:{port}", schema="http"),
    ):
        assert len(ids(fetch(connection))) == 25


@pytest.mark.parametrize(
    ("host", "problem"),
    [
        ("", "has no host"),
        (f"http://me:{SECRET}@example.com", "user and password stand in its host"),
        ("ftp://example.com", "is no http address"),
        ("http://example.com:port", "is no http address"),
        ("http://", "is no http address"),
    ],
)
def test_a_host_that_is_no_address_is_refused_without_its_secrets(fetch: Any, host: str, problem: str) -> None:
    with pytest.raises(SettingsError, match=f"connection 'c'.*{problem}") as error:
        fetch(Connection("c", "http", host))
    assert SECRET not in str(error.value)


def test_a_page_that_a_retry_repeats_is_read_but_an_endless_one_is_not(api: Api, fetch: Any) -> None:
    cursors = itertools.count(1)

    def stuck(handler: Handler) -> None:
        handler.send_json({"items": [record(1)], "meta": {"next": str(next(cursors)), "total": 1}})

    api.before = first_times(2, stuck)
    assert ids(fetch())[:2] == ["r1", "r1"]
    api.before = always(stuck)
    api.asked.clear()
    with pytest.raises(SourceResponseError, match="gives the same records page after page"):
        fetch()
    assert len(api.asked) == 3


@pytest.mark.parametrize("style", ["page", "offset"])
def test_an_api_that_ignores_the_page_number_is_not_read_for_ever(api: Api, fetch: Any, style: str) -> None:
    api.before = always(lambda handler: handler.send_json({"items": [record(1), record(2)]}))
    with pytest.raises(SourceResponseError, match=r"does it know the query parameter of source\.pagination"):
        fetch(**PAGINATIONS[style])
    assert len(api.asked) == 2


@pytest.mark.parametrize(("style", "key"), [("cursor", "meta"), ("next_link", "next")])
def test_a_cursor_or_link_that_leads_back_is_not_followed(api: Api, fetch: Any, style: str, key: str) -> None:
    numbers = itertools.count()

    def loop(handler: Handler) -> None:
        number = next(numbers)
        back = {"cursor": {"next": str(number % 2), "total": 9}, "next_link": f"/next_link?start={number % 2}"}[style]
        handler.send_json({"items": [record(number)], "data": {"rows": [record(number)]}, key: back})

    api.before = always(loop)
    with pytest.raises(SourceResponseError, match="leads back to a page that was read already"):
        fetch(**PAGINATIONS[style])
    assert len(api.asked) == 3


@pytest.mark.parametrize("link", ["https://evil.example.com/next?key=1", "//evil.example.com/next", "https:/next"])
def test_a_next_link_to_another_host_gets_no_credentials(api: Api, fetch: Any, link: str) -> None:
    api.before = always(lambda handler: handler.send_json({"data": {"rows": []}, "next": link}))
    with pytest.raises(SourceResponseError, match="goes to another host or scheme") as error:
        fetch(**PAGINATIONS["next_link"])
    assert "key=1" not in str(error.value)
    assert len(api.asked) == 1


@pytest.mark.parametrize(("link", "problem"), [("http://[", "is no URL"), ("http://h:port/", "another host")])
def test_a_next_link_that_is_no_url_is_named(api: Api, fetch: Any, link: str, problem: str) -> None:
    api.before = always(lambda handler: handler.send_json({"data": {"rows": []}, "next": link}))
    with pytest.raises(SourceResponseError, match=problem):
        fetch(**PAGINATIONS["next_link"])


@pytest.mark.parametrize("end", [None, "", False])
def test_null_empty_and_false_are_the_end(api: Api, fetch: Any, end: object) -> None:
    api.before = always(lambda handler: handler.send_json({"items": [record(1)], "meta": {"next": end}}))
    assert ids(fetch()) == ["r1"]


def test_a_cursor_that_is_an_object_is_refused(api: Api, fetch: Any) -> None:
    api.before = always(lambda handler: handler.send_json({"items": [], "meta": {"next": {"a": 1}}}))
    with pytest.raises(SourceConfigError, match="a cursor is text or a number; found an object"):
        fetch()


def test_a_mistyped_cursor_is_warned_of_as_the_window_would_be_one_page(
    fetch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        fetch(pagination={"type": "cursor", "response": "meta.nextt", "query": "cursor"})
    assert "the first page has no 'meta.nextt'" in caplog.text
    assert "'meta' has: next, total" in caplog.text
    caplog.clear()
    fetch()
    assert caplog.text == ""


def test_a_list_of_nothing_may_be_null(api: Api, fetch: Any) -> None:
    api.before = always(lambda handler: handler.send_json({"items": None, "meta": {"next": None}}))
    assert ids(fetch()) == []


def test_requests_are_kept_below_the_rate(api: Api, fetch: Any) -> None:
    api.size = 5
    started = time.monotonic()
    fetch(requests_per_second=50)
    assert len(api.asked) == 5
    assert time.monotonic() - started >= 4 / 50
