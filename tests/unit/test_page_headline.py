"""The first lines of a model's page say what is wrong, since when, why and what to do; and what can be compared."""

from datetime import UTC, datetime, timedelta

import pytest

from modelwatch.domain import Status, VerdictName, Window
from modelwatch.history import About, Episode, Mark, Point
from modelwatch.report.page.against import Against, choices, parse_against
from modelwatch.report.page.model import ModelView, model_view

DAY = timedelta(days=1)
ABOUT = About("fraud", "", "", (), 1, "P1D", "", "UTC", None, 0.01, None, None)
EPISODE_OF = ("feature_drift:f0",)


def day(n: int, length: timedelta = DAY) -> Window:
    start = datetime(2026, 11, n, tzinfo=UTC)
    return Window(start, start + length)


def drifted(n: int, name: str, status: Status = "alert") -> Point:
    return Point(day(n), "feature_drift", "psi", name, None, 2.0, 2.0, None, None, 0.25, status, 10, "x100", None, None)


def page(*verdicts: VerdictName, crossed: tuple[Point, ...] = (), episodes: tuple[Episode, ...] = ()) -> ModelView:
    shown = [Mark(n, day(n), 1, verdict, False, 10, 1.0) for n, verdict in enumerate(verdicts, 1)]
    return model_view(ABOUT, shown, strongest=[], series=[], crossed=crossed, episodes=episodes)


def open_episode(by: str | None = None) -> Episode:
    return Episode(4, "feature_drift", EPISODE_OF, None, "alert", day(2), day(3), None, by, None, None)


def test_an_alert_says_what_since_when_why_and_what_to_do() -> None:
    crossed = tuple(drifted(n, f"f{i}") for n in (2, 3) for i in range(5))
    head = page("ok", "alert", "alert", crossed=crossed, episodes=(open_episode(),)).headline
    assert head.what == "f0, f1, f2 and 2 more moved beyond an alert threshold."
    assert head.since == "2 Nov 2026, 2 windows in a row"
    assert head.why.startswith("Inputs moved, the score did not")
    assert head.todo == "Acknowledge episode 4, then follow the runbook."
    assert head.check == "feature_drift"


@pytest.mark.parametrize(
    ("view", "what", "todo"),
    [
        (page("ok"), "Nothing is wrong", "Nothing."),
        (page("ok", episodes=(open_episode(),)), "Quiet again", "Nothing yet: an episode closes by itself"),
        (
            page("ok", "not_measured"),
            "The newest window is not measured: whether the model is well is not known",
            "Open",
        ),
        (page("insufficient_data"), "The newest window is too little data", "Open the window: it says how many"),
        (page(), "No window in this span", "Look further back"),
        (
            page("warning", crossed=(drifted(1, "f0", "warning"),)),
            "f0 moved beyond a warning threshold.",
            "No episode is",
        ),
        (page("alert", crossed=(drifted(1, "f0"),)), "f0 moved beyond an alert threshold.", "No episode is open yet"),
        (
            page("alert", crossed=(drifted(1, "f0"),), episodes=(open_episode("ada"),)),
            "f0 moved",
            "Somebody has acknowledged it",
        ),
        (
            page("alert", "not_measured", crossed=(drifted(1, "f0"), drifted(1, "f" * 10_000))),
            "f0 and " + "f" * 59 + "… moved beyond an alert threshold. The newest window is not measured: nobody knows",
            "No episode",
        ),
    ],
)
def test_every_other_state_has_its_own_words(view: ModelView, what: str, todo: str) -> None:
    assert view.headline.what.startswith(what)
    assert view.headline.todo.startswith(todo)


@pytest.mark.parametrize(
    ("text", "found", "words"),
    [
        ("", Against(), "the reference"),
        ("previous-7", Against(days=7), "the 7 days before it"),
        ("previous-90", Against(days=90), "the 90 days before it"),
        ("previous-1", Against(days=1), "the day before it"),
        ("weekday-4", Against(weeks=4), "the same weekday of the 4 weeks before it"),
        ("weekday-1", Against(weeks=1), "the same weekday of the week before it"),
        ("2026-11-10", Against(window=day(10)), "10 Nov 2026"),
    ],
)
def test_what_can_be_compared_with_is_said_in_the_address(text: str, found: Against, words: str) -> None:
    assert parse_against(text) == found
    assert found.words(day(20)) == words


@pytest.mark.parametrize("text", ["previous-91", "previous-0", "previous-7 ", "weekday-13", "reference", "1 OR 1=1"])
def test_anything_else_is_refused(text: str) -> None:
    assert parse_against(text) is None


def test_no_more_than_a_hundred_windows_are_added_up() -> None:
    hour = day(20, timedelta(hours=1))
    assert Against(days=30).span(hour) == timedelta(hours=100)
    assert Against(days=30).words(hour) == "the 100 windows before it"


def test_what_was_asked_for_is_offered_too() -> None:
    mark = Mark(1, day(9), 1, "alert", False, 10, 1.0)
    rolling, windows = choices("previous-14", day(10), [mark, mark._replace(window=day(8), verdict="ok")])
    assert rolling[0] == ("previous-14", "the 14 days before it")
    assert windows == [("2026-11-09", "9 Nov 2026 · alert"), ("2026-11-08", "8 Nov 2026 · ok")]
    assert choices("2026-10-01", day(10), [mark])[1][0] == ("2026-10-01", "1 Oct 2026")
    assert choices("2026-11-09", day(10), [mark])[1] == [("2026-11-09", "9 Nov 2026 · alert")]


def rate(n: int, group: str, value: float, low: float = 0.0, high: float = 1.0) -> Point:
    one = drifted(n, "", "ok")._replace(check="fairness", metric="selection_rate", feature=None, group=f"age={group}")
    return one._replace(value=value, effect=value, ci_low=low, ci_high=high, threshold=None, n_current=900)


def gap_of(n: int, status: Status = "alert") -> Point:
    """The gap between all groups, which names the attribute and has a threshold of 0.1."""
    one = rate(n, "", 0.2)._replace(metric="demographic_parity_difference", group="age")
    return one._replace(threshold=0.1, status=status)


def test_groups_are_drawn_over_time_with_intervals_and_the_rate_at_which_the_gap_alarms() -> None:
    points = [gap_of(1), gap_of(2)]
    points += [rate(n, group, n * value, n * value - 0.01, n * value + 0.01) for n in (1, 2) for group, value in
               [("old", 0.05), ("young", 0.25)]]  # fmt: skip
    shown = [Mark(n, day(n), 1, "alert", False, 10, 1.0) for n in (1, 2)]
    view = model_view(ABOUT, shown, strongest=[], series=points, crossed=[])
    chart = view.chart("rates-selection-rate-0")
    assert chart is not None
    assert [(line.name, line.lows, line.highs) for line in chart.lines] == [
        ("old", (pytest.approx(0.04), pytest.approx(0.09)), (pytest.approx(0.06), pytest.approx(0.11))),
        ("young", (pytest.approx(0.24), pytest.approx(0.49)), (pytest.approx(0.26), pytest.approx(0.51))),
    ]
    (limit,) = chart.limits
    assert (limit.level, limit.values) == ("alert", (pytest.approx(0.15), pytest.approx(0.2)))
    table = view.tables()["rates-selection-rate-0"]
    assert table.columns[-1] == "alert_at"
    assert [row[-1] for row in table.rows] == [pytest.approx(0.15), pytest.approx(0.2)] * 2


def test_performance_is_drawn_where_labels_have_come() -> None:
    auc = drifted(1, "", "warning")._replace(check="performance", metric="roc_auc", feature=None, value=0.71)
    auc = auc._replace(ci_low=0.68, ci_high=0.74, effect=0.06, threshold=0.02)  # it was 0.77
    shown = [Mark(n, day(n), 1, "warning", False, 10, 1.0) for n in (1, 2)]
    view = model_view(ABOUT, shown, strongest=[], series=[auc, auc._replace(metric="f1", value=None)], crossed=[])
    assert [chart.name for chart in view.charts] == ["volume", "performance-roc-auc"]
    (line,) = view.charts[1].lines
    assert (line.values, line.lows, line.highs) == ((0.71, None), (0.68, None), (0.74, None))
    assert [(limit.level, limit.value) for limit in view.charts[1].limits] == [("warning", pytest.approx(0.75))]


def test_of_many_groups_those_furthest_apart_are_drawn_and_it_is_said() -> None:
    points = [gap_of(1, "ok"), *(rate(1, f"g{i:02}", i / 100) for i in range(12))]
    shown = [Mark(1, day(1), 1, "ok", False, 10, 1.0)]
    chart = model_view(ABOUT, shown, strongest=[], series=points, crossed=[]).chart("rates-selection-rate-0")
    assert chart is not None
    assert [line.name for line in chart.lines] == ["g00", "g01", "g02", "g03", "g08", "g09", "g10", "g11"]
    assert chart.note == "The 8 groups furthest apart, of 12."
