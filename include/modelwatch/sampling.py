"""The deterministic sample: of all distinct requests, those with the smallest hash of (salt, request id).

The same window gives the same sample whatever the page order, the retries or the worker.
"""

import hashlib
from collections import Counter

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from modelwatch.domain import Page, Reject, Sample

Hashes = NDArray[np.uint64]


def request_hashes(ids: list[str], salt: str) -> Hashes:
    """``(n,)`` uniform 64-bit hashes of the request ids; blake2b keyed by the salt, so that no id pattern survives."""
    key = hashlib.blake2b(salt.encode(), digest_size=32).digest()
    digests = b"".join(hashlib.blake2b(one.encode(), digest_size=8, key=key).digest() for one in ids)
    return np.frombuffer(digests, dtype="<u8")


class Sampler:
    """Takes pages as they arrive and keeps at most ``rows`` requests, and 8 bytes of every other.

    Without an id column requests are told apart by their position: deterministic as long as the source's order is.
    """

    def __init__(self, *, rows: int, salt: str, id_column: str | None) -> None:
        self._rows, self._salt, self._id_column = rows, salt, id_column
        self._kept: pa.Table | None = None
        self._hashes: Hashes = np.empty(0, dtype=np.uint64)
        self._all: list[Hashes] = []
        self._n_rows = 0
        self._rejects: Counter[tuple[str, str]] = Counter()
        self._examples: dict[tuple[str, str], str | None] = {}
        self._n_total: int | None = None

    def add(self, page: Page) -> None:
        """Take one page: its rows, its rejected rows, and how many requests the source says exist."""
        hashes = request_hashes(self._ids(page.rows), self._salt)
        self._all.append(hashes)
        self._n_rows += page.rows.num_rows
        self._keep(page.rows, hashes)
        for reject in page.rejects:
            self._rejects[reject.column, reject.problem] += reject.count
            self._examples.setdefault((reject.column, reject.problem), reject.example)
        if page.total is not None:
            self._n_total = page.total

    def sample(self) -> Sample:
        """What was kept, in hash order, with the counts of what was seen."""
        n_seen = len(np.unique(np.concatenate(self._all))) if self._all else 0
        rejects = tuple(
            Reject(column, problem, count, self._examples[column, problem])
            for (column, problem), count in sorted(self._rejects.items())
        )
        return Sample(
            rows=self._kept if self._kept is not None else pa.table({}),
            n_seen=n_seen,
            n_duplicate=self._n_rows - n_seen,
            n_rejected=sum(self._rejects.values()),
            rejects=rejects,
            n_total=self._n_total,
        )

    def _ids(self, rows: pa.Table) -> list[str]:
        if self._id_column is None:
            return [str(position) for position in range(self._n_rows, self._n_rows + rows.num_rows)]
        return [str(one) for one in rows[self._id_column].to_pylist()]

    def _keep(self, rows: pa.Table, hashes: Hashes) -> None:
        if len(self._hashes) == self._rows:  # full: only a smaller hash can still get in
            candidates = np.flatnonzero(hashes < self._hashes[-1])
            rows, hashes = rows.take(candidates), hashes[candidates]
        both = np.concatenate([self._hashes, hashes])
        table = rows if self._kept is None else pa.concat_tables([self._kept, rows])
        # np.unique returns the first occurrence: of a repeated request the row that came first is kept.
        _, first = np.unique(both, return_index=True)
        chosen = first[: self._rows]
        self._kept, self._hashes = table.take(chosen).combine_chunks(), both[chosen]
