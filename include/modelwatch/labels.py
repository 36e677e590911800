"""Labels by the hash of their request's id: of several of one request the newest counts.

A request is known by eight bytes; whoever holds these cannot tell the id from them without guessing it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from modelwatch.domain import Schema
from modelwatch.hashing import Hashes, hash_texts

NEGATIVE, POSITIVE, UNKNOWN = 0, 1, 2
MICROSECONDS = pa.timestamp("us", "UTC")


@dataclass(frozen=True, eq=False)
class Labels:
    """What is known of requests.

    Attributes:
        hashes: ``(n,)`` of their ids, ascending and distinct.
        values: ``(n,)`` `NEGATIVE`, `POSITIVE`, or `UNKNOWN` for a label that was taken back.
        came: ``(n,)`` when each came, in microseconds since 1970; of several the last is the newest.
        known: ``(n,)`` when we knew of each, in microseconds since 1970; 0 where that is not kept.
    """

    hashes: Hashes
    values: NDArray[np.int8]
    came: NDArray[np.int64]
    known: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.hashes)

    @classmethod
    def none(cls) -> "Labels":
        """Nothing known of any request."""
        return cls(np.empty(0, np.uint64), np.empty(0, np.int8), *(np.empty(0, np.int64) for _ in range(2)))

    @classmethod
    def newest(cls, parts: Iterable["Labels"]) -> "Labels":
        """Of each request the label that came last; of two that came at once the one that is given last.

        The parts' own hashes may repeat and have any order.
        """
        every = list(parts) or [cls.none()]
        names = ("hashes", "values", "came", "known")
        hashes, values, came, known = (np.concatenate([getattr(part, name) for part in every]) for name in names)
        order = np.lexsort((came, hashes))  # stable: equals stay in the order they are given in
        last = np.append(hashes[order][1:] != hashes[order][:-1], True)[: len(order)]
        chosen = order[last]
        return cls(hashes[chosen], values[chosen], came[chosen], known[chosen])

    def of(self, wanted: Hashes) -> "Labels":
        """What is known of these requests, in their order; `UNKNOWN` and 0 where nothing is."""
        place = np.minimum(np.searchsorted(self.hashes, wanted), max(0, len(self.hashes) - 1))
        found = self.knows(wanted)
        values = np.full(len(wanted), UNKNOWN, dtype=np.int8)
        came, known = (np.zeros(len(wanted), dtype=np.int64) for _ in range(2))
        for mine, theirs in ((values, self.values), (came, self.came), (known, self.known)):
            mine[found] = theirs[place[found]]
        return Labels(wanted, values, came, known)

    def knows(self, wanted: Hashes) -> NDArray[np.bool_]:
        """Whether each of the hashes has a label here, be it one that was taken back."""
        return is_among(wanted, self.hashes)

    def take(self, chosen: NDArray[np.bool_]) -> "Labels":
        """Those of a mask."""
        return Labels(self.hashes[chosen], self.values[chosen], self.came[chosen], self.known[chosen])

    def beyond(self, known: "Labels") -> "Labels":
        """What these add to what was known: new labels and corrections, but nothing older than what is known."""
        before, is_new = known.of(self.hashes), ~known.knows(self.hashes)
        return self.take(is_new | ((before.values != self.values) & (self.came >= before.came)))


def is_among(wanted: Hashes, ascending: Hashes) -> NDArray[np.bool_]:
    """Whether each hash is one of the others."""
    if not len(ascending):
        return np.zeros(len(wanted), dtype=bool)
    place = np.minimum(np.searchsorted(ascending, wanted), len(ascending) - 1)
    return np.asarray(ascending[place] == wanted)


def labels_of(rows: pa.Table, schema: Schema, *, salt: str, came: datetime | None = None) -> Labels:
    """The labels of a page, as they stand there: ids may repeat.

    Args:
        rows: with the columns of `Monitor.label_schema`.
        schema: which of them is what.
        salt: of the hashes.
        came: when they came, where the page itself does not say.
    """
    codes = pc.fill_null(pc.cast(rows[schema.label], pa.int8()), UNKNOWN)
    if schema.timestamp is not None:
        stamps = np.asarray(pc.cast(rows[schema.timestamp], pa.int64()).to_numpy(), dtype=np.int64)
    else:
        stamps = np.full(rows.num_rows, microseconds(came), dtype=np.int64)
    hashes, values = hash_texts(rows[schema.id], salt), np.asarray(codes.to_numpy(), dtype=np.int8)
    return Labels(hashes, values, stamps, np.zeros_like(stamps))


def set_labels(rows: pa.Table, label: str, codes: NDArray[np.int8]) -> pa.Table:
    """The rows with a label column, which replaces one they had; null where nothing is known."""
    column = pa.chunked_array([pa.array(codes == POSITIVE, pa.bool_(), mask=codes == UNKNOWN)])
    kept = rows.drop_columns(label) if label in rows.column_names else rows
    return kept.append_column(label, column)


def microseconds(moment: datetime | None) -> int:
    """Since 1970; 0 for no moment."""
    return 0 if moment is None else pa.scalar(moment, MICROSECONDS).value
