"""The deterministic sample: of all distinct requests, those with the smallest hash of (salt, request id).

The same window gives the same sample whatever the page order, the retries or the worker, and whether it was read at
once or in parts.
"""

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

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


class Rejects:
    """Rejected rows by column and problem, with an example of each: the first by the alphabet, whatever the order."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._examples: dict[tuple[str, str], str | None] = {}

    def add(self, rejects: Iterable[Reject]) -> None:
        """Count those of one page."""
        for reject in rejects:
            self._counts[reject.column, reject.problem] += reject.count
            key = reject.column, reject.problem
            known = [one for one in (self._examples.get(key), reject.example) if one is not None]
            self._examples[key] = min(known, default=None)

    def all(self) -> tuple[Reject, ...]:
        """One of each column and problem."""
        return tuple(Reject(*key, count, self._examples[key]) for key, count in sorted(self._counts.items()))


class Sampler:
    """Takes pages as they arrive and keeps at most ``rows`` requests, and 8 bytes of every other.

    Without an id column requests are told apart by their position: deterministic as long as the source's order is.
    """

    def __init__(self, *, rows: int, salt: str, id_column: str | None) -> None:
        self._salt, self._id_column = salt, id_column
        self._kept, self._seen = Smallest(rows), Distinct()
        self._n_rows = 0
        self._rejects = Rejects()
        self._n_total: int | None = None

    def add(self, page: Page) -> NDArray[np.bool_]:
        """Take one page: its rows, its rejected rows, and how many requests the source says exist.

        Returns:
            ``(n,)`` whether each row is a request that was not seen before.
        """
        hashes = row_hashes(page.rows, self._id_column, self._salt, first=self._n_rows)
        is_new = self._seen.first_seen(hashes)
        self._n_rows += page.rows.num_rows
        self._kept.add(page.rows, hashes)
        self._rejects.add(page.rejects)
        if page.total is not None:
            self._n_total = page.total
        return is_new

    def sample(self) -> Sample:
        """What was kept, in hash order, with the counts of what was seen."""
        return _sample(self._kept, len(self._seen), self._n_rows, self._rejects, self._n_total)

    @property
    def seen(self) -> Hashes:
        """The hash of every distinct request."""
        return self._seen.hashes


def merge(parts: Iterable[tuple[Sample, Hashes]], *, rows: int, salt: str, id_column: str) -> Sample:
    """The sample that one sampler would have taken of all the parts' pages, part after part.

    Args:
        parts: each part's sample of as many ``rows``, and the hashes that are looked for in other parts: all that its
            sampler had `Sampler.seen`; of parts that should share none those of the sample are enough, and a request
            that two of them share is found when its hash is among the smallest.
        rows, salt, id_column: those of the parts' samplers.
    """
    kept, seen, rejects = Smallest(rows), Distinct(), Rejects()
    n_rows = n_seen = 0
    n_total: int | None = 0
    for part, hashes in parts:
        n_seen += part.n_seen - int(np.count_nonzero(~seen.first_seen(hashes)))
        n_rows += part.n_seen + part.n_duplicate
        if part.rows.num_columns:  # a part that had no page has no columns either
            kept.add(part.rows, row_hashes(part.rows, id_column, salt, first=0))
        rejects.add(part.rejects)
        n_total = None if n_total is None or part.n_total is None else n_total + part.n_total
    return _sample(kept, n_seen, n_rows, rejects, n_total)


def _sample(kept: Smallest, n_seen: int, n_rows: int, rejects: Rejects, n_total: int | None) -> Sample:
    found = rejects.all()
    return Sample(
        rows=kept.rows,
        n_seen=n_seen,
        n_duplicate=n_rows - n_seen,
        n_rejected=sum(reject.count for reject in found),
        rejects=found,
        n_total=n_total,
    )


def row_hashes(rows: pa.Table, id_column: str | None, salt: str, *, first: int) -> Hashes:
    """The hash of each row's id, or without ids of its position, ``first`` being that of the first row."""
    if id_column is None:
        return hash_numbers(np.arange(first, first + rows.num_rows), salt)
    return hash_texts(rows[id_column], salt)
