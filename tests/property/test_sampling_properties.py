"""The sample depends on the requests alone: not on pages, their order, repeats, or the parts they are read in."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from modelwatch.domain import Page, Reject, Sample
from modelwatch.sampling import Sampler, merge

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
    assert (result.n_rejected, result.coverage) == (4, 1.0)


@given(parts=st.lists(st.lists(st.integers(0, 60), max_size=40), min_size=1, max_size=5), rows=st.integers(1, 40))
def test_samples_of_parts_make_the_sample_of_the_whole(parts: list[list[int]], rows: int) -> None:
    whole, samplers = sampler_of(rows), [sampler_of(rows) for _ in parts]
    for number, (part, sampler) in enumerate(zip(parts, samplers, strict=True)):
        reject = Reject("amount", "expected a number, found text", number + 1, f"in part {number}")
        for each in (whole, sampler):
            each.add(page_of(part, f"part {number}", reject))
            each.add(page_of(part[:3], "again", None))
    merged = merge(((one.sample(), one.seen) for one in samplers), rows=rows, salt="fraud", id_column="id")
    expected = whole.sample()
    assert merged.rows.equals(expected.rows)
    assert (merged.n_seen, merged.n_duplicate, merged.rejects) == (
        expected.n_seen,
        expected.n_duplicate,
        expected.rejects,
    )


def sampler_of(rows: int) -> Sampler:
    return Sampler(rows=rows, salt="fraud", id_column="id")


def page_of(ids: list[int], note: str, reject: Reject | None) -> Page:
    rows = pa.table({"id": pa.array(map(str, ids), pa.string()), "note": pa.array([note] * len(ids), pa.string())})
    return Page(rows, (reject,) if reject else ())


def test_coverage_of_parts_adds_up_where_every_part_has_a_total() -> None:
    def sampled(total: int | None) -> tuple[Sample, object]:
        sampler = sampler_of(5)
        sampler.add(Page(pa.table({"id": [f"{total}-{i}" for i in range(3)]}), total=total))
        return sampler.sample(), sampler.seen

    both = merge([sampled(3), sampled(5)], rows=5, salt="fraud", id_column="id")
    assert (both.n_seen, both.n_total, both.coverage) == (6, 8, 0.75)
    assert merge([sampled(3), sampled(None)], rows=5, salt="fraud", id_column="id").coverage is None
