"""Episodes: a problem from the window that opens it to the quiet windows that close it. Pure: no store, no messages."""

from modelwatch.episodes.matching import Known, match
from modelwatch.episodes.policy import Policy, Silence
from modelwatch.episodes.problems import JudgedWindow, Outage, Problem, judged_window, problem_key, problems_of
from modelwatch.episodes.replay import Episode, Replay, Trace, episodes_of, is_judged

__all__ = [
    "Episode",
    "JudgedWindow",
    "Known",
    "Outage",
    "Policy",
    "Problem",
    "Replay",
    "Silence",
    "Trace",
    "episodes_of",
    "is_judged",
    "judged_window",
    "match",
    "problem_key",
    "problems_of",
]
