"""How often a drift gets its right name, and how often a wrong one.

    python benchmarks/drift_kinds.py [--repeats 100] [--rows 300 1000 5000]

Windows of known kind (benchmarks/drift_kind_cases.py), seeded, each against a fresh reference of twice as many rows.
Printed for each number of rows: the share named rightly, the share called undetermined, and the share named wrongly.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from drift_kind_cases import WORLDS, draw, named


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--rows", type=int, nargs="+", default=[300, 1_000, 5_000])
    options = parser.parse_args()
    for n in options.rows:
        started = time.perf_counter()
        print(f"\nn = {n:,}\n{'truth':<18} {'right':>7} {'undetermined':>13} {'wrong':>7}  said instead")
        for kind in WORLDS:
            rng = np.random.default_rng(20_261_126)
            said = Counter(named(draw(2 * n, rng), draw(n, rng, kind)) for _ in range(options.repeats))
            report(kind, said)
        print(f"{time.perf_counter() - started:.0f} s")


def report(kind: str, said: Counter[str]) -> None:
    """One line."""
    total = said.total()
    wrong = {name: count for name, count in said.items() if name not in (kind, "undetermined")}
    print(
        f"{kind:<18} {said[kind] / total:>7.1%} {said['undetermined'] / total:>13.1%} "
        f"{sum(wrong.values()) / total:>7.1%}  {wrong or ''}",
        flush=True,
    )


if __name__ == "__main__":
    main()
