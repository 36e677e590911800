"""Files in every format, and everything that can be wrong with one."""

import gzip
import json
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import fsspec
import pytest

from modelwatch.domain import Column, Reject, Schema
from modelwatch.errors import DataError, SourceAuthError, SourceConfigError, SourceResponseError
from modelwatch.sources import files, formats
from support.model_requests import WINDOW, ids
from support.request_files import ROWS, SCHEMA, pages, table, values, write


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_every_format_gives_the_same_rows_of_the_window(tmp_path: Path, suffix: str) -> None:
    written = write(tmp_path / f"2026-03-05.{suffix}", table())
    assert values(pages(f"{tmp_path}/{{window_start:%Y-%m-%d}}.{suffix}")) == ROWS
    (tmp_path / "day.gz").write_bytes(gzip.compress(written.read_bytes()))
    assert values(pages(f"{tmp_path}/day.gz", format=suffix)) == ROWS


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_a_long_file_comes_in_pages_and_whole_for_a_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    path = write(tmp_path / f"x.{suffix}", table())
    whole = files.read_table(str(path), SCHEMA, timezone=UTC)
    monkeypatch.setattr(formats, "ROWS_PER_PAGE", 2)
    found = pages(str(path))
    assert max(page.rows.num_rows for page in found) == 2
    assert ids(found) == ["r0", "r1", "r2", "r3"]
    assert files.read_table(str(path), SCHEMA, timezone=UTC).rows.combine_chunks() == whole.rows.combine_chunks()
    assert whole.rows.num_rows == 5


def test_a_glob_reads_the_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    write(tmp_path / "b.parquet", table().slice(2, 2))
    write(tmp_path / "a.parquet", table().slice(0, 2))
    assert ids(pages(f"{tmp_path}/*.parquet")) == ["r0", "r1", "r2", "r3"]


@pytest.mark.parametrize("name", ["2026-03-05.parquet", "*.parquet"])
def test_no_file_says_which_one_was_looked_for(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceConfigError, match=r"source\.uri: .*there is no (such )?file"):
        pages(f"{tmp_path}/{name}")


def test_a_file_that_lacks_a_column_names_all_it_has_though_it_reads_only_what_it_needs(tmp_path: Path) -> None:
    names = ["kode", "id", "at", "payload"]
    for suffix in ("parquet", "jsonl"):
        path = write(tmp_path / f"x.{suffix}", table().rename_columns(names))
        wanted = rf"x\.{suffix}: there is no column 'code'; found: kode, id, at, payload; did you mean 'kode'\?"
        with pytest.raises(SourceConfigError, match=wanted):
            pages(str(path))
        with pytest.raises(DataError, match=wanted):
            files.read_table(str(path), SCHEMA, timezone=UTC)


def test_a_key_that_only_some_lines_of_jsonl_have_is_missing_in_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "ROWS_PER_PAGE", 2)
    rows: list[dict[str, Any]] = [
        {"id": str(i), "at": WINDOW.start.isoformat(), "payload": {"amount": i}} for i in range(4)
    ]
    rows[3]["code"] = 7
    (tmp_path / "x.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    assert [code for _, _, code in values(pages(f"{tmp_path}/x.jsonl"))] == [None, None, None, "7"]


def test_an_empty_day_is_a_file_without_rows(tmp_path: Path) -> None:
    nothing = table().slice(0, 0)
    for suffix in ("parquet", "csv", "jsonl"):
        path = write(tmp_path / f"x.{suffix}", nothing)
        assert ids(pages(str(path))) == []
        assert files.read_table(str(path), SCHEMA, timezone=UTC).rows.column_names == ["id", "at", "amount", "code"]


def test_lines_that_are_no_rows_are_counted_and_kept_out(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", table())
    path.write_text(path.read_text() + "\n1,2\n1,2,3,4,5,6\n")
    found = pages(str(path))
    assert values(found) == ROWS
    assert {reject for page in found for reject in page.rejects} == {
        Reject("", "expected 5 columns, found 2", 1),
        Reject("", "expected 5 columns, found 6", 1),
    }
    path = write(tmp_path / "x.jsonl", table())
    path.write_text(path.read_text() + '\n{"id": \n[]\n\n')
    assert files.read_table(str(path), SCHEMA, timezone=UTC).rejects == (Reject("", "expected an object", 2),)
    with pytest.raises(DataError, match=r"2 lines are no row \(expected an object, the first is line 6\)"):
        files.read_raw(str(path))


def test_codes_are_the_same_text_with_and_without_missing_values_around_them(tmp_path: Path) -> None:
    one = Schema((Column("code", ("code",), "text"),), {})
    for content, expected in [
        ('code,x\n"",1\n6.0,1\n7.0,1\n', [None, "6", "7"]),
        ("code,x\n6,1\n7,1\n", ["6", "7"]),
        ("code,x\n1.0,1\n1.1,1\n", ["1.0", "1.1"]),
    ]:
        (tmp_path / "x.csv").write_text(content)
        read = files.read_table(f"{tmp_path}/x.csv", one, timezone=UTC)
        assert read.rows["code"].to_pylist() == expected


def test_a_csv_may_have_a_name_with_a_line_break(tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text('"two\nlines",x\n1,2\n3,4\n', encoding="utf-8")
    assert files.read_raw(str(tmp_path / "odd.csv")).to_pydict() == {"two\nlines": ["1", "3"], "x": ["2", "4"]}


def test_times_of_a_csv_without_a_zone_are_the_monitors(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"\xef\xbb\xbfat\r\n2026-03-05 12:00:00\r\nsoon\r\n")
    at = Schema((Column("at", ("at",), "timestamp"),), {})
    page = files.read_table(f"{tmp_path}/x.csv", at, timezone=ZoneInfo("Europe/Berlin"))
    assert page.rows["at"].to_pylist() == [WINDOW.start + timedelta(hours=11)]
    assert page.rejects == (Reject("at", "expected an ISO 8601 time, found text", 1, "'soon'"),)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("x.parquet", b"not parquet", "is not a readable parquet file"),
        ("x.parquet", b"", "is not a readable parquet file"),
        ("x.csv", b"", "it is empty; the first line must name the columns"),
        ("x.csv", b"PAR1....", "it is parquet; name it so"),
        ("x.csv", b"id;at\n1;2", "its columns are separated by ';'; write it with commas"),
        ("x.csv", b"id,at,payload.amount,code\n\xff\xfe,1,1,1\n", "save it as UTF-8"),
        ("x.csv", b"id,id,at,payload.amount,code\n1,2,3,4,5\n", "column 'id' is there 2 times; rename all but one"),
        ("x.jsonl", b"[1]\n[2]", "line 1 is not an object, nor is any other"),
        ("x.jsonl.gz", gzip.compress(b"{}", mtime=0)[:-9], "is not a readable jsonl file"),
        ("x.xlsx", b"", r"must end in \.parquet, \.csv or \.jsonl"),
    ],
)
def test_a_broken_file_is_named_with_what_is_wrong(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=f"{name}.*{problem}"):
        files.read_table(f"{tmp_path}/{name}", SCHEMA, timezone=UTC)
    with pytest.raises((SourceResponseError, SourceConfigError), match=f"{name}.*{problem}"):
        pages(f"{tmp_path}/{name}")


def test_a_file_that_is_not_there_is_named_whatever_is_asked_of_it(tmp_path: Path) -> None:
    uri = f"{tmp_path}/nowhere.csv"
    for ask in (files.digest, files.column_names, files.read_raw):
        with pytest.raises(DataError, match=r"nowhere\.csv: there is no such file"):
            ask(uri)
    with pytest.raises(DataError, match=r"Protocol not known.*use a path"):
        files.digest("ftpp://x/y.csv")


def test_the_digest_and_the_names_are_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("b,a\n1,2\n")
    assert files.digest(f"{tmp_path}/x.csv") == "58062a451fe6afd6e97a4fc45e38e21c671c7ef7ef3ff46fb80581ee4ae84f7d"
    assert files.column_names(f"{tmp_path}/x.csv") == ["b", "a"]
    raw = files.read_raw(f"{tmp_path}/x.csv", columns={"a"})
    assert raw.to_pylist() == [{"a": "2"}]


def test_a_refused_file_is_a_matter_of_rights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = write(tmp_path / "x.csv", table())
    monkeypatch.setattr(fsspec, "open", refuse)  # the tests may run as root, whom no mode of a file stops
    with pytest.raises(SourceAuthError, match=r"x\.csv: access is refused \(PermissionError\)"):
        pages(str(path))
