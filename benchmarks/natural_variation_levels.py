"""How often tests at 1 % are significant in windows that vary as those of their reference do, by simulation.

    python benchmarks/natural_variation_levels.py [--histories 2000]

Windows of 1,000 requests in ten bins: independent requests, shares that vary everywhere (Dirichlet), or all together
one way (as a weekday or a campaign moves them). Each history is k windows of reference and one more window. Seeded.
"""

import argparse
from collections.abc import Callable

import numpy as np

from modelwatch.calibration import significance
from modelwatch.calibration.spread import spread_between
from modelwatch.calibration.variation import Variation

SIZE, BINS, LEVEL = 1_000, 10, 0.01
Shares = Callable[[np.random.Generator], np.ndarray]


def even(_: np.random.Generator) -> np.ndarray:
    """No variation."""
    return np.full(BINS, 1 / BINS)


def everywhere(tau2: float) -> Shares:
    """Every share by itself: variance p (1 - p) tau2."""
    return lambda rng: rng.dirichlet(np.full(BINS, (1 / tau2 - 1) / BINS))


def one_way(amount: float) -> Shares:
    """All shares tilted to one side by a normal amount."""

    def shares(rng: np.random.Generator) -> np.ndarray:
        tilted = np.exp(amount * rng.normal() * np.linspace(-1.5, 1.5, BINS))
        return tilted / tilted.sum()

    return shares


KINDS = {
    "independent requests": even,
    "everywhere, tau2 = 0.001": everywhere(0.001),
    "everywhere, tau2 = 0.01": everywhere(0.01),
    "one way, 0.05": one_way(0.05),
    "one way, 0.1": one_way(0.1),
    "one way, 0.3": one_way(0.3),
}


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=int, default=2_000)
    histories = parser.parse_args().histories
    print("| windows vary | reference windows | PSI without | PSI with | KS without | KS with | median m_eff |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for name, shares in KINDS.items():
        for k in (7, 14, 30):
            rng = np.random.default_rng(k)
            found = np.array([history(rng, shares, k) for _ in range(histories)])
            rates = " | ".join(f"{100 * share:.1f} %" for share in (found[:, :4] < LEVEL).mean(axis=0))
            print(f"| {name} | {k} | {rates} | {np.median(found[:, 4]):.0f} |", flush=True)


def history(rng: np.random.Generator, shares: Shares, k: int) -> list[float]:
    """The p-values of one quiet window without and with variation, and its effective size."""
    windows = [rng.multinomial(SIZE, shares(rng)) for _ in range(k)]
    reference, current = np.sum(windows, axis=0), rng.multinomial(SIZE, shares(rng))
    spread = spread_between(windows, ordered=True)
    sizes = Variation(distribution=spread, reference_windows=k).sizes(k * SIZE, SIZE)
    d = float(np.abs(np.cumsum(reference / reference.sum() - current / current.sum())).max())
    return [
        significance.psi_p_value(reference, current),
        significance.psi_p_value(reference, current, sizes),
        significance.ks_p_value(d, k * SIZE, SIZE),
        significance.ks_p_value(d, sizes.n, sizes.m),
        sizes.m,
    ]


if __name__ == "__main__":
    main()
