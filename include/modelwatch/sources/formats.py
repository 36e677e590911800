"""Reading parquet, csv and jsonl in batches, and what is wrong with a file that is none of them."""

import json
import lzma
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from fsspec.implementations.local import LocalFileOpener

from modelwatch.sources.base import Fault, FileFault

ROWS_PER_PAGE = 65_536
WHOLE_FLOAT = r"^-?\d+\.0+$"
SUFFIXES = {"parquet": "parquet", "pq": "parquet", "csv": "csv", "jsonl": "jsonl", "ndjson": "jsonl"}
COMPRESSION = (".gz", ".bz2", ".xz", ".zst")
BROKEN = (pa.ArrowException, UnicodeError, ValueError, EOFError, zlib.error, lzma.LZMAError)

Options = Mapping[str, Any] | None
Choose = Callable[[Sequence[str]], None]


@dataclass(frozen=True)
class Batch:
    """Some rows of a file.

    Attributes:
        rows: a table, or the objects of jsonl.
        malformed: lines that are no row, by what is wrong with them.
        line: the first of them, where the reader knows it.
    """

    rows: pa.Table | list[dict[str, Any]]
    malformed: Counter[str] = field(default_factory=Counter)
    line: int | None = None


def read_batches(
    uri: str, kind: str | None, options: Options = None, *, columns: set[str] | None = None, check: Choose | None = None
) -> Iterator[Batch]:
    """The file in batches of at most `ROWS_PER_PAGE` rows, at least one batch.

    Args:
        uri: path or fsspec URL.
        kind: parquet, csv or jsonl; None tells it from the name.
        options: fsspec's.
        columns: read only these; all when None or when none of them is there.
        check: called with all column names of a parquet or csv file before its rows are read.

    Raises:
        DataError: it cannot be read, or is not of the format it should be.
    """
    kind = kind or format_of(uri)
    readers = {"parquet": _parquet, "csv": _csv, "jsonl": _jsonl}
    try:
        with fsspec.open(uri, "rb", compression="infer", **(options or {})) as file:
            yield from readers[kind](file, columns, check or _anything)
    except FileFault:
        raise
    except Exception as error:  # noqa: BLE001  # every storage library has errors of its own
        raise explain(uri, error, kind) from None


def explain(uri: str, error: Exception, kind: str = "") -> FileFault:
    """What went wrong with a file, in words that name the fix; never the storage's own text, which may hold a key."""
    fault, text = _fault(error), str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, ImportError):
        return FileFault(f"{uri}: its storage needs a package that is not installed: {text}", "absent")
    if fault == "broken" and isinstance(error, ValueError) and "Protocol not known" in text:
        return FileFault(f"{uri}: {text}; use a path, file://, s3:// or another that fsspec knows", "absent")
    what = {
        "absent": "there is no such file",
        "refused": f"access is refused ({type(error).__name__}); check the file's rights, or the connection's keys",
        "away": f"the storage cannot be reached ({type(error).__name__})",
        "broken": f"is not a readable {kind} file: {text}{'; save it as UTF-8' if 'utf' in text.lower() else ''}",
    }
    if fault == "broken" and not isinstance(error, BROKEN):
        return FileFault(f"{uri}: cannot be read ({getattr(error, 'strerror', None) or type(error).__name__})", fault)
    return FileFault(f"{uri}: {what[fault]}", fault)


def format_of(uri: str) -> str:
    """The format that a name's suffix tells.

    Raises:
        DataError: it tells none.
    """
    name = uri.lower().rstrip("/")
    for suffix in COMPRESSION:
        name = name.removesuffix(suffix)
    suffix = name.rpartition(".")[2]
    if suffix not in SUFFIXES:
        message = f"{uri}: cannot tell its format from its name; it must end in .parquet, .csv or .jsonl"
        raise FileFault(message, "broken")
    return SUFFIXES[suffix]


def _fault(error: Exception) -> Fault:
    name = type(error).__name__  # botocore, aiohttp and their kin share no base class
    if isinstance(error, FileNotFoundError):
        return "absent"
    if isinstance(error, PermissionError) or "Credential" in name:
        return "refused"
    if isinstance(error, ConnectionError | TimeoutError) or "Connect" in name or "Timeout" in name:
        return "away"
    return "broken"


def _anything(_: Sequence[str]) -> None:
    """No column is asked for."""


def _parquet(file: Any, columns: set[str] | None, check: Choose) -> Iterator[Batch]:  # noqa: ANN401  # a file object
    # In this thread alone: one of arrow's that lets go of the Python file while the interpreter ends takes it down.
    parquet = pq.ParquetFile(_native(file), pre_buffer=False)
    names = parquet.schema_arrow.names
    check(names)
    twice = len(set(names)) < len(names)
    wanted = None if columns is None or twice else [name for name in names if name in columns] or None
    empty = _plain(parquet.schema_arrow.empty_table())
    yield Batch(empty.select(wanted) if wanted else empty)  # who asks for the columns alone reads no rows
    for group in range(parquet.num_row_groups):  # one by one: a reader of several keeps the bytes of them all
        for batch in parquet.iter_batches(ROWS_PER_PAGE, row_groups=[group], columns=wanted, use_threads=False):
            yield Batch(_plain(pa.Table.from_batches([batch])))


def _native(file: Any) -> Any:  # noqa: ANN401  # a file object
    """A local file as one of arrow's own, which reads it without a copy of every byte for Python."""
    return pa.OSFile(file.path) if isinstance(file, LocalFileOpener) else file


def _plain(rows: pa.Table) -> pa.Table:
    """Views of text as text: few of arrow's functions take them."""
    for position, column in enumerate(rows.schema):
        if pa.types.is_string_view(column.type):
            rows = rows.set_column(position, column.name, rows.column(position).cast(pa.string()))
    return rows


def _csv(file: Any, columns: set[str] | None, check: Choose) -> Iterator[Batch]:  # noqa: ANN401  # a file object
    """Everything is read as text first: the same value must not be a number in one batch and text in the next."""
    names, has_rows = _header(file)
    check(names)
    if not has_rows:
        yield Batch(pa.Table.from_arrays([pa.array([], pa.string()) for _ in names], names=names))
        return
    twice = len(set(names)) < len(names)
    convert = pa.csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        strings_can_be_null=True,
        null_values=[""],
        include_columns=[] if twice else [name for name in names if not columns or name in columns],
    )
    malformed: Counter[str] = Counter()
    parse = pa.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=lambda row: _skip(row, malformed))
    read = pa.csv.ReadOptions(block_size=16 << 20)
    with pa.csv.open_csv(file, read_options=read, convert_options=convert, parse_options=parse) as reader:
        yield Batch(reader.schema.empty_table())
        whole: list[int] | None = None
        for batch in reader:
            table = pa.Table.from_batches([batch])
            whole = _spelt_with_a_point(table) if whole is None else whole
            yield from (Batch(part) for part in _cut(_whole_numbers(table, whole)))
        yield Batch(reader.schema.empty_table(), malformed)


def _header(file: Any) -> tuple[list[str], bool]:  # noqa: ANN401  # a file object
    """The columns' names, and whether anything follows; the file is back at its start."""
    header: bytes = file.readline()
    while header.count(b'"') % 2 and (more := file.readline()):  # a name with a line break in it
        header += more
    if header.startswith(b"PAR1"):
        message = "it is parquet; name it so"
        raise ValueError(message)
    if not header.decode("utf-8-sig").strip():
        message = "it is empty; the first line must name the columns"
        raise ValueError(message)
    text, broken = header.removeprefix(b"\xef\xbb\xbf") + b"\n", pa.csv.ParseOptions(newlines_in_values=True)
    names: list[str] = pa.csv.read_csv(pa.py_buffer(text), parse_options=broken).column_names
    for separator in (";", "\t", "|"):
        if len(names) == 1 and separator in names[0]:
            message = f"its columns are separated by {separator!r}; write it with commas"
            raise ValueError(message)
    has_rows = bool(file.read(1))
    file.seek(0)
    return names, has_rows


def _skip(row: pa.csv.InvalidRow, malformed: Counter[str]) -> str:
    malformed[f"expected {row.expected_columns} columns, found {row.actual_columns}"] += 1
    return "skip"


def _spelt_with_a_point(table: pa.Table) -> list[int]:
    """Positions of columns of nothing but ``6.0``: how csv writers spell whole numbers next to missing ones."""
    found = []
    for position, values in enumerate(table.columns):
        start = pc.index(values.is_valid(), value=True).as_py()
        if start >= 0 and all(
            pc.all(pc.match_substring_regex(part, WHOLE_FLOAT)).as_py() for part in (values.slice(start, 1), values)
        ):
            found.append(position)
    return found


def _whole_numbers(table: pa.Table, positions: list[int]) -> pa.Table:
    """``6.0`` as ``6`` in these columns, so that a code is the same text with and without missing values around it."""
    for position in positions:
        whole = pc.replace_substring_regex(table.column(position), r"^(-?\d+)\.0+$", r"\1")
        table = table.set_column(position, table.column_names[position], whole)
    return table


def _cut(table: pa.Table) -> Iterator[pa.Table]:
    for start in range(0, table.num_rows, ROWS_PER_PAGE):
        yield table.slice(start, ROWS_PER_PAGE)


def _jsonl(file: Any, columns: set[str] | None, check: Choose) -> Iterator[Batch]:  # noqa: ANN401, ARG001  # as above
    records: list[dict[str, Any]] = []
    malformed: Counter[str] = Counter()
    first = None
    for number, line in enumerate(file, 1):
        record = _object(line) if line.strip() else {}
        if record is None:
            malformed["expected an object"] += 1
            first = first or number
        elif line.strip():
            records.append(record)
        if len(records) == ROWS_PER_PAGE:
            yield Batch(records)
            records = []
    yield Batch(records, malformed, first)


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None
