"""alibi-detect's TabularDrift: a Kolmogorov-Smirnov or chi-square test of every column."""

import warnings
from pathlib import Path

warnings.filterwarnings("ignore")

import pandas as pd
import speed
from alibi_detect.cd import TabularDrift
from alibi_detect_alarms import Encoder


def answer(reference: Path, current: Path) -> speed.Answers:
    """The statistic of every column."""
    frames = [pd.read_parquet(path) for path in (reference, current)]
    encode = Encoder(frames[0])
    detector = TabularDrift(
        encode(frames[0]), p_val=0.05, categories_per_feature=dict.fromkeys(encode.categorical_positions)
    )
    found = detector.predict(encode(frames[1]), drift_type="feature")["data"]["distance"]
    answers: speed.Answers = {"kolmogorov_smirnov": {}, "chi2": {}}
    for position, (name, value) in enumerate(zip(frames[0], found, strict=True)):
        method = "chi2" if position in encode.categorical_positions else "kolmogorov_smirnov"
        answers[method][name] = float(value)
    return answers


if __name__ == "__main__":
    speed.main(answer)
