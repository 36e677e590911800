"""Hashes of ids: of the text alone, without patterns, and every id once."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.hashing import Distinct, hash_numbers, hash_texts

KNOWN = [3605663411849183035, 1706205274769688726, 12214315249878702896, 3551391175886739017]

texts = st.lists(st.text(max_size=40), max_size=40)


def column(*chunks: list[str]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(chunk, pa.string()) for chunk in chunks], pa.string())


@given(first=texts, second=texts)
def test_a_hash_is_of_its_text_alone(first: list[str], second: list[str]) -> None:
    together, alone = hash_texts(column(first, second), "s"), hash_texts(column(first + second), "s")
    assert together.tolist() == alone.tolist()
    sliced = hash_texts(column(["before", *first, "after"]).slice(1, len(first)), "s")
    assert sliced.tolist() == hash_texts(column(first), "s").tolist()
    both = first + second
    assert len(set(together.tolist())) == len(set(both))
    assert [together[both.index(text)] for text in both] == together.tolist()


def test_patterns_in_ids_are_none_in_hashes() -> None:
    numbered = hash_texts(column([f"request-{i:09d}" for i in range(100_000)]), "fraud")
    counted = hash_numbers(np.arange(100_000), "fraud")
    for hashes in (numbered, counted):
        bits = (hashes[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
        assert np.abs(bits.mean(axis=0) - 0.5).max() < 0.01  # six standard errors
        following = (hashes[1:] ^ hashes[:-1])[:, None] >> np.arange(64, dtype=np.uint64) & np.uint64(1)
        assert np.abs(following.mean(axis=0) - 0.5).max() < 0.01
        assert len(np.unique(hashes)) == 100_000
    assert np.abs(np.corrcoef(numbered.astype(float), np.arange(100_000))[0, 1]) < 0.02


def test_another_salt_orders_anew() -> None:
    ids = column([str(i) for i in range(2000)])
    a, b = hash_texts(ids, "a").astype(float), hash_texts(ids, "b").astype(float)
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.1


def test_hashes_are_the_same_on_any_machine() -> None:
    assert hash_texts(column(["", "a", "request-000000001", "é"]), "fraud").tolist() == KNOWN


@given(pages=st.lists(st.lists(st.integers(0, 60), max_size=30), max_size=12))
def test_each_hash_is_new_once(pages: list[list[int]]) -> None:
    seen, known = Distinct(), set()
    for page in pages:
        answer = seen.first_seen(np.array(page, dtype=np.uint64))
        expected = [one not in known and one not in page[:i] for i, one in enumerate(page)]
        assert answer.tolist() == expected
        known |= set(page)
    assert len(seen) == len(known)
