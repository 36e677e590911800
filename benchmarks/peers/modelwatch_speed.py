"""modelwatch in this process: reading, counting and every measure of drift and quality; imports outside the work."""

import os
import sys
import tempfile
from pathlib import Path

import croniter  # noqa: F401  # which the monitor file's schedule is checked with
import pandas as pd  # noqa: F401  # which pyarrow imports at its first scalar
import speed

from modelwatch.config import load_monitor
from modelwatch.settings import Settings
from modelwatch.steps.measure import MEASURES
from modelwatch.steps.reference import load_reference
from modelwatch.steps.stream import count_file


def answer(reference: Path, current: Path) -> speed.Answers:
    """Every metric of every column. With ``prepared`` the reference comes from the cache of an earlier run."""
    monitor, settings = load_monitor(reference.with_name("speed.yaml")), Settings.from_env(os.environ)
    fitted = load_reference(monitor, settings)
    counted = count_file(str(current), monitor, fitted.cells)
    answers: speed.Answers = {}
    for check in ("quality", "feature_drift"):
        for m in MEASURES[check](fitted.profile, counted.profile, monitor, fitted.variation):  # type: ignore[index]  # both are checks
            if m.feature is not None and m.value is not None:
                answers.setdefault(m.metric, {})[m.feature] = m.value
    return answers


if __name__ == "__main__":
    if "prepared" not in sys.argv:
        with tempfile.TemporaryDirectory() as home:
            os.environ["MODELWATCH_HOME"] = home
            speed.main(answer)
    else:
        speed.main(answer)
