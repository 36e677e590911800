"""Files of requests: parquet, csv and jsonl, local or wherever fsspec reaches."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from modelwatch.config import FilesSource
from modelwatch.domain import Connection, Page, Schema, Window
from modelwatch.errors import DataError, SourceConfigError, SourceTimeout
from modelwatch.sources.base import within
from modelwatch.sources.rows import parse_table

ROWS_PER_PAGE = 65_536
WHOLE_FLOAT = r"^-?\d+\.0+$"
FORMATS = ("parquet", "csv", "jsonl")
COMPRESSION = (".gz", ".bz2", ".xz", ".zst")

Options = Mapping[str, Any] | None


class FileRequests:
    """The files of a window, read in batches."""

    def __init__(self, config: FilesSource, schema: Schema, connection: Connection | None, timezone: tzinfo) -> None:
        self._config, self._schema, self._timezone = config, schema, timezone
        self._options = dict(connection.extra) if connection else {}

    def pages(self, window: Window) -> Iterator[Page]:
        """The window's rows, `ROWS_PER_PAGE` at a time, files in the order of their names.

        Raises:
            SourceConfigError: no file matches; SourceTimeout: the storage is away; DataError: a file is broken.
        """
        uri = self._config.uri.format(window_start=window.start, window_end=window.end)
        try:
            found = fsspec.open_files(uri, "rb", **self._options)
            names = sorted(file.full_name for file in found)
            if not names:
                message = f"source.uri: no file matches {uri}"
                raise SourceConfigError(message)
            for name in names:
                for table in batches(name, self._config.format, self._options):
                    page = parse_table(table, self._schema, timezone=self._timezone, where=name)
                    yield within(page, window, self._schema)
        except FileNotFoundError:
            message = f"source.uri: there is no file {uri}"
            raise SourceConfigError(message) from None
        except (ConnectionError, TimeoutError) as error:
            message = f"source.uri: {uri} cannot be reached ({type(error).__name__})"
            raise SourceTimeout(message) from None


def read_table(uri: str, schema: Schema, *, timezone: tzinfo, options: Options = None) -> Page:
    """The whole file, typed.

    Raises:
        DataError: it cannot be read, or lacks a column.
    """
    table = read_raw(uri, options=options, columns={column.path[0] for column in schema.columns})
    return parse_table(table, schema, timezone=timezone, where=uri)


def read_raw(uri: str, *, options: Options = None, columns: set[str] | None = None) -> pa.Table:
    """The whole file as it is: parquet in its types, csv and jsonl as text and JSON values.

    Raises:
        DataError: it cannot be read; the message names the file and what to do.
    """
    tables = list(batches(uri, None, options, columns=columns))
    return pa.concat_tables(tables, promote_options="permissive")


def column_names(uri: str, *, options: Options = None) -> list[str]:
    """The file's columns, in order; only as much of it is read as that takes."""
    first = next(iter(batches(uri, None, options)), None)
    return list(first.column_names) if first is not None else []


def digest(uri: str, *, options: Options = None) -> str:
    """sha256 of the file's bytes.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with fsspec.open(uri, "rb", **(options or {})) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(_unreadable(uri, error)) from None


def batches(
    uri: str, kind: str | None, options: Options = None, *, columns: set[str] | None = None
) -> Iterator[pa.Table]:
    """The file in tables of at most `ROWS_PER_PAGE` rows, at least one table.

    Raises:
        DataError: it cannot be read, or is not of the format it should be.
    """
    kind = kind or _format(uri)
    readers = {"parquet": _parquet, "csv": _csv, "jsonl": _jsonl}
    try:
        with fsspec.open(uri, "rb", compression="infer", **(options or {})) as file:
            yield from readers[kind](file, columns)
    except OSError as error:
        raise DataError(_unreadable(uri, error)) from None
    except (pa.ArrowException, UnicodeDecodeError, ValueError) as error:
        message = f"{uri}: is not a readable {kind} file: {str(error).splitlines()[0]}"
        raise DataError(message) from None


def _parquet(file: Any, columns: set[str] | None) -> Iterator[pa.Table]:  # noqa: ANN401  # a file object
    parquet = pq.ParquetFile(file)
    names = parquet.schema_arrow.names
    wanted = None if columns is None or len(set(names)) < len(names) else [n for n in names if n in columns]
    empty = True
    for batch in parquet.iter_batches(ROWS_PER_PAGE, columns=wanted):
        empty = False
        yield pa.Table.from_batches([batch])
    if empty:
        yield parquet.schema_arrow.empty_table()


def _csv(file: Any, columns: set[str] | None) -> Iterator[pa.Table]:  # noqa: ANN401  # a file object
    """Everything is read as text first: the same value must not be a number in one batch and text in the next."""
    header = file.readline().decode("utf-8-sig")
    if not header.strip():
        message = "it is empty; the first line must name the columns"
        raise ValueError(message)
    names = pa.csv.read_csv(pa.py_buffer(header.encode())).column_names
    file.seek(0)
    convert = pa.csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        strings_can_be_null=True,
        null_values=[""],
        include_columns=[name for name in names if not columns or name in columns]
        if len(set(names)) == len(names)
        else [],
    )
    read = pa.csv.ReadOptions(block_size=16 << 20)
    parse = pa.csv.ParseOptions(newlines_in_values=True)
    with pa.csv.open_csv(file, read_options=read, convert_options=convert, parse_options=parse) as reader:
        yield reader.schema.empty_table()
        for batch in reader:
            yield from _cut(_whole_numbers(pa.Table.from_batches([batch])))


def _whole_numbers(table: pa.Table) -> pa.Table:
    """``6.0`` as ``6`` in columns of nothing else: how csv writers spell whole numbers next to missing ones."""
    for position, name in enumerate(table.column_names):
        values = table.column(position)
        spelt_so = pc.match_substring_regex(values.slice(0, 1), WHOLE_FLOAT)
        if pc.any(spelt_so).as_py() and pc.all(pc.match_substring_regex(values, WHOLE_FLOAT)).as_py():
            table = table.set_column(position, name, pc.replace_substring_regex(values, r"\.0+$", ""))
    return table


def _jsonl(file: Any, columns: set[str] | None) -> Iterator[pa.Table]:  # noqa: ANN401  # a file object
    records: list[dict[str, Any]] = []
    for number, line in enumerate(file, 1):
        if line.strip():
            records.append(_object(line, number))
        if len(records) == ROWS_PER_PAGE:
            yield _table_of(records, columns)
            records = []
    yield _table_of(records, columns)


def _object(line: bytes, number: int) -> dict[str, Any]:
    record = json.loads(line)
    if not isinstance(record, dict):
        message = f"line {number} is not an object"
        raise ValueError(message)  # noqa: TRY004  # told to the user as a broken file
    return record


def _table_of(records: list[dict[str, Any]], columns: set[str] | None) -> pa.Table:
    names = [
        name for name in dict.fromkeys(key for record in records for key in record) if not columns or name in columns
    ]
    return pa.table({name: _mixed([record.get(name) for record in records]) for name in names})


def _mixed(values: list[Any]) -> pa.Array:
    """A column whose values are of several kinds goes as text; what is a number there is found when it is typed."""
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([v if v is None or isinstance(v, str) else json.dumps(v) for v in values], pa.string())


def _cut(table: pa.Table) -> Iterator[pa.Table]:
    for start in range(0, table.num_rows, ROWS_PER_PAGE):
        yield table.slice(start, ROWS_PER_PAGE)


def _format(uri: str) -> str:
    name = uri.lower().rstrip("/")
    for suffix in COMPRESSION:
        name = name.removesuffix(suffix)
    suffix = name.rpartition(".")[2]
    kinds = {"parquet": "parquet", "pq": "parquet", "csv": "csv", "jsonl": "jsonl", "ndjson": "jsonl"}
    if suffix not in kinds:
        message = f"{uri}: cannot tell its format from its name; it must end in .parquet, .csv or .jsonl"
        raise DataError(message)
    return kinds[suffix]


def _unreadable(uri: str, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{uri}: there is no such file"
    return f"{uri}: cannot be read ({error.strerror or error})"
