"""What holds of episodes whatever the windows: order and repetition do not matter, and nothing unmeasured ends one."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from modelwatch.domain import Window
from modelwatch.episodes import Episode, JudgedWindow, Known, Policy, Problem, Replay, Silence, episodes_of, match

START, DAY = datetime(2026, 3, 1, tzinfo=UTC), timedelta(days=1)
KEYS = ("feature_drift:amount", "quality:amount", "prediction_drift:score", "fairness:gender", "fairness:age")
LEVELS = ("alert", "alert", "warning", "unclear", None, None)
policies = st.builds(
    lambda windows, more, close, critical, silenced: Policy(
        windows, windows + more, close, critical, (Silence("known", START + silenced * DAY, feature="amount"),)
    ),
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(1, 3),
    st.sampled_from([2.0, 4.0]),
    st.integers(0, 12),
)


@st.composite
def a_window(draw: st.DrawFn, day: int) -> JudgedWindow:
    window = Window(START + day * DAY, START + (day + 1) * DAY)
    outage = draw(st.sampled_from([None] * 8 + ["not_measured", "empty", "below_minimum", "blind"]))
    if outage is not None:
        verdict = "not_measured" if outage == "not_measured" else "insufficient_data"
        return JudgedWindow(window, verdict, outage=outage)
    problems = []
    for key in KEYS:
        level = draw(st.sampled_from(LEVELS))
        if level is not None:
            excess = 0.0 if level == "unclear" else draw(st.floats(1, 6))
            problems.append(Problem(key, level, excess))
    verdict = "alert" if any(one.level == "alert" for one in problems) else "ok"
    return JudgedWindow(window, verdict, tuple(problems))


histories = st.integers(0, 16).flatmap(lambda n: st.tuples(*(a_window(day) for day in range(n)))).map(list)


def states(episode: Episode) -> list[str]:
    return [trace.state for trace in episode.traces]


@given(histories, policies, st.randoms(use_true_random=False), st.integers(0, 5))
def test_order_and_repetition_do_not_matter(
    history: list[JudgedWindow], policy: Policy, chance: object, again: int
) -> None:
    shuffled = history + history[:again]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert episodes_of(shuffled, policy) == episodes_of(history, policy)


@given(histories, policies)
def test_a_window_is_judged_by_itself_and_those_before_it(history: list[JudgedWindow], policy: Policy) -> None:
    replay, whole = Replay(policy), episodes_of(history, policy)
    paged = [judged.window for judged in history if replay.add(judged)]
    assert paged == sorted({window for episode in whole for window in episode.pages})
    assert replay.episodes() == whole


@given(histories, policies)
def test_an_episode_closes_after_enough_quiet_measured_windows_and_nothing_else(
    history: list[JudgedWindow], policy: Policy
) -> None:
    measured = {judged.window for judged in history if judged.is_measured}
    for episode in episodes_of(history, policy):
        if episode.check == "health":
            continue
        assert episode.opened == episode.traces[0].window
        assert states(episode)[0] in ("alert", "critical")
        after = [trace for trace in episode.traces if trace.window > episode.last and trace.state != "unclear"]
        quiet = 0
        for trace in after:
            quiet = quiet + 1 if trace.state == "quiet" else 0
        assert (episode.closed is not None) == (quiet >= policy.close_after)
        assert all(trace.window in measured for trace in after)
        assert (episode.severity == "critical") == ("critical" in states(episode))


@given(histories, policies)
def test_an_episode_opens_only_when_it_is_due(history: list[JudgedWindow], policy: Policy) -> None:
    by_window = {judged.window: judged for judged in history if judged.is_measured}
    order = sorted(by_window)
    for episode in episodes_of(history, policy):
        if episode.check == "health":
            continue
        here = order.index(episode.opened)
        recent = order[max(0, here - policy.of + 1) : here + 1]
        now = {problem.key: problem for problem in by_window[episode.opened].problems if problem.level == "alert"}
        counts = {
            key: sum(key in {p.key for p in by_window[w].problems if p.level == "alert"} for w in recent) for key in now
        }
        assert any(counts[key] >= policy.windows or now[key].excess >= policy.critical for key in now)


@given(histories, policies)
def test_no_problem_is_in_two_open_episodes_and_none_pages_twice_without_getting_worse(
    history: list[JudgedWindow], policy: Policy
) -> None:
    episodes = episodes_of(history, policy)
    for key in KEYS:
        holding = [one for one in episodes if key in one.members]
        for one, other in pairwise(holding):
            assert one.closed is not None
            assert one.closed < other.opened or one.closed == other.first
    for episode in episodes:
        assert len(episode.pages) <= 2
        assert list(episode.pages) == sorted(set(episode.pages))


@given(histories, policies)
def test_outages_open_at_once_and_close_with_the_next_watched_window(
    history: list[JudgedWindow], policy: Policy
) -> None:
    outages = [one for one in episodes_of(history, policy) if one.check == "health"]
    assert {judged.window for judged in history if judged.outage} == {
        trace.window for one in outages for trace in one.traces if trace.state == "alert"
    }
    for one in outages:
        assert states(one).count("quiet") == (one.closed is not None)


@given(histories, policies)
def test_stored_episodes_are_found_again(history: list[JudgedWindow], policy: Policy) -> None:
    episodes = episodes_of(history, policy)
    known = [
        Known(number, one.fingerprint, one.members, one.first, one.closed or one.traces[-1].window)
        for number, one in enumerate(episodes)
    ]
    assert match(known, episodes) == list(range(len(episodes)))
