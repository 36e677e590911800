"""What later windows read of earlier ones: the newest of each, none counted twice, none that was not measured."""

from itertools import chain, combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from modelwatch.domain import Window
from modelwatch.store import engine, repository
from modelwatch.store.cover import widest_cover
from support.evaluations import DAY, WINDOW, evaluation, save


def test_a_look_at_an_afternoon_does_not_displace_its_day(database_url: str) -> None:
    morning = Window(WINDOW.start, WINDOW.start + DAY / 2)
    save(database_url, evaluation(morning), content=b"morning")
    save(database_url, evaluation(), content=b"day")
    with engine.session(database_url) as session:
        found = repository.profiles_in(session, "fraud", WINDOW.start, WINDOW.end)
    assert [(one.content, one.window) for one in found] == [(b"day", WINDOW)]


def test_a_window_that_was_not_measured_is_no_part_of_a_longer_one(database_url: str) -> None:
    save(database_url, evaluation())
    save(database_url, evaluation(run_id="cut short", verdict="not_measured"))
    with engine.session(database_url) as session:
        assert repository.profiles_in(session, "fraud", WINDOW.start, WINDOW.end) == []


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 5)), max_size=7))
def test_the_cover_is_the_widest_there_is(spans: list[tuple[int, int]]) -> None:
    hours = sorted(((start, start + length) for start, length in spans), key=lambda span: span[1])
    windows = [Window(WINDOW.start + DAY / 24 * a, WINDOW.start + DAY / 24 * b) for a, b in hours]
    chosen = [hours[i] for i in widest_cover(windows)]
    assert all(a[1] <= b[0] for a, b in pairwise(chosen))
    every = chain.from_iterable(combinations(hours, n) for n in range(len(hours) + 1))
    apart = [some for some in every if all(a[1] <= b[0] for a, b in pairwise(some))]
    assert (sum(b - a for a, b in chosen), len(chosen)) == max((sum(b - a for a, b in s), len(s)) for s in apart)


def test_profiles_of_a_span_are_of_current_windows_without_overlap(database_url: str) -> None:
    days = [Window(WINDOW.start + i * DAY, WINDOW.end + i * DAY) for i in range(3)]
    for number, day in enumerate(days):
        save(database_url, evaluation(day), content=f"day {number}".encode())
    save(database_url, evaluation(days[1], run_id="again", content_digest="d2"), content=b"day 1 again")
    save(database_url, evaluation(Window(days[0].start, days[2].end)), content=b"all three days")
    with engine.session(database_url) as session:
        found = repository.profiles_in(session, "fraud", days[0].start, days[2].end)
        before_last = repository.profiles_in(session, "fraud", days[0].start, days[2].start)
    assert [one.content for one in found] == [b"day 0", b"day 1 again", b"day 2"]
    assert [one.content for one in before_last] == [b"day 0", b"day 1 again"]
