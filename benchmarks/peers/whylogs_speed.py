"""whylogs: a profile of each file and the drift scores of the two."""

import warnings
from pathlib import Path

warnings.filterwarnings("ignore")

import pandas as pd
import speed
import whylogs
from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores


def answer(reference: Path, current: Path) -> speed.Answers:
    """The statistic of every column; from sketches, so none is exact."""
    views = [whylogs.log(pd.read_parquet(path)).view() for path in (current, reference)]
    scores = calculate_drift_scores(target_view=views[0], reference_view=views[1], with_thresholds=True)
    answers: speed.Answers = {}
    for name, score in scores.items():
        answers.setdefault(f"{score['algorithm']} of sketches", {})[name] = float(score["statistic"])
    return answers


if __name__ == "__main__":
    speed.main(answer)
