"""NannyML's published car loans, chunk by chunk of 5,000: exact where scipy is, and an alert where theirs are."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import stats

from modelwatch.checks.drift import measure_drift
from modelwatch.config import load_monitor
from modelwatch.domain import Measurement, Schema
from modelwatch.profile import fit_cells, profile_rows
from modelwatch.verdict import judge
from support.shared_data import shared_data

NUMERIC = ("car_value", "debt_to_income_ratio", "driver_tenure", "loan_length", "y_pred_proba")
CATEGORICAL = ("repaid_loan_on_prev_car", "salary_range", "size_of_downpayment", "y_pred")
SCHEMA = Schema((), {**dict.fromkeys(NUMERIC, "numeric"), **dict.fromkeys(CATEGORICAL, "categorical")})
COMPLETE = ("loan_length", "y_pred_proba")  # few enough values for a cell each
BINNED = 0.0002  # what NannyML's own bins cost its KS, as measured in the provenance
CHUNKS, SIZE = range(10), 5_000
# Kolmogorov-Smirnov distances of debt_to_income_ratio as printed in NannyML's tutorial on univariate drift.
PRINTED = (0.01576, 0.01268, 0.01734, 0.01280, 0.01918, 0.00824, 0.01058, 0.01002, 0.01068, 0.00680)
MONITOR = """\
monitor: loans
source: {type: files, uri: loans.parquet}
reference: {uri: loans.parquet}
features: {car_value: numeric, debt_to_income_ratio: numeric, driver_tenure: numeric, loan_length: numeric,
  repaid_loan_on_prev_car: categorical, salary_range: categorical, size_of_downpayment: categorical}
"""

Chunk = dict[tuple[str, str], Measurement]


@pytest.fixture(scope="module")
def loans() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The reference and what came after it."""
    folder = shared_data("nannyml_car_loan")
    reference, analysis = (pd.read_csv(folder / f"{name}.csv.gz") for name in ("reference", "analysis"))
    return reference, analysis


@pytest.fixture(scope="module")
def chunks(loans: tuple[pd.DataFrame, pd.DataFrame]) -> list[Chunk]:
    """What the product measures of each chunk against the whole reference."""
    tables = [pa.table({name: column(one[name]) for name in SCHEMA.features}) for one in loans]
    cells = fit_cells(tables[0], SCHEMA)
    reference = profile_rows(tables[0], cells, SCHEMA)
    found = []
    for i in CHUNKS:
        current = profile_rows(tables[1].slice(i * SIZE, SIZE), cells, SCHEMA)
        measured = measure_drift(reference, current, list(SCHEMA.features), check="feature_drift", alpha=0.001)
        found.append({(m.feature or "", m.metric): m for m in measured})
    return found


@pytest.fixture(scope="module")
def nannyml() -> pd.DataFrame:
    """NannyML's own values, recomputed to full precision."""
    found = pd.read_csv(shared_data("nannyml_car_loan") / "recomputed_nannyml_0.13.1" / "car_loan_univariate_all.csv")
    return found[found["chunk_period"] == "analysis"].reset_index(drop=True)


def column(values: pd.Series) -> pa.Array:
    return pa.array(values.astype(float) if values.name in NUMERIC else values.astype(str))


@pytest.mark.parametrize("name", NUMERIC)
def test_ks_is_scipys(name: str, loans: tuple[pd.DataFrame, pd.DataFrame], chunks: list[Chunk]) -> None:
    reference, analysis = loans
    for i in CHUNKS:
        expected = stats.ks_2samp(reference[name], analysis[name][i * SIZE : (i + 1) * SIZE]).statistic
        bound = 1e-12 if name in COMPLETE else BINNED  # of 4,096 cells, each a 4,096th of the reference
        assert chunks[i][name, "ks_statistic"].value == pytest.approx(expected, abs=bound)


@pytest.mark.parametrize("name", NUMERIC)
def test_ks_is_nannymls_but_for_its_bins(name: str, chunks: list[Chunk], nannyml: pd.DataFrame) -> None:
    mine = [chunk[name, "ks_statistic"].value for chunk in chunks]
    bound = 1e-12 if name in COMPLETE else 2 * BINNED
    assert mine == pytest.approx(nannyml[f"{name}_kolmogorov_smirnov_value"].tolist(), abs=bound)


def test_the_printed_distances_come_out(chunks: list[Chunk]) -> None:
    mine = [chunk["debt_to_income_ratio", "ks_statistic"].value for chunk in chunks]
    assert mine == pytest.approx(PRINTED, abs=2 * BINNED)


@pytest.mark.parametrize("name", CATEGORICAL)
def test_jensen_shannon_and_chi_square_of_categories_are_nannymls(
    name: str, chunks: list[Chunk], nannyml: pd.DataFrame, loans: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    mine = {metric: [chunk[name, metric].value for chunk in chunks] for metric in ("js_distance", "chi2")}
    assert mine["js_distance"] == pytest.approx(nannyml[f"{name}_jensen_shannon_value"].tolist(), abs=1e-7)
    if loans[0][name].nunique() > 2:  # NannyML corrects tables of two by two for continuity
        assert mine["chi2"] == pytest.approx(nannyml[f"{name}_chi2_value"].tolist(), rel=1e-9)


@pytest.mark.parametrize("name", NUMERIC)
def test_wasserstein_is_nannymls_but_for_its_bins(name: str, chunks: list[Chunk], nannyml: pd.DataFrame) -> None:
    theirs = nannyml[f"{name}_wasserstein_value"].to_numpy()
    mine = np.array([chunk[name, "wasserstein"].value for chunk in chunks])
    assert mine == pytest.approx(theirs, rel=0.04, abs=0.01 * theirs.max())


def test_the_chunks_that_drifted_are_alerts_and_no_other_one_is(chunks: list[Chunk], tmp_path: Path) -> None:
    """From chunk 5 on the published estimate of performance falls; before it nothing changed."""
    (tmp_path / "loans.yaml").write_text(MONITOR)
    monitor = load_monitor(tmp_path / "loans.yaml")
    judged = [
        judge([m for (name, _), m in chunk.items() if name in monitor.features], monitor.rules(), n_current=SIZE)
        for chunk in chunks
    ]
    assert [one.verdict for one in judged] == ["ok"] * 5 + ["alert"] * 5
    named = {finding.measurement.feature for one in judged for finding in one.findings}
    assert named == {"car_value", "loan_length", "repaid_loan_on_prev_car", "salary_range"}
