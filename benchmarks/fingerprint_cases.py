"""Seeded changes of known cause: every cause on every kind of distribution that it can happen to, and none at all."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Random = np.random.Generator
Column = pa.ChunkedArray

DAY = np.array([2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 11, 12, 11, 10, 9, 9, 10, 12, 12, 10, 7, 5, 3], dtype=np.float64)


@dataclass(frozen=True)
class Case:
    """One change to recognise.

    Attributes:
        base: kind of distribution; truth: the injected cause, or ``quiet`` or ``mixture``.
        right: words that name it; any word outside `allowed` is a false claim.
    """

    base: str
    truth: str
    right: frozenset[str]
    reference: Column
    current: Column


def bimodal(rng: Random, n: int, low: float = 0.6) -> Floats:
    """Two groups of customers."""
    return np.where(rng.random(n) < low, rng.normal(10, 2, n), rng.normal(30, 3, n))


def zero_inflated(rng: Random, n: int, factor: float = 1.0) -> Floats:
    """Six in ten are zero."""
    return np.where(rng.random(n) < 0.6, 0.0, factor * rng.lognormal(2, 1, n))


def prices(rng: Random, n: int) -> Floats:
    """Cents, a third of them ending in .99."""
    exact = rng.lognormal(3, 0.8, n)
    return np.where(rng.random(n) < 0.33, np.floor(exact) + 0.99, np.round(exact, 2))


BASES: dict[str, Callable[[Random, int], Floats]] = {
    "normal": lambda rng, n: rng.normal(20, 5, n),
    "centred": lambda rng, n: rng.normal(0, 1, n),
    "lognormal": lambda rng, n: rng.lognormal(3, 1, n),
    "counts": lambda rng, n: rng.poisson(4, n).astype(np.float64),
    "bimodal": bimodal,
    "zero_inflated": zero_inflated,
    "hour": lambda rng, n: rng.choice(24, n, p=DAY / DAY.sum()).astype(np.float64),
    "bounded": lambda rng, n: rng.beta(2, 5, n),
    "prices": prices,
}

SHIFTED: dict[str, Callable[[Random, int], Floats]] = {
    "normal": lambda rng, n: rng.normal(22.5, 5, n),
    "centred": lambda rng, n: rng.normal(-0.5, 1, n),
    "lognormal": lambda rng, n: 1.4 * rng.lognormal(3, 1, n),
    "counts": lambda rng, n: rng.poisson(5.2, n).astype(np.float64),
    "zero_inflated": lambda rng, n: zero_inflated(rng, n, 2.0),
    "bounded": lambda rng, n: rng.beta(2.8, 5, n),
    "prices": lambda rng, n: np.round(1.3 * prices(rng, n), 2),
}

SPREAD: dict[str, Callable[[Random, int], Floats]] = {
    "normal": lambda rng, n: rng.normal(20, 5 * rng.choice([0.6, 1.6]), n),
    "centred": lambda rng, n: rng.normal(0, rng.choice([0.6, 1.6]), n),
    "lognormal": lambda rng, n: rng.lognormal(3, rng.choice([0.6, 1.6]), n),
    "bounded": lambda rng, n: rng.beta(*((1, 2.5) if rng.random() < 0.5 else (5, 12)), n),
}

# Populations that changed their make-up: nothing was done to the values, so no specific word is right.
MIXTURES: dict[str, list[Callable[[Random, int], Floats]]] = {
    "normal": [
        lambda rng, n: np.where(rng.random(n) < 0.2, rng.normal(32, 3, n), rng.normal(20, 5, n)),
        lambda rng, n: np.where(rng.random(n) < 0.3, rng.normal(12, 1.5, n), rng.normal(20, 5, n)),
        lambda rng, n: rng.normal(20, 5, n) + rng.gamma(1, 4, n),
    ],
    "centred": [
        lambda rng, n: np.where(rng.random(n) < 0.2, rng.normal(3, 1, n), rng.normal(0, 1, n)),
        lambda rng, n: rng.standard_t(2, n),
        lambda rng, n: rng.uniform(-2.2, 2.2, n),
    ],
    "lognormal": [
        lambda rng, n: np.where(rng.random(n) < 0.02, 3.0, 1.0) * rng.lognormal(3, 1, n),
        lambda rng, n: np.where(rng.random(n) < 0.3, rng.lognormal(1, 0.5, n), rng.lognormal(3, 1, n)),
        lambda rng, n: rng.gamma(2, 15, n),
    ],
    "counts": [
        lambda rng, n: rng.negative_binomial(2, 1 / 3, n).astype(np.float64),
        lambda rng, n: np.where(rng.random(n) < 0.25, rng.poisson(12, n), rng.poisson(4, n)).astype(np.float64),
    ],
    "bimodal": [lambda rng, n: bimodal(rng, n, 0.8), lambda rng, n: bimodal(rng, n, 0.3)],
    "zero_inflated": [
        lambda rng, n: np.where(rng.random(n) < 0.45, 0.0, rng.lognormal(2, 1, n)),
        lambda rng, n: np.where(rng.random(n) < 0.6, 0.0, rng.lognormal(2.5, 0.5, n)),
    ],
    "hour": [
        lambda rng, n: np.where(rng.random(n) < 0.3, rng.integers(0, 6, n), BASES["hour"](rng, n)),
        lambda rng, n: np.floor(rng.uniform(0, 24, n)),
    ],
    "bounded": [
        lambda rng, n: rng.beta(0.8, 1.2, n),
        lambda rng, n: np.where(rng.random(n) < 0.25, rng.beta(12, 2, n), rng.beta(2, 5, n)),
    ],
    "prices": [
        lambda rng, n: np.where(rng.random(n) < 0.3, np.round(rng.lognormal(4.5, 0.3, n), 2), prices(rng, n)),
        lambda rng, n: np.round(rng.lognormal(3, 0.8, n)),
    ],
}

CATEGORIES: dict[str, Floats] = {
    "three levels": np.array([0.6, 0.3, 0.1]),
    "eight levels": 0.75 ** np.arange(8),
    "thirty levels": 1 / np.arange(1, 31),
    "flag": np.array([0.9, 0.1]),
}


def numeric_cases(n_reference: int, n: int, seed: int) -> Iterator[Case]:
    """Every cause once on every base."""
    for base, draw in BASES.items():
        rng = np.random.default_rng([seed, len(base), n])
        reference = draw(rng, n_reference)
        held = numbers(reference)
        for truth, values in [*to_all(rng, base, reference, n), *to_some(rng, base, reference, n)]:
            yield Case(base, truth, frozenset({truth}), held, numbers(values))
        yield Case(base, "quiet", frozenset({"unknown"}), held, numbers(draw(rng, n)))
        for other in MIXTURES[base]:
            yield Case(base, "mixture", frozenset({"unknown", "shift", "spread"}), held, numbers(other(rng, n)))


def to_all(rng: Random, base: str, reference: Floats, n: int) -> Iterator[tuple[str, Floats]]:
    """Changes of every value, and populations that moved as a whole."""
    draw = BASES[base]
    for k in (1, 2, 3):
        yield f"scale_x{10**k}", draw(rng, n) * 10.0**k
        yield f"scale_div{10**k}", draw(rng, n) / 10.0**k
    by = rng.choice([-1, 1]) * rng.uniform(2, 8) * reference.std()
    is_whole = base in ("counts", "hour") or rng.random() < 0.5
    yield "offset", draw(rng, n) + ((round(by) or 1) if is_whole else by)
    if base != "centred":
        yield "sign_flip", -draw(rng, n)
    if base == "hour":
        yield "hour_shift", (draw(rng, n) + rng.integers(1, 24)) % 24
    if base in SHIFTED:
        yield "shift", SHIFTED[base](rng, n)
    if base in SPREAD:
        yield "spread", SPREAD[base](rng, n)


def to_some(rng: Random, base: str, reference: Floats, n: int) -> Iterator[tuple[str, Floats]]:
    """Changes of some values: replaced, lost, or cut off."""
    draw = BASES[base]
    moving = rng.choice([0.0, 0.3])  # the sensor was stuck all day, or from a third of it on
    yield "stuck", np.where(np.arange(n) < n * moving, draw(rng, n), reference[reference > 0][0])
    filler = float(rng.choice([-1, -999, 99, 9999, 1e6]))
    yield "sentinel_burst", np.where(rng.random(n) < rng.uniform(0.03, 0.15), filler, draw(rng, n))
    if base != "zero_inflated":
        yield "zero_burst", np.where(rng.random(n) < rng.uniform(0.04, 0.15), 0.0, draw(rng, n))
    yield "null_burst", np.where(rng.random(n) < rng.uniform(0.05, 0.2), np.nan, draw(rng, n))
    yield "clipped", clip(rng, reference, draw(rng, n))


def categorical_cases(n_reference: int, n: int, seed: int) -> Iterator[Case]:
    """Every cause once on every set of categories."""
    for base, weights in CATEGORIES.items():
        rng, p = np.random.default_rng([seed, len(weights), n]), weights / weights.sum()
        names = np.array([f"Level {chr(97 + i % 26)}{i}" for i in range(len(p))], dtype=object)
        held = words(names[rng.choice(len(p), n_reference, p=p)])

        def case(
            truth: str, labels: NDArray[np.object_], shares: Floats, base: str = base, held: Column = held
        ) -> Case:
            drawn = labels[np.random.default_rng([seed, len(truth), n]).choice(len(labels), n, p=shares)]
            return Case(base, truth, frozenset({truth}), held, words(drawn))

        new = rng.uniform(0.03, 0.1)
        yield case("new_category", np.append(names, "Other thing"), np.append(p * (1 - new), new))
        renamed = int(rng.integers(0, min(len(p), 5)))
        yield case("renamed_category", np.where(np.arange(len(p)) == renamed, "Something else", names), p)
        yield case("recased_category", np.array([name.upper().replace(" ", "_") for name in names], dtype=object), p)
        order = np.arange(len(p))
        a, b = (0, 1) if len(p) < 4 else (0, int(rng.integers(3, 5)))
        order[[a, b]] = order[[b, a]]
        yield case("swapped_categories", names, p[order])
        yield case("null_burst", np.append(names, None), np.append(p * 0.9, 0.1))
        yield case("stuck", names, np.eye(len(p))[1])
        yield Case(base, "quiet", frozenset({"unknown"}), held, words(names[rng.choice(len(p), n, p=p)]))
        mixed = rng.dirichlet(30 * p + 0.5)
        mixture = words(names[rng.choice(len(p), n, p=mixed)])
        yield Case(base, "mixture", frozenset({"unknown", "shift"}), held, mixture)


def clip(rng: Random, reference: Floats, values: Floats) -> Floats:
    """Cut off above or below a quantile that leaves something to cut."""
    high, low = np.quantile(reference, [rng.uniform(0.8, 0.96), rng.uniform(0.04, 0.2)], method="nearest")
    if rng.random() < 0.5 or low <= reference.min():
        return np.minimum(values, high)
    return np.maximum(values, low)


def numbers(values: Floats) -> Column:
    """A float64 column with NaN as null."""
    return pa.chunked_array([pa.array(np.asarray(values, dtype=np.float64), pa.float64(), mask=np.isnan(values))])


def words(values: NDArray[np.object_]) -> Column:
    """A string column."""
    return pa.chunked_array([pa.array(values, pa.string())])
