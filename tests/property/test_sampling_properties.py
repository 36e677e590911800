"""The sample depends on the requests alone: not on pages, their order, or repeats."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.domain import Page, Reject, Sample
from modelwatch.sampling import Sampler

ids = st.lists(st.integers(0, 200), min_size=1, max_size=80)


def sample(pages: list[list[int]], rows: int = 10) -> Sample:
    sampler = Sampler(rows=rows, salt="fraud", id_column="id")
    for page in pages:
        sampler.add(Page(pa.table({"id": pa.array([str(one) for one in page], pa.string())})))
    return sampler.sample()


@given(first=ids, second=ids)
def test_page_order_and_repeats_do_not_change_the_sample(first: list[int], second: list[int]) -> None:
    forwards, backwards = sample([first, second]), sample([second, first, first])
    assert forwards.rows["id"].to_pylist() == backwards.rows["id"].to_pylist()
    assert forwards.n_seen == backwards.n_seen == len({*first, *second})
    assert backwards.n_duplicate == forwards.n_duplicate + len(first)


@given(first=ids)
def test_a_sample_never_holds_more_than_asked_nor_a_request_twice(first: list[int]) -> None:
    kept = sample([first]).rows["id"].to_pylist()
    assert len(kept) == len(set(kept)) == min(10, len(set(first)))


def test_the_salt_decides_which_requests_are_kept() -> None:
    def kept(salt: str) -> list[str]:
        sampler = Sampler(rows=5, salt=salt, id_column="id")
        sampler.add(Page(pa.table({"id": [str(i) for i in range(100)]})))
        return sampler.sample().rows["id"].to_pylist()

    assert kept("a") == kept("a") != kept("b")


def test_rejects_add_up_and_keep_one_example() -> None:
    sampler = Sampler(rows=5, salt="s", id_column="id")
    for example in ("abc", "def"):
        reject = Reject("amount", "expected a number, found text", 2, example)
        sampler.add(Page(pa.table({"id": [example]}), (reject,), total=6))
    result = sampler.sample()
    assert result.rejects == (Reject("amount", "expected a number, found text", 4, "abc"),)
    assert (result.n_rejected, result.rejected_share, result.coverage) == (4, 4 / 6, 1.0)
