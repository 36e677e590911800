"""How right the alarms are: pages on quiet windows, changes found, features and causes named; and the peers' the same.

    PYTHONPATH=include nice python benchmarks/alarm_quality.py [--quiet 1000] [--changed 200] [--peers 50]

Writes benchmarks/ALARM_QUALITY.md. Every answer is kept in build/alarm_quality.jsonl as soon as it is known: a
measurement that was stopped is taken up where it was, and one of another version of the code begins with another file.

Every window is made from a seed of its own, so the tables come out the same on any machine. modelwatch is used as a
user would: the monitor file that `init` writes, but for the minimum sample size, which is lowered so that small windows
are judged at all, and `check`. The peers run at their defaults. Intervals are Wilson's at 95 %.
"""

import argparse
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq
from alarm_answers import Answer, Answers
from alarm_page import page
from alarm_tools import MODELWATCH, prepare, tools
from experiments import Experiment
from fairness_scenarios import fairness_experiments
from real_days import real_days
from scenarios import drift_experiments

HERE = Path(__file__).resolve().parent
A_BATCH = 25


@dataclass(frozen=True)
class Batch:
    """Windows of one experiment for one tool: what a worker does at a time."""

    tool: str
    experiment: int
    windows: tuple[int, ...]


@cache
def experiments() -> list[Experiment]:
    """All of them; a worker finds one by its place."""
    return [*drift_experiments(), *fairness_experiments(), *real_days()]


def batches(answers: Answers, options: argparse.Namespace) -> list[Batch]:
    """What is not yet known, in such an order that every cell has some answers before any has all."""
    rounds = [
        ((turn, place), Batch(tool, place, part))
        for tool in tools()
        for place, experiment in enumerate(experiments())
        for turn, part in enumerate(_parts(tool, experiment, answers, options))
    ]
    return [batch for _, batch in sorted(rounds, key=lambda item: item[0])]


def _parts(tool: str, experiment: Experiment, answers: Answers, options: argparse.Namespace) -> list[tuple[int, ...]]:
    """The windows still to be judged; a peer, whose process takes seconds to start, gets all of them at once."""
    if tool == MODELWATCH:
        n_windows, size = options.quiet if experiment.is_quiet else options.changed, A_BATCH
    else:
        n_windows = size = options.peers if experiment.of_peers else 0
    known = {one.window for one in answers.of(tool, experiment.what, experiment.n)}
    missing = [window for window in range(experiment.count(n_windows)) if window not in known]
    return [tuple(missing[start : start + size]) for start in range(0, len(missing), max(1, size))]


def judge(folder: Path, batch: Batch) -> list[Answer]:
    """Make the windows, let the tool judge them, and set beside its answers what was changed."""
    experiment = experiments()[batch.experiment]
    with tempfile.TemporaryDirectory(dir=folder) as name:
        here = Path(name)
        for part in ("reference.parquet", "monitor", "home"):
            (here / part).symlink_to(folder / experiment.reference_name / part)
        (here / "windows").mkdir()
        changed = {}
        for window in batch.windows:
            table, changed[f"{window:05d}"] = experiment.window(window)
            pq.write_table(table, here / "windows" / f"{window:05d}.parquet")
        said = tools()[batch.tool](here)
    topic = batch.tool, experiment.what, experiment.n
    return [
        Answer(*topic, int(name), one.alarm, list(one.features), changed[name], dict(one.causes))
        for name, one in said.items()
    ]


def measure(answers: Answers, options: argparse.Namespace) -> None:
    """Judge what is not yet known, on all processors, and keep it."""
    todo = batches(answers, options)
    if not todo:
        return
    with tempfile.TemporaryDirectory() as name, ProcessPoolExecutor(options.jobs) as pool:
        folder = Path(name)
        by_reference = {one.reference_name: one for one in experiments()}
        for one in by_reference.values():
            prepare(folder / one.reference_name, one)
        running = [pool.submit(judge, folder, batch) for batch in todo]
        for number, done in enumerate(as_completed(running), 1):
            answers.add(done.result())
            print(f"{number} of {len(todo)} batches", flush=True)


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quiet", type=int, default=1000, help="windows in which nothing happened, per size")
    parser.add_argument("--changed", type=int, default=200, help="windows per change")
    parser.add_argument("--peers", type=int, default=50, help="windows per experiment and peer")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at a time")
    parser.add_argument("--answers", type=Path, default=HERE.parent / "build" / "alarm_quality.jsonl")
    parser.add_argument("--output", type=Path, default=HERE / "ALARM_QUALITY.md")
    options = parser.parse_args()
    answers = Answers(options.answers)
    measure(answers, options)
    options.output.write_text(page(experiments(), list(tools()), answers))


if __name__ == "__main__":
    main()
