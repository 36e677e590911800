"""What runs on Spark's executors: rows into counts and a sample, and several of those into one.

A part is counted in memory that does not grow with its rows, but for eight bytes of each id. Parts add up exactly.
"""

import io
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import tzinfo
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from modelwatch.domain import Page, Reject, Sample, Schema, Window
from modelwatch.profile import CellSet, Profile, decode_profile, encode_profile, profile_rows
from modelwatch.sampling import Sampler, merge, row_hashes
from modelwatch.sources.base import of_version, within
from modelwatch.sources.formats import ROWS_PER_PAGE
from modelwatch.sources.rows import parse_records, parse_table

# One row per part; the rows of a lane are put together by one task.
LANES = 1024
COLUMNS = "lane int, profile binary, rows binary, evidence string"
ARROW = pa.schema([("lane", pa.int32()), ("profile", pa.binary()), ("rows", pa.binary()), ("evidence", pa.string())])


@dataclass(frozen=True)
class Job:
    """What to count and how; it travels to the executors.

    Attributes:
        rows, salt: of the sample.
        version: count only the requests of this version of the model; None counts all.
    """

    schema: Schema
    cells: CellSet
    window: Window
    timezone: tzinfo
    rows: int
    salt: str
    version: str | None = None

    def count(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The counts and the sample of one partition of the table, for `mapInArrow`."""
        sampler = Sampler(rows=self.rows, salt=self.salt, id_column=self.schema.id)
        profile, nothing = self._nothing()
        sampler.add(Page(nothing.rows))
        for table in _gathered(batches):
            page = self._page(table)
            profile += profile_rows(page.rows.filter(pa.array(sampler.add(page))), self.cells, self.schema)
        yield _pack(profile, sampler.sample())

    def merge(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """What `count` or this made of several parts, as one, for `mapInArrow`."""
        yield _pack(*self.together([part for batch in batches for part in self.unpack(batch.to_pylist())]))

    def together(self, parts: Sequence[tuple[Profile, Sample]]) -> tuple[Profile, Sample]:
        """One profile and one sample of several; ids that two parts share are counted as duplicates of the sample."""
        profile, nothing = self._nothing()
        samples = [nothing, *(sample for _, sample in parts)]
        id_column = self.schema.id or ""
        hashed = ((sample, row_hashes(sample.rows, id_column, self.salt, first=0)) for sample in samples)
        sample = merge(hashed, rows=self.rows, salt=self.salt, id_column=id_column)
        return sum((profile for profile, _ in parts), profile), sample

    def unpack(self, packed: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Profile, Sample]]:
        """The parts in rows of `COLUMNS`."""
        for part in packed:
            evidence = json.loads(part["evidence"])
            rejects = tuple(Reject(**reject) for reject in evidence.pop("rejects"))
            rows = pq.ParquetFile(pa.BufferReader(part["rows"]), pre_buffer=False).read(use_threads=False)
            yield decode_profile(bytes(part["profile"]), self.cells), Sample(rows=rows, rejects=rejects, **evidence)

    def _nothing(self) -> tuple[Profile, Sample]:
        rows = parse_records([], self.schema, timezone=self.timezone).rows
        return profile_rows(rows, self.cells, self.schema), Sample(rows, n_seen=0)

    def _page(self, table: pa.Table) -> Page:
        page = parse_table(table, self.schema, timezone=self.timezone, where="the table")
        return of_version(within(page, self.window, self.schema), self.version, self.schema)


def _gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Spark's batches of 10,000 rows as tables of some more: counting a column costs the same work again each time."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(one.num_rows for one in waiting) >= ROWS_PER_PAGE:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting)


def _pack(profile: Profile, sample: Sample) -> pa.RecordBatch:
    rows = io.BytesIO()
    pq.write_table(sample.rows, rows, compression="zstd")
    evidence = {
        "n_seen": sample.n_seen,
        "n_duplicate": sample.n_duplicate,
        "n_rejected": sample.n_rejected,
        "rejects": [asdict(reject) for reject in sample.rejects],
    }
    counts = encode_profile(profile)
    part = {
        "lane": zlib.crc32(counts) % LANES,
        "profile": counts,
        "rows": rows.getvalue(),
        "evidence": json.dumps(evidence),
    }
    return pa.RecordBatch.from_pylist([part], schema=ARROW)
