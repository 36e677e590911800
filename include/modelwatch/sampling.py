"""The deterministic sample: of all distinct requests, those with the smallest hash of (salt, request id).

The same window gives the same sample whatever the page order, the retries or the worker.
"""

from collections import Counter

import numpy as np
import pyarrow as pa

from modelwatch.domain import Page, Reject, Sample
from modelwatch.hashing import Distinct, Hashes, hash_numbers, hash_texts


class Smallest:
    """Of the rows it is given, the bounded number with the smallest hashes, each hash once."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._hashes: Hashes = np.empty(0, dtype=np.uint64)
        self._kept: pa.Table | None = None

    def add(self, rows: pa.Table, hashes: Hashes) -> None:
        """Take rows with their hashes; of a repeated hash the row that came first is kept."""
        if len(self._hashes) == self._rows:  # full: only a smaller hash can still get in
            candidates = np.flatnonzero(hashes < self._hashes[-1])
            if len(candidates) == 0:
                return
            rows, hashes = rows.take(candidates), hashes[candidates]
        both = np.concatenate([self._hashes, hashes])
        table = rows if self._kept is None else pa.concat_tables([self._kept, rows])
        _, first = np.unique(both, return_index=True)  # the first occurrence of each
        chosen = first[: self._rows]
        self._kept, self._hashes = table.take(chosen).combine_chunks(), both[chosen]

    @property
    def rows(self) -> pa.Table:
        """What was kept, in the order of the hashes."""
        return self._kept if self._kept is not None else pa.table({})


class Sampler:
    """Takes pages as they arrive and keeps at most ``rows`` requests, and 8 bytes of every other.

    Without an id column requests are told apart by their position: deterministic as long as the source's order is.
    """

    def __init__(self, *, rows: int, salt: str, id_column: str | None) -> None:
        self._salt, self._id_column = salt, id_column
        self._kept, self._seen = Smallest(rows), Distinct()
        self._n_rows = 0
        self._rejects: Counter[tuple[str, str]] = Counter()
        self._examples: dict[tuple[str, str], str | None] = {}
        self._n_total: int | None = None

    def add(self, page: Page) -> None:
        """Take one page: its rows, its rejected rows, and how many requests the source says exist."""
        hashes = row_hashes(page.rows, self._id_column, self._salt, first=self._n_rows)
        self._seen.first_seen(hashes)
        self._n_rows += page.rows.num_rows
        self._kept.add(page.rows, hashes)
        for reject in page.rejects:
            self._rejects[reject.column, reject.problem] += reject.count
            self._examples.setdefault((reject.column, reject.problem), reject.example)
        if page.total is not None:
            self._n_total = page.total

    def sample(self) -> Sample:
        """What was kept, in hash order, with the counts of what was seen."""
        n_seen = len(self._seen)
        rejects = tuple(
            Reject(column, problem, count, self._examples[column, problem])
            for (column, problem), count in sorted(self._rejects.items())
        )
        return Sample(
            rows=self._kept.rows,
            n_seen=n_seen,
            n_duplicate=self._n_rows - n_seen,
            n_rejected=sum(self._rejects.values()),
            rejects=rejects,
            n_total=self._n_total,
        )


def row_hashes(rows: pa.Table, id_column: str | None, salt: str, *, first: int) -> Hashes:
    """The hash of each row's id, or without ids of its position, ``first`` being that of the first row."""
    if id_column is None:
        return hash_numbers(np.arange(first, first + rows.num_rows), salt)
    return hash_texts(rows[id_column], salt)
