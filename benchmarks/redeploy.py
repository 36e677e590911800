"""How right the verdict on a new version is: an identical one, and one for each way to go wrong, many times.

python benchmarks/redeploy.py [--repeats 50] [--budget 2000]

Prints a table for docs/redeploy.md. Each repeat draws other stored requests; the budget is that of one comparison.
"""

import argparse
from collections import Counter

from benchmarks.redeploy_cases import NAMED, compared, is_named
from statsmodels.stats.proportion import proportion_confint


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=50)
    parser.add_argument("--budget", type=int, default=2_000)
    options = parser.parse_args()
    print(f"| version | right of {options.repeats}, with {options.budget:,} requests each | verdicts |\n|---|---|---|")
    for version in NAMED:
        found = [compared(version, seed=seed, budget=options.budget) for seed in range(options.repeats)]
        right = sum(is_named(one, version) for one in found)
        low, high = proportion_confint(right, options.repeats, method="wilson")
        verdicts = ", ".join(f"{name} {n}" for name, n in Counter(one.verdict for one in found).most_common())
        share = f"{100 * right / options.repeats:.0f} % ({100 * low:.0f} to {100 * high:.0f})"
        print(f"| {version} | {share} | {verdicts} |", flush=True)


if __name__ == "__main__":
    main()
