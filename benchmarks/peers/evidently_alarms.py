"""Evidently's DataDriftPreset at its defaults, per window.

Its own alarm for a window ("dataset drift") needs half of the columns to have drifted; `features` are the drifted
columns, so that a reader can also ask how often any column was called drifted. The preset takes seconds per window to
draw its plots, so the first window goes through the preset itself and every window through the calculation inside it;
on the first window the two must agree.
"""

import os
import warnings
from collections.abc import Iterator
from pathlib import Path

os.environ["DO_NOT_TRACK"] = "1"
warnings.filterwarnings("ignore")

import folder as shared
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.legacy.calculations.data_drift import get_drift_for_columns
from evidently.legacy.options.data_drift import DataDriftOptions
from evidently.legacy.pipeline.column_mapping import ColumnMapping
from evidently.legacy.utils.data_operations import process_columns
from evidently.presets import DataDriftPreset


def alarms(folder: Path) -> Iterator[shared.Alarm]:
    """The preset's answer for each window."""
    reference = shared.reference(folder)
    numeric = shared.numeric(reference)
    categorical = [name for name in reference if name not in numeric]
    columns = process_columns(
        reference, ColumnMapping(numerical_features=numeric, categorical_features=categorical, target=None)
    )
    for number, (name, window) in enumerate(shared.windows(folder)):
        answer = get_drift_for_columns(
            current_data=window,
            reference_data=reference,
            dataset_columns=columns,
            data_drift_options=DataDriftOptions(),
            columns=list(reference),
            agg_data=True,
        )
        drifted = [column for column in reference if answer.drift_by_columns[column].drift_detected]
        if number == 0:
            _require_the_presets(_preset(reference, window, numeric, categorical), drifted)
        yield name, answer.dataset_drift, drifted


def _preset(reference: pd.DataFrame, window: pd.DataFrame, numeric: list[str], categorical: list[str]) -> list[str]:
    definition = DataDefinition(numerical_columns=numeric, categorical_columns=categorical)
    current, compared_with = (Dataset.from_pandas(frame, definition) for frame in (window, reference))
    _, *columns = Report([DataDriftPreset()]).run(current, compared_with).dict()["metrics"]
    return [metric["config"]["column"] for metric in columns if _is_drifted(metric)]


def _is_drifted(metric: dict) -> bool:
    """A p-value below its threshold, or a distance at or above it."""
    value, threshold = metric["value"], metric["config"]["threshold"]
    return value < threshold if "p_value" in metric["config"]["method"] else value >= threshold


def _require_the_presets(preset: list[str], mine: list[str]) -> None:
    if sorted(preset) != sorted(mine):
        message = f"the preset calls {sorted(preset)} drifted, the calculation inside it {sorted(mine)}"
        raise ValueError(message)


if __name__ == "__main__":
    shared.main(alarms)
