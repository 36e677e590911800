"""Real credit data: the published monthly PSI of the repayment status, with its floor and with add-0.5."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from modelwatch.checks.drift import measure_drift
from modelwatch.domain import Measurement, Schema
from modelwatch.metrics import drift
from modelwatch.profile import Profile, fit_cells, profile_rows
from support.shared_data import shared_data

SCHEMA = Schema((), {"pay_status": "categorical"})
PUBLISHED = {"2005-05": 0.0038, "2005-06": 0.0056, "2005-07": 0.0184, "2005-08": 0.0312, "2005-09": 0.9264}


@pytest.fixture(scope="module")
def months() -> dict[str, Profile]:
    panel = pd.read_parquet(shared_data("uci_taiwan_default") / "monthly_panel_derived.parquet")
    rows = {
        str(month)[:7]: pa.table({"pay_status": pa.array(one["pay_status"].astype(str))})
        for month, one in panel.groupby("month")
    }
    cells = fit_cells(rows["2005-04"], SCHEMA)
    return {month: profile_rows(one, cells, SCHEMA) for month, one in rows.items()}


def shares(profile: Profile) -> np.ndarray:
    """Of the categories that April or the month has; the provenance counts 11, the unseen ones among them."""
    counts = profile.columns["pay_status"].counts
    return counts / counts.sum()


@pytest.mark.parametrize("month", PUBLISHED)
def test_the_published_psi_comes_out_with_its_floor(months: dict[str, Profile], month: str) -> None:
    reference, current = shares(months["2005-04"]), shares(months[month])
    present = (reference + current) > 0
    terms = drift.psi_terms(np.maximum(reference, 1e-4)[present], np.maximum(current, 1e-4)[present])
    assert terms.sum() == pytest.approx(PUBLISHED[month], abs=6e-5)


def measured(months: dict[str, Profile], month: str) -> Measurement:
    results = measure_drift(months["2005-04"], months[month], ["pay_status"], check="feature_drift", alpha=0.01)
    return next(m for m in results if m.metric == "psi")


def test_add_half_makes_more_of_a_code_that_hardly_existed(months: dict[str, Profile]) -> None:
    september = measured(months, "2005-09")
    assert september.value == pytest.approx(1.15, abs=0.01)
    assert september.evidence == "new category '1': 0.0 % -> 12.3 %"


@pytest.mark.parametrize("month", ["2005-05", "2005-06", "2005-07", "2005-08"])
def test_the_months_before_stay_below_any_threshold(months: dict[str, Profile], month: str) -> None:
    value = measured(months, month).value
    assert value is not None
    assert value < 0.04
