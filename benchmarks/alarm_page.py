"""The answers as a page of tables."""

from collections.abc import Iterable, Sequence

from alarm_answers import Answer, Answers
from alarm_tools import MODELWATCH
from experiments import Experiment
from statsmodels.stats.proportion import proportion_confint

HALF_OF_THE_COLUMNS = "Evidently DataDriftPreset"
"""Its alarm for a window needs half of the columns to have drifted."""

INTRODUCTION = """# How right the alarms are

Written by `python benchmarks/alarm_quality.py`. Every window is made from a seed of its own, so the tables come out the
same on any machine. modelwatch is used as a user would: the monitor file that `init` writes, but for the minimum sample
size, which is lowered so that small windows are judged at all, and `check`. The peers run at their defaults;
"plain scipy" is what a careful engineer writes in an afternoon: Kolmogorov-Smirnov, chi-square with rare levels pooled,
Fisher's exact test for nulls and unseen levels, Benjamini-Hochberg at 1 %. Evidently calls a window drifted when half
of its columns are; how often it calls any column drifted has a column of its own. Intervals are Wilson's at 95 %, and
every share says of how many; more windows are a matter of running the command again with larger numbers.
"""


def page(experiments: Sequence[Experiment], tools: Sequence[str], answers: Answers) -> str:
    """What pages, what is named, and which cause is told."""
    return "\n".join(
        [
            INTRODUCTION,
            "## Windows that page\n",
            *_paging(experiments, tools, answers),
            "\n## Features named\n",
            "Of the features that a tool names in an alarm about a change, the share that was changed.\n",
            *_naming(experiments, tools, answers),
            "\n## Causes told\n",
            "Of the changed features that modelwatch names, the share whose cause is told rightly.\n",
            *_causes(experiments, answers),
            "",
        ]
    )


def _paging(experiments: Sequence[Experiment], tools: Sequence[str], answers: Answers) -> Iterable[str]:
    any_column = f"{HALF_OF_THE_COLUMNS}, any column"
    columns = [name for tool in tools for name in ([tool, any_column] if tool == HALF_OF_THE_COLUMNS else [tool])]
    yield from _head("windows with", "requests", "wanted", *columns)
    for one in experiments:
        cells = []
        for name in columns:
            of = answers.of(HALF_OF_THE_COLUMNS if name == any_column else name, one.what, one.n)
            cells.append(_share([bool(a.features) if name == any_column else a.alarm for a in of]))
        yield _row(one.what, f"{one.n:,}", one.wanted, *cells)


def _naming(experiments: Sequence[Experiment], tools: Sequence[str], answers: Answers) -> Iterable[str]:
    yield from _head("windows with", "requests", *tools)
    for one in experiments:
        cells = [_share(_named(answers.of(tool, one.what, one.n))) for tool in tools]
        if one.of_peers and not one.is_quiet and any(cells):
            yield _row(one.what, f"{one.n:,}", *cells)


def _causes(experiments: Sequence[Experiment], answers: Answers) -> Iterable[str]:
    yield from _head("windows with", "requests", "cause", "told rightly", "told instead")
    told: list[bool] = []
    for one in experiments:
        if one.cause is None:
            continue
        words = [
            word
            for answer in answers.of(MODELWATCH, one.what, one.n)
            for feature, word in answer.causes.items()
            if feature in answer.changed
        ]
        told += [word == one.cause for word in words]
        others = sorted(set(words) - {one.cause}, key=lambda word: -words.count(word))
        instead = ", ".join(f"`{word}` {words.count(word)}" for word in others)
        yield _row(one.what, f"{one.n:,}", f"`{one.cause}`", _share([word == one.cause for word in words]), instead)
    yield _row("all of these", "", "", _share(told), "")


def _named(answers: Iterable[Answer]) -> list[bool]:
    return [feature in one.changed for one in answers if one.alarm for feature in one.features]


def _share(right: Sequence[bool]) -> str:
    """The share that is true with its interval, of how many."""
    if not right:
        return ""
    low, high = proportion_confint(sum(right), len(right), method="wilson")
    return f"{100 * sum(right) / len(right):.1f} % ({100 * low:.1f} to {100 * high:.1f}) of {len(right):,}"


def _head(*columns: str) -> list[str]:
    return [_row(*columns), "|---" * len(columns) + "|"]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
