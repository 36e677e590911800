"""alibi-detect's TabularDrift at p < 0.05 with its default Bonferroni correction, per window.

It takes one matrix without missing values: a missing number becomes the reference's median, a missing category one of
its own, a category that the reference never had takes the next code.
"""

import warnings
from collections.abc import Iterator
from pathlib import Path

warnings.filterwarnings("ignore")

import folder as shared
import numpy as np
import pandas as pd
from alibi_detect.cd import TabularDrift


def alarms(folder: Path) -> Iterator[shared.Alarm]:
    """The detector's answer for each window."""
    reference = shared.reference(folder)
    encode = Encoder(reference)
    detector = TabularDrift(
        encode(reference), p_val=0.05, categories_per_feature=dict.fromkeys(encode.categorical_positions)
    )
    for name, window in shared.windows(folder):
        answer = detector.predict(encode(window), drift_type="batch")["data"]
        below = np.asarray(answer["p_val"]) < answer["threshold"]
        yield name, answer["is_drift"], [column for column, is_drift in zip(reference, below, strict=True) if is_drift]


class Encoder:
    """From a frame to the matrix of float32 that the detector wants."""

    def __init__(self, reference: pd.DataFrame) -> None:
        numeric = shared.numeric(reference)
        self.columns = list(reference)
        self.categorical_positions = [i for i, name in enumerate(self.columns) if name not in numeric]
        self._medians = reference[numeric].median()
        self._codes: dict[str, dict[object, int]] = {
            name: {level: code for code, level in enumerate(reference[name].fillna("(missing)").unique())}
            for name in self.columns
            if name not in numeric
        }

    def __call__(self, frame: pd.DataFrame) -> np.ndarray:
        """``(n, columns)``."""
        return np.column_stack([self._column(frame[name]) for name in self.columns]).astype(np.float32)

    def _column(self, values: pd.Series) -> np.ndarray:
        if values.name in self._medians:
            return values.fillna(self._medians[values.name]).to_numpy()
        codes = self._codes[values.name]
        present = values.fillna("(missing)")
        for level in present.unique():
            codes.setdefault(level, len(codes))
        return present.map(codes).to_numpy()


if __name__ == "__main__":
    shared.main(alarms)
