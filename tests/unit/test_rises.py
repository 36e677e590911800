"""Single values and tails: what is found, what is named, and that chance is not."""

import numpy as np
import pyarrow as pa
import pytest

from modelwatch.calibration.rises import most_surprising_rise
from modelwatch.calibration.variation import Sizes
from modelwatch.checks.drift import measure_drift
from modelwatch.domain import Measurement, Schema
from modelwatch.profile import fit_cells, profile_rows

SCHEMA = Schema((), {"x": "numeric"})
RNG = np.random.default_rng(3)
REFERENCE = RNG.lognormal(3, 1, 20_000)
DAY = RNG.lognormal(3, 1, 2_000)


def measured(current: np.ndarray, reference: np.ndarray = REFERENCE) -> dict[str, Measurement]:
    rows, now = pa.table({"x": pa.array(reference)}), pa.table({"x": pa.array(current)})
    cells = fit_cells(rows, SCHEMA)
    profiles = [profile_rows(one, cells, SCHEMA) for one in (rows, now)]
    found = measure_drift(*profiles, ["x"], check="feature_drift", alpha=0.001)
    return {m.metric: m for m in found}


def test_a_quiet_day_has_no_surprising_rise() -> None:
    found = measured(DAY)
    assert min(found[name].p_value or 0.0 for name in ("spike_share", "tail_share")) > 0.01


def test_a_burst_of_one_value_is_a_spike_of_its_size_and_is_named() -> None:
    burst = np.where(np.arange(2_000) % 20 == 0, np.sort(REFERENCE)[10_000], DAY)
    spike = measured(burst)["spike_share"]
    assert spike.value == pytest.approx(0.05, abs=0.005)
    assert spike.p_value == pytest.approx(0, abs=1e-12)
    assert spike.evidence is not None and "-> 5." in spike.evidence


def test_a_longer_tail_is_seen_where_deciles_stay_calm() -> None:
    longer = np.where(np.quantile(DAY, 0.98) < DAY, 3 * DAY, DAY)
    found = measured(longer)
    assert (found["psi"].effect or 0) < 0.02
    assert found["tail_share"].value == pytest.approx(0.02, abs=0.005)
    assert found["tail_share"].p_value == pytest.approx(0, abs=1e-12)
    assert str(found["tail_share"].evidence).startswith("above ")


def test_a_frequent_value_that_grew_a_little_is_no_spike() -> None:
    reference, current = np.array([6_000, 4_000]), np.array([700, 300])
    assert most_surprising_rise(reference, current, 10_000, 1_000, Sizes(10_000, 1_000)).position is None


def test_the_level_holds_whatever_the_number_of_values() -> None:
    rng = np.random.default_rng(5)
    shares = np.full(300, 1 / 300)
    p_values = np.array(
        [
            most_surprising_rise(
                rng.multinomial(20_000, shares), rng.multinomial(m, shares), 20_000, int(m), Sizes(20_000, int(m))
            ).p_value
            for m in rng.choice([200, 1_000], 1_500)
        ]
    )
    assert np.mean(p_values < 0.01) <= 0.015


@pytest.mark.parametrize("constant", [0.0, 7.5])
def test_a_constant_that_starts_to_vary_is_seen_on_both_sides(constant: float) -> None:
    found = measured(constant + RNG.normal(size=500), np.full(1_000, constant))
    assert found["tail_share"].value == pytest.approx(0.5, abs=0.1)
    assert f"{constant:.6g}:" in str(found["tail_share"].evidence)
