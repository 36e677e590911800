"""Uniform 64-bit hashes of request ids, a whole column at a time."""

import hashlib

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

WORD = 8
# Odd constants of xxHash64 and of the splitmix64 finaliser.
_PRIMES = tuple(np.uint64(p) for p in (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x27D4EB2F165667C5))
_FINAL = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
PARTS = 64
_PART_STARTS = np.arange(PARTS, dtype=np.uint64) << np.uint64(58)
_MASKS = np.array([(1 << (8 * n)) - 1 for n in range(WORD + 1)], dtype=np.uint64)


def hash_texts(values: pa.ChunkedArray, salt: str) -> Hashes:
    """``(n,)`` hashes of a string column's UTF-8 bytes; a null counts as empty text.

    Seeded by the salt, so that another salt orders the same ids anew; every bit of an id moves every bit of its hash,
    so that no pattern in the ids is one in the hashes. The same text has the same hash on any machine.
    """
    seed = np.frombuffer(hashlib.blake2b(salt.encode(), digest_size=8).digest(), dtype="<u8")[0]
    chunks = [_hash_chunk(chunk.cast(pa.large_string()), seed) for chunk in values.chunks if len(chunk)]
    return np.concatenate(chunks) if chunks else np.empty(0, dtype=np.uint64)


def hash_numbers(values: NDArray[np.int64], salt: str) -> Hashes:
    """``(n,)`` hashes of whole numbers, for rows that have nothing but their position."""
    seed = np.frombuffer(hashlib.blake2b(salt.encode(), digest_size=8).digest(), dtype="<u8")[0]
    hashes = np.full(len(values), seed, dtype=np.uint64)
    return _finished(_mixed(hashes, values.astype(np.uint64)))


def _hash_chunk(chunk: pa.Array, seed: np.uint64) -> Hashes:
    """Eight bytes of every text at a time."""
    _, offsets_buffer, data = chunk.buffers()
    offsets = np.frombuffer(offsets_buffer, dtype=np.int64)[chunk.offset : chunk.offset + len(chunk) + 1]
    starts, lengths = offsets[:-1] - offsets[0], np.diff(offsets)
    text = np.frombuffer(data, dtype=np.uint8)[offsets[0] : offsets[-1]] if data else np.empty(0, dtype=np.uint8)
    padded = np.concatenate([text, np.zeros(WORD, dtype=np.uint8)])
    words: Hashes = np.ndarray((len(padded) - WORD + 1,), dtype="<u8", buffer=padded, strides=(1,))
    hashes = seed ^ (lengths.astype(np.uint64) * _PRIMES[0])
    for at in range(0, int(lengths.max(initial=0)), WORD):
        rows = np.flatnonzero(lengths > at)
        left = np.minimum(lengths[rows] - at, WORD)
        hashes[rows] = _mixed(hashes[rows], words[starts[rows] + at] & _MASKS[left])
    return _finished(hashes)


def _mixed(hashes: Hashes, words: Hashes) -> Hashes:
    lane = _turned(words * _PRIMES[1], 31) * _PRIMES[0]
    return _turned(hashes ^ lane, 27) * _PRIMES[0] + _PRIMES[2]


def _turned(values: Hashes, bits: int) -> Hashes:
    return (values << np.uint64(bits)) | (values >> np.uint64(64 - bits))


def _finished(hashes: Hashes) -> Hashes:
    hashes = (hashes ^ (hashes >> np.uint64(30))) * _FINAL[0]
    hashes = (hashes ^ (hashes >> np.uint64(27))) * _FINAL[1]
    return hashes ^ (hashes >> np.uint64(31))


class Distinct:
    """The hashes seen so far: eight bytes each, in sorted runs by their leading bits.

    Without the parts, merging two runs would for a moment take as much memory again as all of them.
    """

    def __init__(self) -> None:
        self._parts: list[list[Hashes]] = [[] for _ in range(PARTS)]

    def __len__(self) -> int:
        return sum(len(run) for runs in self._parts for run in runs)

    @property
    def hashes(self) -> Hashes:
        """All of them, in no order that means anything."""
        return np.concatenate([np.empty(0, dtype=np.uint64), *(run for runs in self._parts for run in runs)])

    def first_seen(self, hashes: Hashes) -> NDArray[np.bool_]:
        """``(n,)`` whether each hash is new, the first of equals alone; they are remembered."""
        ascending, first = np.unique(hashes, return_index=True)
        edges = np.searchsorted(ascending, _PART_STARTS)
        is_new = np.ones(len(ascending), dtype=bool)
        for runs, start, stop in zip(self._parts, edges, [*edges[1:], len(ascending)], strict=True):
            part, is_new_here = ascending[start:stop], is_new[start:stop]
            if len(part):
                for run in runs:
                    place = np.minimum(np.searchsorted(run, part), len(run) - 1)
                    is_new_here &= run[place] != part
                _remember(runs, part[is_new_here])
        answer = np.zeros(len(hashes), dtype=bool)
        answer[first[is_new]] = True
        return answer


def _remember(runs: list[Hashes], run: Hashes) -> None:
    """Runs of like size are merged, so that there are few and each hash is moved seldom."""
    if len(run) == 0:
        return
    while runs and len(runs[-1]) < 2 * len(run):
        run = np.concatenate([runs.pop(), run])
        run.sort(kind="stable")
    runs.append(run)
