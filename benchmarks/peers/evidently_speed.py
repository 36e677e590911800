"""Evidently's DataDriftPreset at its defaults; with ``values``, only its ValueDrift of every column."""

import os
import sys
import warnings
from pathlib import Path

os.environ["DO_NOT_TRACK"] = "1"
warnings.filterwarnings("ignore")

import pandas as pd
import speed
from evidently import DataDefinition, Dataset, Report
from evidently.metrics import ValueDrift
from evidently.presets import DataDriftPreset


def answer(reference: Path, current: Path) -> speed.Answers:
    """The drift score of every column, by the method that Evidently chose."""
    frames = [pd.read_parquet(path) for path in (current, reference)]
    numeric = [name for name in frames[0] if pd.api.types.is_numeric_dtype(frames[0][name])]
    definition = DataDefinition(
        numerical_columns=numeric, categorical_columns=[name for name in frames[0] if name not in numeric]
    )
    wanted = [ValueDrift(column=name) for name in frames[0]] if "values" in sys.argv else [DataDriftPreset()]
    datasets = [Dataset.from_pandas(frame, definition) for frame in frames]
    metrics = Report(wanted).run(*datasets).dict()["metrics"]
    answers: speed.Answers = {}
    for metric in metrics:
        if "column" in metric["config"]:
            answers.setdefault(metric["config"]["method"], {})[metric["config"]["column"]] = float(metric["value"])
    return answers


if __name__ == "__main__":
    speed.main(answer)
