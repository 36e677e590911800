"""Files of requests: parquet, csv and jsonl, local or wherever fsspec reaches."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import tzinfo
from functools import partial
from typing import Any

import fsspec
import pyarrow as pa

from modelwatch.config import FilesSource
from modelwatch.domain import Column, Connection, Page, Reject, Schema, Window
from modelwatch.errors import (
    SourceAuthError,
    SourceConfigError,
    SourceError,
    SourceResponseError,
    SourceTimeout,
)
from modelwatch.sources.base import Fault, FileFault, fill, within
from modelwatch.sources.formats import Batch, Options, explain, format_of, read_batches
from modelwatch.sources.rows import absent, has, parse_records, parse_table, paths, require_columns

ERRORS: Mapping[Fault, type[SourceError]] = {
    "absent": SourceConfigError,
    "column": SourceConfigError,
    "refused": SourceAuthError,
    "away": SourceTimeout,
    "broken": SourceResponseError,
}


class FileRequests:
    """The files of a window, read in batches."""

    def __init__(self, config: FilesSource, schema: Schema, connection: Connection | None, timezone: tzinfo) -> None:
        self._config, self._schema, self._timezone = config, schema, timezone
        self._options = dict(connection.extra) if connection else {}

    def pages(self, window: Window) -> Iterator[Page]:
        """The window's rows, some 65,000 at a time, files in the order of their names.

        Raises:
            SourceConfigError: no file matches, or one lacks a column; SourceAuthError: the storage refuses access;
            SourceTimeout: the storage is away; SourceResponseError: a file is broken.
        """
        uri = fill(self._config.uri, window, self._timezone)
        try:
            for name in self._names(uri):
                kind = self._config.format or format_of(name)
                for page in read_pages(name, self._schema, timezone=self._timezone, kind=kind, options=self._options):
                    yield within(page, window, self._schema)
        except FileFault as error:
            message = f"source.uri: {error}"
            raise ERRORS[error.fault](message) from None

    def _names(self, uri: str) -> list[str]:
        try:
            names = sorted(file.full_name for file in fsspec.open_files(uri, "rb", **self._options))
        except Exception as error:  # noqa: BLE001  # every storage library has errors of its own
            raise explain(uri, error) from None
        if not names:
            message = f"there is no file that matches {uri}"
            raise FileFault(message, "absent")
        return names


def read_pages(
    uri: str, schema: Schema, *, timezone: tzinfo, kind: str | None = None, options: Options = None
) -> Iterator[Page]:
    """The file's rows, typed, some 65,000 at a time.

    An object of jsonl may leave a key out, but no column may be absent from them all.

    Raises:
        DataError: it cannot be read, or lacks a column; the message names file, column and fix.
    """
    kind = kind or format_of(uri)
    check = partial(require_columns, schema=schema, where=uri)
    unseen, n_records = list(schema.columns), 0
    names: dict[str, None] = {}
    for batch in read_batches(uri, kind, options, columns=paths(schema), check=check):
        if isinstance(batch.rows, list):
            unseen, n_records = _still_unseen(unseen, batch.rows), n_records + len(batch.rows)
            names |= _keys(batch.rows[:1000])
            page = parse_records(batch.rows, schema, timezone=timezone)
        else:
            page = parse_table(batch.rows, schema, timezone=timezone, where=uri)
        _require_some(batch, n_records, uri)
        yield replace(page, rejects=page.rejects + _malformed(batch))
    if kind == "jsonl" and n_records and unseen:
        raise absent(".".join(unseen[0].path), list(names), uri)


def read_table(uri: str, schema: Schema, *, timezone: tzinfo, options: Options = None) -> Page:
    """The whole file, typed.

    Raises:
        DataError: it cannot be read, or lacks a column; the message names file, column and fix.
    """
    pages = list(read_pages(uri, schema, timezone=timezone, options=options))
    counts: dict[tuple[str, str], Reject] = {}
    for reject in (reject for page in pages for reject in page.rejects):
        known = counts.get((reject.column, reject.problem))
        counts[reject.column, reject.problem] = replace(known, count=known.count + reject.count) if known else reject
    return Page(pa.concat_tables(page.rows for page in pages), tuple(counts.values()))


def read_raw(uri: str, *, options: Options = None, columns: set[str] | None = None) -> pa.Table:
    """The whole file as it is: parquet in its types, csv as text, jsonl as JSON values.

    Raises:
        DataError: it cannot be read, or a line of it; the message names the file and what to do.
    """
    tables = []
    for batch in read_batches(uri, None, options, columns=columns):
        if batch.malformed:
            problem, count = batch.malformed.most_common(1)[0]
            first = "" if batch.line is None else f", the first is line {batch.line}"
            message = f"{uri}: {count} lines are no row ({problem}{first}); correct or delete them"
            raise FileFault(message, "broken")
        tables.append(batch.rows)
    if isinstance(tables[0], list):
        return _table_of([record for records in tables for record in records], columns)
    return pa.concat_tables(tables)


def column_names(uri: str, *, options: Options = None) -> list[str]:
    """The file's columns, in order; only as much of it is read as that takes.

    Raises:
        DataError: it cannot be read.
    """
    batch = next(read_batches(uri, None, options))
    return list(_keys(batch.rows) if isinstance(batch.rows, list) else batch.rows.column_names)


def digest(uri: str, *, options: Options = None) -> str:
    """sha256 of the file's bytes.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with fsspec.open(uri, "rb", **(options or {})) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except Exception as error:  # noqa: BLE001  # every storage library has errors of its own
        raise explain(uri, error) from None


def _malformed(batch: Batch) -> tuple[Reject, ...]:
    return tuple(Reject("", problem, count) for problem, count in batch.malformed.items())


def _require_some(batch: Batch, n_records: int, uri: str) -> None:
    if isinstance(batch.rows, list) and batch.malformed and not n_records:
        message = f"{uri}: is not a readable jsonl file: line {batch.line} is not an object, nor is any other"
        raise FileFault(message, "broken")


def _still_unseen(columns: list[Column], records: list[dict[str, Any]]) -> list[Column]:
    return [column for column in columns if not any(has(record, column.path) for record in records)]


def _keys(records: list[dict[str, Any]]) -> dict[str, None]:
    return dict.fromkeys(key for record in records for key in record)


def _table_of(records: list[dict[str, Any]], columns: set[str] | None) -> pa.Table:
    names = [name for name in _keys(records) if not columns or name in columns]
    return pa.table({name: _mixed([record.get(name) for record in records]) for name in names})


def _mixed(values: list[Any]) -> pa.Array:
    """A column whose values are of several kinds goes as text; what is a number there is found when it is typed."""
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([v if v is None or isinstance(v, str) else json.dumps(v) for v in values], pa.string())
