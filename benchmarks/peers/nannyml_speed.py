"""NannyML's univariate drift of one chunk: Kolmogorov-Smirnov and chi-square; with ``all``, every method it has."""

import os
import sys
import warnings
from pathlib import Path

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
warnings.filterwarnings("ignore")

import nannyml
import pandas as pd
import speed

CONTINUOUS = ["kolmogorov_smirnov", "jensen_shannon", "wasserstein", "hellinger"]
CATEGORICAL = ["chi2", "jensen_shannon", "l_infinity", "hellinger"]


def answer(reference: Path, current: Path) -> speed.Answers:
    """Every method's value of every column."""
    frames = [pd.read_parquet(path) for path in (reference, current)]
    several = len(CONTINUOUS) if "all" in sys.argv else 1
    calculator = nannyml.UnivariateDriftCalculator(
        column_names=list(frames[0]),
        treat_as_categorical=[name for name in frames[0] if not pd.api.types.is_numeric_dtype(frames[0][name])],
        continuous_methods=CONTINUOUS[:several],
        categorical_methods=CATEGORICAL[:several],
        chunk_size=len(frames[1]),
    )
    result = calculator.fit(frames[0]).calculate(frames[1]).filter(period="analysis").to_df()
    answers: speed.Answers = {}
    for column, method, what in result.columns:
        if what == "value" and column != "chunk":
            answers.setdefault(method, {})[column] = float(result[column, method, "value"].iloc[0])
    return answers


if __name__ == "__main__":
    speed.main(answer)
