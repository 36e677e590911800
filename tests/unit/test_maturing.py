"""How labels arrived in earlier windows decides when one is mature, and what a young one may come to."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from modelwatch.config.labels import Labels as LabelsConfig
from modelwatch.domain import Window
from modelwatch.labels import POSITIVE, Labels, microseconds
from modelwatch.steps.early import Cohort, Maturing

DAY = timedelta(days=1)
START = datetime(2026, 3, 1, tzinfo=UTC)
HORIZON = 4
SOURCE = {"type": "files", "uri": "labels.parquet"}
DELAYS = (0, 0, 1, 2, 2, 3, 3, 3, 3, 3)  # days after the window; a tenth of the requests each


def config(**more: object) -> LabelsConfig:
    return LabelsConfig.model_validate({"source": SOURCE, "horizon": f"P{HORIZON}D", "unlabelled": "negative", **more})


def cohorts(n: int) -> list[Cohort]:
    """Windows of a thousand flagged requests each, hashed by their number."""
    return [
        Cohort(
            Window(START + i * DAY, START + (i + 1) * DAY),
            np.arange(1000 * i, 1000 * (i + 1), dtype=np.uint64),
            np.ones(1000, dtype=np.int8),
        )
        for i in range(n)
    ]


def known_on(day: datetime, windows: list[Cohort]) -> Labels:
    """Every request turns out positive, each tenth after its own delay."""
    hashes = np.concatenate([one.requests for one in windows])
    came = np.concatenate([np.repeat([microseconds(one.window.end + d * DAY) for d in DELAYS], 100) for one in windows])
    is_known = came < microseconds(day)
    values = np.full(len(hashes), POSITIVE, dtype=np.int8)
    return Labels(hashes, values, came, came).take(is_known)


def maturing(n: int, **more: object) -> tuple[Maturing, list[Cohort]]:
    windows, day = cohorts(n), START + (n + 1) * DAY
    return Maturing(config(**more), known_on(day, windows), windows, day), windows


@pytest.mark.parametrize(("share", "days"), [(0.2, 1), (0.3, 2), (0.5, 3), (0.9, 4), (1.0, 4)])
def test_a_share_of_the_labels_is_an_age_that_earlier_windows_tell(share: float, days: int) -> None:
    assert maturing(9, mature_after=share)[0].mature_age() == days * DAY


def test_while_a_share_cannot_be_told_the_horizon_is_waited_for() -> None:
    assert maturing(5, mature_after=0.5)[0].mature_age() == HORIZON * DAY


def test_an_age_is_an_age() -> None:
    assert maturing(5, mature_after="P3D")[0].mature_age() == 3 * DAY


def test_a_young_window_comes_to_what_is_known_of_it_over_the_share_that_has_arrived() -> None:
    """A day after it ended a fifth of its labels have come: a precision of 0.2 will be one of 1."""
    known, windows = maturing(9, mature_after="P4D")
    estimate = known.estimates(windows[-1])["precision"]
    assert estimate.naive == pytest.approx(0.2)
    assert estimate.low is not None
    assert estimate.value == pytest.approx(1.0, abs=0.05)
    assert estimate.low > 0.85
