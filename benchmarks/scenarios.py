"""Requests of known truth: thirty features of usual kinds, and changes injected into them. Everything is seeded."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from experiments import AT_MOST_1, Experiment
from numpy.typing import NDArray

Rng = np.random.Generator
Columns = dict[str, NDArray[np.generic]]

N_REFERENCE = 50_000
MOST, NEARLY_ALL = "at least 95 %", "at least 99 %"

PLAIN = [f"measure_{i}" for i in range(7)]  # measure_0 and measure_1 belong together: correlation 0.8
AMOUNTS = [f"amount_{i}" for i in range(4)]
COUNTS = [f"count_{i}" for i in range(3)]
ZERO_INFLATED = [f"spend_{i}" for i in range(3)]
SHARES = [f"share_{i}" for i in range(3)]
PRICES = [f"price_{i}" for i in range(2)]
LEVELS = {"channel": 3, "product": 5, "region": 8, "merchant": 12, "device": 40, "browser": 4}
CATEGORICAL = [*LEVELS, "code", "is_new"]
NUMERIC = [*PLAIN, *AMOUNTS, *COUNTS, *ZERO_INFLATED, *SHARES, *PRICES]
FEATURES = [*NUMERIC, *CATEGORICAL]
POSITIVE = [*PLAIN[2:], *AMOUNTS, *PRICES]


def requests(rng: Rng, n: int) -> Columns:
    """``n`` requests in which nothing is unusual."""
    columns: Columns = {}
    first, own = rng.normal(size=n), rng.normal(size=n)
    columns["measure_0"], columns["measure_1"] = 50 + 10 * first, 20 + 4 * (0.8 * first + 0.6 * own)
    columns |= {name: rng.normal(100, 15, n) for name in PLAIN[2:]}
    columns["measure_2"] = np.where(rng.random(n) < 0.02, np.nan, columns["measure_2"])
    columns |= {name: rng.lognormal(3 + 0.5 * i, 1.0, n) for i, name in enumerate(AMOUNTS)}
    columns |= {name: rng.poisson(4 * (i + 1), n).astype(float) for i, name in enumerate(COUNTS)}
    columns |= {
        name: np.where(rng.random(n) < 0.4 + 0.2 * i, 0.0, rng.gamma(2, 30, n)) for i, name in enumerate(ZERO_INFLATED)
    }
    columns |= {name: rng.beta(2, 2 + 2 * i, n) for i, name in enumerate(SHARES)}
    columns |= {name: np.round(rng.gamma(3, 20, n), 2) for name in PRICES}
    for name, levels in LEVELS.items():
        weights = 1 / np.arange(1, levels + 1)
        columns[name] = rng.choice([f"{name}-{i}" for i in range(levels)], n, p=weights / weights.sum())
    columns["code"] = rng.choice(["100", "205", "310", "404"], n, p=[0.6, 0.25, 0.1, 0.05])
    columns["is_new"] = rng.choice(["false", "true"], n, p=[0.9, 0.1])
    return columns


@dataclass(frozen=True)
class Scenario:
    """One kind of change.

    Attributes:
        change: alters the columns in place and names the features it changed.
        sizes: window sizes at which the detection is reported.
        wanted: the share of windows that should page, in words, where one is asked for.
        cause: the fingerprint that is right; None when none is asked.
    """

    name: str
    change: Callable[[Rng, Columns], list[str]]
    sizes: tuple[int, ...]
    wanted: str
    cause: str | None = None


def as_table(columns: Columns) -> pa.Table:
    """The columns as a file would hold them; NaN is missing."""
    return pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})


def _on(names: list[str], alter: Callable[[Rng, NDArray[np.generic]], NDArray[np.generic]]) -> Callable[..., list[str]]:
    """A change of one feature, drawn among the names."""

    def change(rng: Rng, columns: Columns) -> list[str]:
        name = str(rng.choice(names))
        columns[name] = alter(rng, columns[name])
        return [name]

    return change


def _some(rng: Rng, values: NDArray[np.generic], share: float, value: object) -> NDArray[np.generic]:
    changed = values.astype(object)
    changed[rng.random(len(values)) < share] = value
    return changed if isinstance(value, str) else changed.astype(float)


def _nothing(_rng: Rng, _columns: Columns) -> list[str]:
    return []


def _shift(size: float) -> Callable[[Rng, NDArray[np.generic]], NDArray[np.generic]]:
    return lambda _rng, values: values + size * 15.0


def _spread(_rng: Rng, values: NDArray[np.generic]) -> NDArray[np.generic]:
    return 100 + 1.5 * (values - 100)


def _stuck(rng: Rng, values: NDArray[np.generic]) -> NDArray[np.generic]:
    return np.full(len(values), rng.choice(values))


def _longer_tail(_rng: Rng, values: NDArray[np.generic]) -> NDArray[np.generic]:
    return np.where(values > np.quantile(values, 0.98), 3 * values, values)


def _swap(_rng: Rng, values: NDArray[np.generic]) -> NDArray[np.generic]:
    """The most frequent category is called what the third was called, and the other way round."""
    names, counts = np.unique(values, return_counts=True)
    first, third = names[np.argsort(-counts)][[0, 2]]
    return np.where(values == first, third, np.where(values == third, first, values))


def _broken_correlation(rng: Rng, columns: Columns) -> list[str]:
    columns["measure_1"] = rng.permutation(columns["measure_1"])
    return ["measure_0", "measure_1"]


SHIFTED = PLAIN[3:]
SCENARIOS = (
    Scenario("quiet", _nothing, (200, 1000, 5000, 50_000), AT_MOST_1),
    Scenario("shift of 0.3 sd", _on(SHIFTED, _shift(0.3)), (1000,), MOST, "shift"),
    Scenario("unit error x100", _on(POSITIVE, lambda _, v: 100 * v), (1000,), NEARLY_ALL, "scale_x100"),
    Scenario("sign flip", _on(POSITIVE, lambda _, v: -v), (1000,), NEARLY_ALL, "sign_flip"),
    Scenario("stuck value", _on(SHIFTED, _stuck), (1000,), NEARLY_ALL, "stuck"),
    Scenario(
        "sentinel burst of 5 %",
        _on(POSITIVE, lambda r, v: _some(r, v, 0.05, -999.0)),
        (1000,),
        NEARLY_ALL,
        "sentinel_burst",
    ),
    Scenario(
        "zero burst of 5 %", _on(POSITIVE, lambda r, v: _some(r, v, 0.05, 0.0)), (1000,), NEARLY_ALL, "zero_burst"
    ),
    Scenario(
        "new category of 3 %",
        _on(list(LEVELS), lambda r, v: _some(r, v, 0.03, "new")),
        (1000,),
        NEARLY_ALL,
        "new_category",
    ),
    Scenario(
        "null burst of 5 points",
        _on(POSITIVE, lambda r, v: _some(r, v, 0.05, np.nan)),
        (1000,),
        NEARLY_ALL,
        "null_burst",
    ),
    Scenario("category swap", _on(["product", "region", "merchant"], _swap), (1000,), "", "swapped_categories"),
    Scenario("spread x1.5, same mean", _on(SHIFTED, _spread), (1000,), "", "spread"),
    Scenario("top 2 % tripled", _on(AMOUNTS, _longer_tail), (5000,), MOST),
    Scenario("correlation 0.8 to 0", _broken_correlation, (5000,), MOST),
    Scenario("immaterial shift of 0.02 sd", _on(SHIFTED, _shift(0.02)), (50_000,), AT_MOST_1),
)


def drift_experiments() -> list[Experiment]:
    """Every scenario at every size it is asked for."""
    return [_experiment(number, scenario, n) for number, scenario in enumerate(SCENARIOS) for n in scenario.sizes]


def _experiment(number: int, scenario: Scenario, n: int) -> Experiment:
    def window(i: int) -> tuple[pa.Table, list[str]]:
        rng = np.random.default_rng((number, n, i))
        columns = requests(rng, n)
        changed = scenario.change(rng, columns)
        return as_table(columns), changed

    return Experiment(scenario.name, n, scenario.wanted, "requests", _reference, window, scenario.cause)


def _reference() -> pa.Table:
    return as_table(requests(np.random.default_rng(1), N_REFERENCE))
