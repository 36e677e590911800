"""NannyML's univariate drift at its defaults, one chunk per window; a window alarms when any column alerts.

The default methods are Jensen-Shannon for numbers and categories alike, with thresholds three standard deviations from
the mean of the reference's own chunks. Those thresholds depend on the chunks' size, so windows are compared with
reference chunks of about their own size; a reference too small for ten of those is cut into NannyML's default of ten.
"""

import os
import warnings
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
warnings.filterwarnings("ignore")

import folder as shared
import nannyml
import numpy as np
import pandas as pd

TIME = "nannyml_chunk_day"
FIRST_DAY = pd.Timestamp("2001-01-01")
MIN_CHUNKS = 10


def alarms(folder: Path) -> Iterator[shared.Alarm]:
    """The calculator's alerts for each window."""
    reference = shared.reference(folder)
    by_size: dict[int, list[tuple[str, pd.DataFrame]]] = defaultdict(list)
    for name, window in shared.windows(folder):
        by_size[round(2 * np.log2(len(window)))].append((name, window))
    answers = [answer for group in by_size.values() for answer in _of_one_size(reference, group)]
    return iter(sorted(answers))


def _of_one_size(reference: pd.DataFrame, windows: list[tuple[str, pd.DataFrame]]) -> Iterator[shared.Alarm]:
    size = int(np.median([len(window) for _, window in windows]))
    n_chunks = max(MIN_CHUNKS, len(reference) // size)
    numeric = shared.numeric(reference)
    calculator = nannyml.UnivariateDriftCalculator(
        column_names=list(reference),
        treat_as_categorical=[name for name in reference if name not in numeric],
        timestamp_column_name=TIME,
        chunk_period="D",
    )
    calculator.fit(_on_days(reference, np.arange(len(reference)) * n_chunks // len(reference)))
    days = np.repeat(np.arange(len(windows)), [len(window) for _, window in windows])
    result = calculator.calculate(_on_days(pd.concat([window for _, window in windows]), days))
    alerts = result.filter(period="analysis").to_df()
    for row, (name, _) in enumerate(windows):
        drifted = [
            column
            for column in reference
            if any(alerts[column, method, "alert"].iloc[row] for method in alerts[column].columns.unique(0))
        ]
        yield name, bool(drifted), drifted


def _on_days(frame: pd.DataFrame, days: np.ndarray) -> pd.DataFrame:
    """The rows with a day each, so that a chunk is a window."""
    return frame.assign(**{TIME: FIRST_DAY + pd.to_timedelta(days, "D")}).reset_index(drop=True)


if __name__ == "__main__":
    shared.main(alarms)
